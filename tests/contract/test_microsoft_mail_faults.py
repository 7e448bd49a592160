"""Whatever breaks between us and Graph, and wherever we are killed: each mail leaves once, each answer is shown."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dying import KILLED, attempt, killed, passing
from fakes.graph.schema import error
from fakes.web import Answer
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger import utc
from provider_suite import JONAS, MAYA
from tenants import Tenant, tenant
from test_microsoft_mail import ROOT, letter, mail, subjects

from careermail.clock import VirtualClock
from careermail.errors import ProviderError

STEPS = [r"POST .*/messages$", "createReply", "PATCH", r"POST .*/send$", r"GET .*/messages", "oauth2/v2.0/token"]
BUSY = Answer(429, error("ApplicationThrottled", "busy"), {"Retry-After": "2"})
DOWN = Answer(503, error("serviceNotAvailable", "down"))
BROKEN = st.tuples(st.sampled_from(STEPS), st.sampled_from(["before", "after", "busy", "down"]))


@contextmanager
def trouble(made: Tenant, what: tuple[Any, ...]) -> Iterator[None]:
    """A request fails, or we are killed."""
    if what[0] == "killed":
        with killed(*what[1:]):
            yield
    else:
        step, how = what
        answers = {"busy": BUSY, "down": DOWN}
        made.web.fail(step, answers.get(how), after=how == "after", times=3 if how in answers else 1)
        yield
        made.web.calm()


def again(made: Tenant, name: str) -> bool:
    """An attempt in a process of its own."""
    made.clock.wait(made.clock.now() + timedelta(minutes=1))
    return attempt(made.provider().outbox, mail(name, In_Reply_To=ROOT))


@settings(max_examples=25)
@given(st.lists(st.one_of(BROKEN, KILLED), max_size=8))
def test_each_mail_leaves_once(troubles: list[tuple[Any, ...]]):
    names = ["<one@x>", "<two@x>"]
    with TemporaryDirectory() as root, tenant(Path(root), VirtualClock(utc(2027, 1, 12, 9))) as made:
        for what in troubles:
            with trouble(made, what):
                done = again(made, names[0])
            names = names[1:] if done and len(names) > 1 else names
        for name in names:
            assert again(made, name)
            assert again(made, name)
        assert [str(one["X-Careermail-Key"]) for one in made.received(JONAS)] == ["0ff1ce"] * 2
        assert {one["Subject"] for one in made.received(JONAS)} == {"Shadow the on-call rota"}
        one, two = made.mail.boxes[MAYA.email].within("sentitems")
        assert one.conversation == two.conversation
        assert [*made.mail.boxes[MAYA.email].within("drafts")] == []


@settings(max_examples=15)
@given(
    st.lists(
        st.one_of(
            st.just("arrives"),
            st.tuples(
                st.sampled_from(["delta", r"\$value", "oauth2"]), st.sampled_from(["before", "after", "busy", "down"])
            ),
            st.sampled_from(["forgotten", "read"]),
        ),
        max_size=12,
    )
)
def test_each_answer_is_shown_once(events: list[Any]):
    with TemporaryDirectory() as root, tenant(Path(root), VirtualClock(utc(2027, 1, 12, 9))) as made:
        cursor, shown, came = "", list[str](), 0
        box = made.mail.boxes[MAYA.email]
        for event in [*events, "the end"]:
            made.clock.wait(made.clock.now() + timedelta(minutes=1))
            match event:
                case "arrives":
                    came += 1
                    made.drop(letter("maya+careermail@example.com", f"{came}."))
                    made.drop(letter(MAYA.email, "Lunch?"))
                case "forgotten":
                    made.mail.forget()
                case "read":
                    for message in box.messages:
                        box.changed(message)
                case (step, how):
                    answers = {"busy": BUSY, "down": DOWN}
                    made.web.fail(step, answers.get(how), after=how == "after", times=3)
            try:
                messages, cursor = made.provider().inboxes([MAYA])[MAYA.email].fetch(cursor)
                shown += subjects(messages)
            except ProviderError as failed:
                passing(failed)
            made.web.calm()
        assert shown == [f"{n}." for n in range(1, came + 1)]
        assert "Lunch?" not in made.mail.opened


def test_nothing_heavy_is_loaded_before_somebody_is_asked(tmp_path: Path):
    """Another provider's start costs what it did, and one of this kind loads msal and requests when it needs them."""
    code = """\
import sys
from datetime import UTC, datetime
from careermail.clock import VirtualClock
from careermail.model import Service
from careermail.providers import open_provider
kept = {"certificate": None, "secret": None, "secret_expires": None}
where = {"tenant": "t", "client_id": "c", "authority": "https://login.invalid", "graph": "https://graph.invalid/v1.0"}
open_provider({"kind": "microsoft", "service": Service(), **kept, **where}, VirtualClock(datetime.now(UTC)))
print(sorted({"msal", "requests", "cryptography", "jwt", "urllib3"} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert run.stdout == "[]\n"
