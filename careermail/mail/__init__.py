"""What is said and understood: pure functions between messages, calendars' text and our model."""
