"""Calendars kept on disk, and the copies of one event brought together: what several providers stand on."""
