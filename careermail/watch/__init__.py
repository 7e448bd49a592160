"""What careermail tells those who watch over it from outside: monitors, metrics, and whoever misses its ping."""
