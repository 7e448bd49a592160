"""The check of what is sent to Graph finds what Graph would refuse."""

from typing import Any

import pytest
from fakes.graph.schema import flaws, needs_schema
from graph_office import Office
from provider_suite import MAYA, SERIES

from careermail.providers.microsoft.event import made
from careermail.providers.microsoft.failures import GraphError


@needs_schema
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("event", {"subject": "Jonas and Maya", "sensitivity": "private", "@odata.etag": "x"}),
        ("event", {"recurrence": {"pattern": {"type": "relativeMonthly", "interval": 3}}}),
        ("message", {"toRecipients": [{"emailAddress": {"address": "jonas@example.com"}}]}),
        ("graph.event.cancel", {"Comment": "Moved"}),
    ],
)
def test_what_graph_has_is_fine(kind: str, body: object):
    assert flaws(kind, body) == []


@needs_schema
@pytest.mark.parametrize(
    ("kind", "body", "wrong"),
    [
        ("event", {"summary": "Jonas and Maya"}, "'summary' does not match"),
        ("event", {"body": {"contentType": "text", "text": "An hour"}}, "$.body"),
        ("event", {"recurrence": {"pattern": {"type": "monthly"}}}, "$.recurrence"),
        ("message", {"toRecipients": ["jonas@example.com"]}, "$.toRecipients[0]"),
        ("graph.event.cancel", {"Reason": "Moved"}, "'Reason' does not match"),
    ],
)
def test_what_graph_lacks_is_found(kind: str, body: object, wrong: str):
    assert wrong in "\n".join(flaws(kind, body))


WEEKLY = {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]}


def recurring(**pattern: Any) -> dict[str, Any]:
    return {"recurrence": {"pattern": pattern, "range": {"type": "noEnd", "startDate": "2027-01-12"}}}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (recurring(**WEEKLY), "ErrorPropertyValidationFailure"),  # which day does a week begin with?
        (recurring(**WEEKLY, firstDayOfWeek="monday", dayOfMonth=12), "ErrorPropertyValidationFailure"),
        (recurring(type="absoluteMonthly", interval=3, dayOfMonth=13), "ErrorPropertyValidationFailure"),
        ({"start": {"dateTime": "2027-01-12T10:00:00", "timeZone": "Stockholm"}}, "TimeZoneNotSupportedException"),
        ({"isAllDay": True}, "ErrorInvalidRequest"),
        ({"iCalUId": "c0ffee"}, "ErrorInvalidPropertySet"),
    ],
)
def test_what_graph_would_refuse_the_fake_refuses(wrong: dict[str, Any], code: str):
    with Office() as office, pytest.raises(GraphError) as told:
        office.graph.post(MAYA.email, "calendar/events", {**made(SERIES), **wrong})
    assert told.value.code == code


def test_what_is_no_event_to_graph_is_none_to_the_fake():
    with Office() as office:
        office.graph.post(MAYA.email, "calendar/events", made(SERIES))
        unknown = {**made(SERIES), "summary": "Jonas and Maya"}
        with pytest.raises(GraphError):
            office.graph.post(MAYA.email, "calendar/events", unknown)
