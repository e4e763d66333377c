"""Free days that were computed ahead are there at once, and only the others are studied."""

from __future__ import annotations

from datetime import date, timedelta

from playwright.sync_api import expect

from moms.desk.calendar import keep_day
from moms.store.calendar import PostgresDays
from tests.browser.conftest import NOW, as_served

FIRST = date(2027, 2, 20)


def test_days_computed_ahead_are_there_at_once_and_the_rest_is_studied(site, place, served):
    world = as_served(served)
    for k in range(3):
        keep_day(book=place.book, world=world, kept=PostgresDays(place.engine), now=NOW, day=FIRST + timedelta(days=k))
    page = site.as_("ann", "/windows?asset=branch:19&from=2027-02-20&span=4")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url.partition("/api/v1")[2]))
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("button", name="Look", exact=True)).to_be_enabled()
    page.get_by_role("button", name="As a table").click()
    rows = page.get_by_role("region", name="Table of start days").get_by_role("row")
    expect(rows).to_have_count(5)
    expect(page.get_by_text("not looked at")).to_have_count(0)
    kept = page.request.get(f"{site.base}/api/v1/calendar?asset=branch:19&from=2027-02-20&to=2027-02-23").json()
    states = [cell["state"] for cell in kept["rows"][0]["days"]]
    assert len(states) == 3
    assert "needs a study" not in states, "else it would be studied too"
    studied = [way for way in asked if way.startswith("/windows")]
    assert len(studied) == 1
    assert "from=2027-02-23" in studied[0]
    rows.nth(1).get_by_role("button").click()
    expect(page.get_by_role("region", name="The chosen day")).to_contain_text("Computed ahead")
    rows.nth(4).get_by_role("button").click()
    expect(page.get_by_role("region", name="The chosen day")).not_to_contain_text("Computed ahead")
