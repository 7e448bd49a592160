"""The check of what is sent to Graph finds what Graph would refuse."""

import pytest
from fakes.graph.schema import flaws, needs_schema


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
