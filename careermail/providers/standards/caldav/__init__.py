"""A manager's calendar on any CalDAV server: RFC 4791, and RFC 6638 where the server invites by itself.

HTTP and XML are done here with the standard library alone: the `caldav` package logs whole events to the root logger,
takes no TLS context of ours, renames hrefs, and reads the clock and ~/.netrc.
"""

from careermail.providers.standards.caldav.calendar import CalDavCalendar

__all__ = ["CalDavCalendar"]
