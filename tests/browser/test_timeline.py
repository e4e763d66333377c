"""The timeline: a season in one picture, the same as a table, and quick with a hundred times as much."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.asks import RELAY_WORK, Caller

HOUR_MS = 3_600_000
FEB = 1_801_458_000_000
"""2027-02-01 00:00 of the market."""
ROWS = 25_000


@pytest.fixture(scope="module")
def book(address):
    """Put a granted, a referred and a denied outage into the book."""
    with Caller(address, "ann") as ann:
        found = [
            ann.file("branch:2", "2027-02-08T00:00", "2027-02-09T00:00"),
            ann.file("branch:5", "2027-02-10T00:00", "2027-02-11T00:00", nature=RELAY_WORK),
            ann.file("branch:19", "2027-02-10T00:00", "2027-02-11T00:00"),
        ]
    assert [one["status"] for one in found] == ["approved", "none", "denied"]


def season(count: int) -> str:
    """Give the answer of a service with that many outages, the same each time."""
    states = [("decided", "approved"), ("in_study", "none"), ("closed", "approved"), ("active", "approved")]
    bars = []
    for k in range(count):
        start = FEB + (k * 7919 % (400 * 24)) * HOUR_MS
        state, status = states[k % 4]
        window = {"start": instant(start), "end": instant(start + (4 + k % 300) * HOUR_MS)}
        bars.append({
            "id": f"OTG-{k:08d}", "external_id": f"W-{k}", "organisation": f"TO-{k % 40}", "category": "transmission",
            "kind": "planned", "state": state, "status": status, "assets": [f"branch:{k % 9000 + 1}"],
            "window": window, "actual_start": None, "actual_end": None,
        })  # fmt: skip
    assets = [
        {
            "id": f"branch:{k}", "name": f"line {k}", "owner": f"TO-{k % 40}", "category": "transmission", "detail": "",
            "area": f"Z{k % 9}",
        }
        for k in range(1, min(count, 9000) + 1)
    ]  # fmt: skip
    window = {"start": "2026-01-01T05:00:00Z", "end": "2028-12-01T05:00:00Z"}
    return json.dumps({"window": window, "book_version": 7, "bars": bars, "assets": assets, "cut": False})


def instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def test_an_owner_sees_what_is_granted_and_waiting_walks_there_by_keys_and_opens_it(site, book):
    page = site.as_("ann", "/timeline?from=2027-02-05&days=14")
    expect(page.get_by_role("heading", name="Timeline")).to_contain_text("2 of 3 outages")
    picture = page.get_by_role("application")
    expect(picture).to_have_attribute("data-drawn", "2")
    picture.focus()
    page.keyboard.press("ArrowRight")
    about = page.get_by_role("region", name="The chosen outage")
    expect(about).to_contain_text("line 2")
    expect(about).to_contain_text("Mon 2027-02-08 00:00")
    page.keyboard.press("ArrowRight")
    expect(about).to_contain_text("line 5")
    expect(about).to_contain_text("With the operator")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("line 5")


def test_what_is_looked_for_is_in_the_address_and_a_link_shows_the_same(site, book):
    page = site.as_("ann", "/timeline?from=2027-02-05&days=14")
    page.get_by_label("Show").select_option("refused")
    expect(page.get_by_role("heading", name="Timeline")).to_contain_text("1 of 3 outages")
    page.get_by_label("In rows by").select_option("asset")
    page.get_by_role("button", name="As a table").click()
    table = page.get_by_role("region", name="Table of outages")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table).to_contain_text("Denied")
    page.get_by_role("button", name="Quarter").click()
    expect(page).to_have_url(re.compile("days=92"))
    address = page.url
    other = site.as_("ann", address.removeprefix(site.base))
    expect(other.get_by_role("region", name="Table of outages").get_by_role("row")).to_have_count(2)
    expect(other.get_by_label("In rows by")).to_have_value("asset")
    expect(other.get_by_role("button", name="Quarter")).to_have_attribute("aria-pressed", "true")
    other.get_by_label("Words").fill("nothing has this")
    expect(other.get_by_text("Nothing that you look for")).to_be_visible()
    other.get_by_role("button", name="Show all").click()
    expect(other.get_by_role("heading", name="Timeline")).to_contain_text("2 of 3 outages")


def test_a_click_chooses_a_bar_and_folds_a_group(site, book):
    page = site.as_("eve", "/timeline?from=2027-02-08&days=1")
    picture = page.get_by_role("application")
    expect(picture).to_have_attribute("data-drawn", "1")
    picture.click(position={"x": 400, "y": 42 + 26 + 11})
    expect(page.get_by_role("region", name="The chosen outage")).to_contain_text("line 2")
    picture.click(position={"x": 30, "y": 42 + 13})
    expect(picture).to_have_attribute("data-drawn", "0")
    expect(page).to_have_url(re.compile("fold=TO-1"))
    page.get_by_role("button", name="Unfold all").click()
    expect(picture).to_have_attribute("data-drawn", "1")


def test_another_owner_sees_nothing_of_it_and_what_he_can_do(site, book):
    page = site.as_("gil", "/timeline?from=2027-02-05&days=14")
    expect(page.get_by_text("Nothing is out in these days.")).to_be_visible()
    expect(page.get_by_role("heading", name="Timeline")).to_contain_text("0 of 0 outages")
    assert "line 2" not in page.locator("main").inner_text()


def test_of_25000_outages_only_what_is_in_view_is_drawn_and_the_page_stays_small(site):
    page = site.open("/")
    page.route("**/api/v1/timeline?*", lambda route: route.fulfill(body=season(ROWS), content_type="application/json"))
    page.get_by_label("Name").fill("eve")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    page.get_by_role("link", name="Timeline").click()
    expect(page.get_by_role("heading", name="Timeline")).to_contain_text(f"of {ROWS} outages")
    picture = page.get_by_role("application")
    drawn = []
    for name in ("Week", "Month", "Quarter", "Year"):
        page.get_by_role("button", name=name).click()
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        drawn.append(int(picture.get_attribute("data-drawn")))
    assert 0 < drawn[0] < drawn[3] < 2500, drawn
    page.get_by_role("button", name="Fold all", exact=True).click()
    expect(picture).to_have_attribute("data-drawn", "0")
    page.get_by_role("button", name="As a table").click()
    expect(page.get_by_role("region", name="Table of outages").get_by_role("row")).to_have_count(101)
    page.get_by_role("button", name="Show 100 more").click()
    expect(page.get_by_role("region", name="Table of outages").get_by_role("row")).to_have_count(201)
    assert page.evaluate("document.querySelectorAll('*').length") < 4000
