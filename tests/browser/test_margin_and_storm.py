"""The posted margin as a page, and a storm as a layer of the map: pictures with tables that say the same."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from moms.desk.posting import document, keep_posting, post
from moms.desk.storms import keep_storm, newest_storm, risk_of
from moms.values import SYSTEM
from tests.browser.conftest import NOW, as_served
from tests.browser.test_screens import sound
from tests.desk.test_storms import a_storm
from tests.desk.worlds import ENGINEER, START

HOUR = timedelta(hours=1)
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def posted(place, served):
    """Post the margin of some months, and keep a storm."""
    world = as_served(served)
    found = post(book=place.book, world=world, now=NOW, months=2)
    keep_posting(book=place.book, actor=ENGINEER, posting=found)
    keep_storm(book=place.book, actor=ENGINEER, now=NOW, storm=a_storm(hours=6))
    return found


def test_the_margin_page_says_what_was_posted_in_picture_and_table(site, posted, keep_picture):
    page = site.as_("eve", "/margin")
    expect(page.get_by_role("heading", name="Maintenance margin")).to_be_visible()
    kept = document(posted)["places"][0]
    margin, day = kept["margin_mw"], posted.found.day
    least = margin.index(min(margin))
    picture = page.get_by_role("img")
    expect(picture).to_have_attribute("aria-label", re.compile(f"{min(margin):,} MW on {day[least]}"))
    weeks = page.get_by_role("region", name="Table of weeks").get_by_role("row")
    first = [str(day[0]), kept["weeks"][0]["day"], f"{min(margin[:7]):,}", f"{kept['weeks'][0]['p10_mw']:,}"]
    for text in first:
        expect(weeks.nth(1)).to_contain_text(text)
    places = page.get_by_role("region", name="Table of places").get_by_role("row")
    expect(places).to_have_count(1 + len({room.place for room in posted.found.rooms}))
    other = places.nth(2).get_by_role("button")
    name = other.inner_text()
    other.click()
    expect(page.get_by_role("combobox", name="Place")).to_have_value(name)
    assert f"place={name}" in page.url
    assert page.evaluate("document.querySelectorAll('svg path').length") >= 4
    keep_picture(page, "margin")
    sound(page)


def test_the_margin_page_fits_a_phone_and_is_the_operators(site, posted, keep_picture):
    page = site.as_("roy", "/margin", **PHONE)
    page.get_by_role("img").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep_picture(page, "margin-hand")
    sound(page)
    owner = site.as_("ann", "/margin")
    expect(owner.get_by_text("There is no such page")).to_be_visible()
    assert owner.request.get(f"{site.base}/api/v1/margin/posted").status == 403


def test_the_storm_is_on_the_map_hour_by_hour_with_its_table_and_says_it_is_uncalibrated(
    site, posted, place, served, keep_picture
):  # fmt: skip
    at = f"{START - 5 * HOUR:%Y-%m-%dT%H:%M}"  # market time
    page = site.as_("eve", f"/map?at={at}&storm=yes")
    page.locator("canvas[data-redraws]").wait_for()
    table = page.get_by_role("region", name="Table of the storm")
    with place.book.as_(SYSTEM) as book:
        storm = newest_storm(book)
    risk = risk_of(grid=as_served(served).grid, storm=storm)
    said = page.locator("#storm-says")
    for _ in range(3):
        page.get_by_role("button", name="An hour later").click()
    expect(said).to_contain_text(f"{risk.by_hour[:, 3].sum():.1f} of {len(risk.lines.row)} lines")
    order = risk.by_hour[:, 3].argsort()[::-1]
    chance = risk.by_hour[order[0], 3]
    words = f"{100 * chance:.1f} %" if chance < 0.1 else f"{100 * chance:.0f} %"
    expect(table.get_by_role("row").nth(1)).to_contain_text(words)
    expect(page.get_by_text("fewer than five events with damage counts")).to_be_visible()
    expect(page.get_by_label("What the signs mean")).to_contain_text("20 % and more to fail")
    keep_picture(page, "map-storm")
    sound(page)
    page.get_by_role("button", name="A day later").click()
    expect(said).to_contain_text("The storm is over")
    page.get_by_role("button", name="A day earlier").click()
    page.get_by_role("button", name="A day earlier").click()
    expect(said).to_contain_text("It begins")
    expect(table).to_have_count(0)


def test_an_owner_has_the_storm_over_its_own_lines_alone(site, posted):
    page = site.as_("gil", "/map?storm=yes")
    page.locator("#storm-says").wait_for()
    found = page.request.get(f"{site.base}/api/v1/map/storm").json()["storm"]
    assert (found["own_only"], found["lines"], found["lines_seen"]) == (True, [], 0)
    own = site.as_("ann").request.get(f"{site.base}/api/v1/map/storm").json()["storm"]
    assert own["own_only"]
    assert own["lines"]
