"""The daily self-check: whether every login still works, and for how long."""
