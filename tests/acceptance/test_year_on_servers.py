"""The year of one pair on real servers is the year on disk: mail for mail, session for session, word for word."""

from datetime import date
from pathlib import Path

import pytest
from sameyear import BEGIN, PAIR, OnDisk, play, year
from servers import cyrus
from town import ByMail, InTown, OnCyrus, OnRadicale, Town

MAILS = """
Thu 2027-01-07 09:00 prepare maya: Tuesday with Amara
Fri 2027-01-08 09:00 prompt amara: Before we talk on Tuesday
Tue 2027-01-12 11:00 summary maya: After your talk with Amara
Wed 2027-01-13 11:00 summary-nudge maya: After your talk with Amara
Wed 2027-01-13 13:00 contract amara: From your talk with Maya
Wed 2027-01-13 14:00 contract maya: Re: After your talk with Amara
Tue 2027-01-26 09:00 due-soon maya: Coming up on Friday
Fri 2027-01-29 09:00 due maya: Today, from your talk with Amara
Tue 2027-02-09 09:00 due-soon amara: Coming up on Friday
Fri 2027-02-12 09:00 review maya: Twenty minutes with Amara
Tue 2027-02-23 09:00 due-soon maya: Coming up on Friday
Fri 2027-02-26 09:00 due maya: Today, from your talk with Amara
Fri 2027-03-05 09:00 overdue maya: From your talk with Amara
Fri 2027-03-12 09:00 review maya: Twenty minutes with Amara
Tue 2027-03-23 09:00 due-soon amara: Coming up on Monday
Thu 2027-03-25 09:00 due amara: Monday, from your talk with Maya
Thu 2027-03-25 14:00 answer amara: Re: Monday, from your talk with Maya
Thu 2027-03-25 15:00 told maya: What Amara has changed
Thu 2027-04-08 09:00 prepare maya: Tuesday with Amara
Fri 2027-04-09 09:00 prompt amara: Before we talk on Tuesday
Tue 2027-04-13 11:00 summary maya: After your talk with Amara
Tue 2027-04-13 14:00 contract amara: From your talk with Maya
Tue 2027-04-13 15:00 contract maya: Re: After your talk with Amara
Tue 2027-04-27 09:00 due-soon amara: Coming up on Friday
Fri 2027-04-30 09:00 due amara: Today, from your talk with Maya
Thu 2027-05-13 09:00 review maya: Twenty minutes with Amara
Wed 2027-05-19 09:00 due-soon maya: Coming up on Monday
Mon 2027-05-24 09:00 due maya: Today, from your talk with Amara
Mon 2027-05-24 11:00 told amara: What Maya has changed
Fri 2027-06-11 09:00 review maya: Twenty minutes with Amara
Tue 2027-06-22 09:00 due-soon amara: Coming up on Friday
Thu 2027-07-01 09:00 prepare maya: Tuesday with Amara
Fri 2027-07-02 09:00 prompt amara: Before we talk on Tuesday
Tue 2027-07-06 15:00 summary maya: After your talk with Amara
Wed 2027-07-07 15:00 summary-nudge maya: After your talk with Amara
Thu 2027-07-08 09:30 contract maya: Re: After your talk with Amara
Thu 2027-07-08 09:00 contract amara: From your talk with Maya
Tue 2027-07-27 09:00 due-soon maya: Coming up on Friday
Fri 2027-07-30 09:00 due maya: Today, from your talk with Amara
Fri 2027-08-06 09:00 review maya: Twenty minutes with Amara
Tue 2027-08-24 09:00 due-soon amara: Coming up on Friday
Fri 2027-08-27 09:00 due amara: Today, from your talk with Maya
Tue 2027-10-05 12:00 displaced maya: Your talk with Amara
Fri 2027-10-08 09:00 prepare maya: Wednesday with Amara
Fri 2027-10-08 09:00 prompt amara: Before we talk on Wednesday
Wed 2027-10-13 11:00 summary maya: After your talk with Amara
Thu 2027-10-14 11:00 summary-nudge maya: After your talk with Amara
Fri 2027-10-15 11:00 summary-overdue maya: Still open: your talk with Amara
Mon 2027-10-18 09:00 summary-overdue maya: Your talk with Amara
Tue 2027-10-19 09:00 summary-overdue maya: A last word on your talk with Amara
Wed 2028-01-05 09:00 prepare maya: Tuesday with Amara
Fri 2028-01-07 09:00 prompt amara: Before we talk on Tuesday
"""
SESSIONS = [
    "Tue 2027-01-12 10:00",
    "Tue 2027-04-13 10:00",
    "Tue 2027-07-06 14:00",  # moved by hand
    "Wed 2027-10-13 10:00",  # booked for the Tuesday that was declined
    "Tue 2028-01-11 10:00",
    "Tue 2028-04-11 10:00",
]
SHOWN = ["12 Jan 09:00", "13 Apr 08:00", "06 Jul 12:00", "13 Oct 08:00"]  # in people's own programs, UTC
INVITATIONS = {
    ByMail: """
Mon 2027-01-04 07:00 invitation amara
Mon 2027-01-04 08:00 invitation maya
Wed 2027-01-13 14:00 invitation maya
Wed 2027-01-13 14:00 invitation maya
Fri 2027-01-29 12:00 invitation maya
Tue 2027-04-13 15:00 invitation maya
Mon 2027-05-24 12:00 invitation maya
Mon 2027-06-14 11:00 invitation amara
Mon 2027-06-14 12:00 invitation maya
Thu 2027-07-08 09:30 invitation maya
Fri 2027-07-30 12:00 invitation maya
Tue 2027-10-05 11:00 invitation amara
Tue 2027-10-05 12:00 invitation maya
Tue 2027-10-05 12:00 invitation maya
""",  # her own commitments are in Maya's calendar too
    OnRadicale: """
Mon 2027-01-04 07:00 invitation amara
Mon 2027-06-14 11:00 invitation amara
Tue 2027-10-05 11:00 invitation amara
""",
    OnCyrus: "",
}


def test_the_year_has_these_mails_and_these_sessions(on_disk: OnDisk):
    found = year(on_disk)
    assert found["mails"] == MAILS.strip().splitlines()
    assert found["sessions"] == SESSIONS
    assert found["shown"] == [SHOWN, SHOWN]
    assert found["reminders"] == [date(2027, 2, 26)]  # the others were settled by their date
    assert [(c.version, len(c.commitments)) for c in found["contracts"]] == [(1, 4), (2, 3), (3, 2)]
    assert (found["skipped"], found["troubles"]) == ({}, [])


@pytest.mark.parametrize("kind", [ByMail, OnRadicale, OnCyrus])
def test_the_same_year_is_played_on_servers(kind: type[InTown], town: Town, on_disk: OnDisk, tmp_path: Path):
    """Mail for mail and word for word; but each change of a session is mailed, once, where no server tells it."""
    if kind is OnCyrus and cyrus.ABSENT:
        pytest.skip(cyrus.ABSENT)
    with kind(tmp_path, BEGIN, PAIR, town=town) as world:
        play(world)
        assert [mail for mail in world.mails if mail.kind != "invitation"] == on_disk.mails
        assert world.briefs("invitation") == INVITATIONS[kind].strip().splitlines()
        assert year(world) == year(on_disk)
