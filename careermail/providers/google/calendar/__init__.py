"""The calendars of managers on Google: Google invites, keeps the copies in step and hears of answers by itself."""

from careermail.providers.google.calendar.calendar import GoogleCalendar

__all__ = ["GoogleCalendar"]
