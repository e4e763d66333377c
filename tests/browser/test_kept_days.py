"""Free days that were computed ahead are there at once, and only the others are studied."""

from __future__ import annotations

from datetime import date, timedelta

from playwright.sync_api import expect

from moms.desk.calendar import keep_day
from moms.store.calendar import PostgresDays
from tests.browser.asks import Caller
from tests.browser.conftest import NOW, as_served

FIRST = date(2027, 2, 20)


def a_free_one(site):
    """Give a branch that is free on all days that are kept: what needs a study would be studied too."""
    with Caller(site.base, "ann") as caller:
        asked = {"asset": [f"branch:{k}" for k in range(1, 21)], "from": "2027-02-20", "to": "2027-02-23"}
        rows = caller.client.get("/calendar", params=asked).json()["rows"]
    assert {len(row["days"]) for row in rows} == {3}
    return next(row["asset"] for row in rows if {cell["state"] for cell in row["days"]} == {"free"})


def test_days_computed_ahead_are_there_at_once_and_the_rest_is_studied(site, place, served):
    world = as_served(served)
    for k in range(3):
        keep_day(book=place.book, world=world, kept=PostgresDays(place.engine), now=NOW, day=FIRST + timedelta(days=k))
    asset = a_free_one(site)
    page = site.as_("ann", f"/windows?asset={asset}&from=2027-02-20&span=4")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url.partition("/api/v1")[2]))
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("button", name="Look", exact=True)).to_be_enabled()
    page.get_by_role("button", name="As a table").click()
    rows = page.get_by_role("region", name="Table of start days").get_by_role("row")
    expect(rows).to_have_count(5)
    expect(page.get_by_text("not looked at")).to_have_count(0)
    studied = [way for way in asked if way.startswith("/windows")]
    assert len(studied) == 1
    assert "from=2027-02-23" in studied[0]
    rows.nth(1).get_by_role("button").click()
    expect(page.get_by_role("region", name="The chosen day")).to_contain_text("Computed ahead")
    rows.nth(4).get_by_role("button").click()
    expect(page.get_by_role("region", name="The chosen day")).not_to_contain_text("Computed ahead")
