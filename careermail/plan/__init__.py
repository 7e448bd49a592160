"""What should happen, and when: pure functions of config, facts and a moment."""
