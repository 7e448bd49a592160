"""The year of one pair at each vendor is the year on disk: mail for mail, session for session, word for word."""

from pathlib import Path

import pytest
from on_exchange import Exchange
from on_google import Google
from on_microsoft import Microsoft
from sameyear import AMARA, BEGIN, PAIR, OnDisk, play, year
from vendor import OnVendor, Vendor

TOLD = {
    Google: ["invitation", "update", "cancellation", "invitation"],
    Microsoft: ["request", "update", "cancel", "request"],
    Exchange: ["request", "request", "cancellation", "request"],
}


@pytest.mark.parametrize("vendor", TOLD)
def test_the_same_year_is_played_at_a_vendor(vendor: type[Vendor], on_disk: OnDisk, tmp_path: Path):
    with OnVendor(vendor, tmp_path, BEGIN, PAIR) as world:
        play(world)
        assert year(world) == year(on_disk)
        assert [what for to, what, *_ in world.there.told() if to == AMARA.email] == TOLD[vendor]
        assert not [one for one in world.there.site.web.log if "calendarView/delta" in one.path]
