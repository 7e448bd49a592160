"""Every mail as a browser shows it, on a phone and on a desktop, by day and by night."""

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from careermail.mail.render import render
from careermail.mail.samples import NOW, samples
from careermail.mail.templates import KINDS
from careermail.model import Service

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE, DESKTOP = 375, 1280

FRAME = '<iframe data-mail="{name}" data-width="{width}" width="{width}" height="800" srcdoc="{page}"></iframe>'
MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--dump-dom",
)


def pages() -> dict[str, str]:
    """The HTML part of every kind of mail by name, to its readers: at its richest, merged if it can be, and bare."""
    found = {}
    for kind in KINDS:
        for _, to, topics in samples(kind, "en"):
            page = render(Service(), kind, to, topics, NOW).html
            name = f"{kind} to {to.first_name}, {len(topics)} topics"
            found[name] = max(found.get(name, ""), page, key=len)
        found[f"{kind}, bare"] = page
    return found


@pytest.fixture(scope="module", params=["light", "dark"])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the browser measures of every mail at both widths, each in a frame of its own."""
    folder = tmp_path_factory.mktemp(request.param)
    frames = [
        FRAME.format(name=name, width=width, page=escape(page))
        for name, page in pages().items()
        for width in (PHONE, DESKTOP)
    ]
    album = folder / "album.html"
    album.write_text(f"<!doctype html>{''.join(frames)}<pre></pre><script>{MEASURE}</script>", encoding="utf-8")
    scheme = f"--blink-settings=preferredColorScheme={0 if request.param == 'dark' else 1}"
    command = [str(CHROMIUM), *FLAGS, scheme, f"--user-data-dir={folder / 'profile'}", album.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    measured = json.loads(unescape(re.findall(r"<pre>(.*)</pre>", shown, flags=re.DOTALL)[-1]))
    assert len(measured) == len(frames)
    assert {m["scheme"] for m in measured} == {request.param}
    return measured


pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


def test_nothing_scrolls_sideways(seen: list[dict[str, Any]]) -> None:
    assert [m for m in seen if m["scroll"] > m["width"]] == []


def test_lines_are_short_enough_to_be_read_on_a_desktop(seen: list[dict[str, Any]]) -> None:
    assert max(m["column"] for m in seen) <= 36 * 16


def test_all_text_is_large_enough(seen: list[dict[str, Any]]) -> None:
    assert min(m["smallest"] for m in seen) >= 14


def test_all_text_stands_out_from_its_ground(seen: list[dict[str, Any]]) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1 at least."""
    assert min(m["contrast"] for m in seen) >= 4.5


def test_all_text_is_visible(seen: list[dict[str, Any]]) -> None:
    assert [m for m in seen if m["hidden"]] == []
    assert all(m["texts"] >= (3 if "forward" not in m["mail"] else 1) for m in seen)


def test_a_button_is_large_enough_for_a_thumb_and_apart_from_the_next(seen: list[dict[str, Any]]) -> None:
    """44 pixels each way (WCAG 2.2, 2.5.5), and a few between two."""
    targets = [target for m in seen for target in m["targets"]]
    assert len(targets) > 100
    assert min(min(target["width"], target["height"]) for target in targets) >= 44
    assert min(target["apart"] for target in targets) >= 4


def test_a_button_begins_an_answer_in_the_thread_that_asked(seen: list[dict[str, Any]]) -> None:
    """As the browser takes the link apart, and so hands it on."""
    begun = {tuple(target.values())[3:] for m in seen for target in m["targets"] if m["mail"] == "due, bare"}
    assert begun == {
        (label, "mailto:", "careermail@localhost", "Re: Today, from your talk with Maya", body)
        for label, body in (
            ("Done", "Done"),
            ("Not yet", "Not yet"),
            ("Another date", "Move to "),
            ("No longer worth doing", "Drop: "),
        )
    }


def test_a_form_is_begun_line_by_line(seen: list[dict[str, Any]]) -> None:
    forms = {
        t["body"]
        for m in seen
        for t in m["targets"]
        if (m["mail"], t["label"]) == ("summary, bare", "Fill in the lists")
    }
    (form,) = forms
    assert form.split("\r\n") == [
        *("Jonas's commitments", "- ", ""),
        *("Maya's commitments", "- ", ""),
        *("What we will review", "- ", ""),
        *("The open question", "- "),
    ]


def test_nothing_is_fetched(seen: list[dict[str, Any]]) -> None:
    assert [m for m in seen if m["fetched"]] == []
