"""The study workbench: an engineer checks a referred case on a supposed book, compares, and attaches the study."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.asks import RELAY_WORK, Caller
from tests.browser.test_screens import LOOKS, sound

if TYPE_CHECKING:
    from tests.browser.conftest import Site

LONG_MS = 60_000


@pytest.fixture(scope="module")
def case(address):
    """Put a standing outage and a referred case beside it into the book; give both ids."""
    with Caller(address, "ann") as ann:
        other = ann.file("branch:2", "2027-02-10T00:00", "2027-02-11T00:00")
        mine = ann.file("branch:3", "2027-02-10T00:00", "2027-02-11T00:00", nature=RELAY_WORK)
    assert other["status"].startswith("approved")
    assert mine["state"] == "in_study"
    return other["id"], mine["id"]


def studied(page, version: int = 1) -> None:
    """Wait for a version to come."""
    expect(
        page.get_by_role("region", name="Versions", exact=True).get_by_role("listitem").nth(version - 1)
    ).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("button", name="Study it")).to_be_enabled(timeout=LONG_MS)


def test_an_engineer_takes_an_outage_out_compares_and_attaches(site: Site, case) -> None:
    other, mine = case
    page = site.as_("eve", f"/inbox?case={mine}")
    page.get_by_role("link", name="Study it").click()
    page.wait_for_url(f"**/study?outage={mine}*")
    studied(page)
    shown = page.get_by_role("region", name="Versions shown", exact=True)
    expect(shown).to_contain_text("it finds what the decision found")
    page.get_by_label(re.compile(other)).select_option("without")
    page.get_by_role("button", name="Study it").click()
    studied(page, 2)
    expect(page).to_have_url(re.compile(f"without={other}"))
    expect(shown).to_contain_text(f"without {other}")
    side = page.get_by_role("region", name="Table of findings")
    beside = side.get_by_role("row", name="Other outages beside it")
    expect(beside).to_contain_text("less in B")
    attach = page.get_by_role("button", name="Attach version 2")
    attach.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why, for the record").fill("looked at without the neighbour")
    dialog.get_by_role("button", name="Attach").click()
    expect(dialog).to_be_hidden(timeout=LONG_MS)
    kept = page.get_by_role("region", name="Attached studies")
    expect(kept).to_contain_text("looked at without the neighbour")
    page.get_by_role("link", name="The record").click()
    history = page.get_by_role("region", name="History")
    expect(history).to_contain_text("attach study")
    expect(history).to_contain_text("looked at without the neighbour")
    on_record = page.get_by_role("region", name="Attached studies")
    expect(on_record).to_contain_text("looked at without the neighbour")
    expect(on_record).to_contain_text(f"without {other}")
    # The decision is what it was, and the owner reads that a study is attached, not what it found.
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("With the operator")
    owner = site.as_("ann", f"/requests/{mine}")
    expect(owner.get_by_role("region", name="History")).to_contain_text("attach study")
    expect(owner.get_by_role("link", name="Study it")).to_have_count(0)
    expect(owner.get_by_role("region", name="Attached studies")).to_have_count(0)


def test_an_address_asks_the_same_of_whoever_opens_it_and_keys_do_all(site: Site, case) -> None:
    _, mine = case
    page = site.as_("eve", f"/study?outage={mine}&redispatch=no&after=A")
    studied(page, 2)
    versions = page.get_by_role("region", name="Versions", exact=True)
    expect(versions.get_by_role("listitem").nth(1)).to_contain_text("no redispatch; rate A after a contingency")
    shown = page.get_by_role("region", name="Versions shown", exact=True)
    expect(shown).to_contain_text("A is version 1")
    page.get_by_role("heading", name="Study:").click()
    page.keyboard.press("x")
    expect(shown).to_contain_text("A is version 2")
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_contain_text("Attach version 1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()  # while it stands, keys are its own
    page.keyboard.press("s")
    expect(page.get_by_text("says the same")).to_be_visible(timeout=LONG_MS)
    # The table says what the picture says.
    page.get_by_text("The same as a table").click()
    rows = page.get_by_role("region", name="Table of hours").get_by_role("row")
    assert rows.count() > 20
    page.get_by_label("before any contingency").check()
    drawn = page.locator("figure path.A").first.get_attribute("d") or ""
    hours = [r for r in rows.all_inner_texts()[1:] if r.startswith("2027-")]
    assert drawn.count("M") + drawn.count("L") == len(hours)


def test_other_dates_and_equipment_are_supposed_in_the_form(site: Site, case) -> None:
    _, mine = case
    page = site.as_("eve", f"/study?outage={mine}")
    studied(page)
    page.get_by_label("Starts (EST)").fill("2027-02-12T00:00")
    page.get_by_label("Ends (EST)").fill("2027-02-13T00:00")
    page.get_by_text("Add equipment that is out besides").click()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("Choose the equipment")).to_be_visible()
    page.get_by_role("combobox", name="Equipment out besides").fill("branch:12")
    page.get_by_role("option").filter(has_text="branch:12 ·").first.click()
    page.get_by_label("Out from").fill("2027-02-12T00:00")
    page.get_by_label("Back at").fill("2027-02-13T00:00")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("button", name="Study it").click()
    studied(page, 2)
    row = page.get_by_role("region", name="Versions", exact=True).get_by_role("listitem").nth(1)
    expect(row).to_contain_text("line 12")
    expect(row).to_contain_text("2027-02-12 00:00")


def test_an_answer_that_is_lost_is_asked_for_again_and_is_worked_out_once(site: Site, case) -> None:
    _, mine = case
    page = site.as_("eve", "/inbox")
    keys: list[str] = []

    def lose(way) -> None:
        keys.append(way.request.headers["idempotency-key"])
        if len(keys) == 1:
            way.fetch()  # the service works it out, and nobody hears of it
            way.abort()
        else:
            way.continue_()

    page.route("**/api/v1/what-if", lose)
    page.goto(f"{site.base}/study?outage={mine}")
    page.get_by_text("the service cannot be reached").wait_for(timeout=LONG_MS)
    with page.expect_response("**/api/v1/what-if", timeout=LONG_MS) as answer:
        page.get_by_role("button", name="Try again").first.click()
    assert answer.value.headers["idempotency-replayed"] == "true"
    assert len(set(keys)) == 1
    studied(page)


def test_what_cannot_be_is_said_with_its_remedy(site: Site, case) -> None:
    _, mine = case
    page = site.as_("eve", f"/study?outage={mine}&without=OTG-NOBODY")
    expect(page.get_by_role("alert").filter(has_text="OTG-NOBODY")).to_be_visible(timeout=LONG_MS)
    page.goto(f"{site.base}/study?outage=OTG-NOBODY")
    expect(page.get_by_text("There is no such outage")).to_be_visible()
    page.goto(f"{site.base}/study")
    page.get_by_role("link", name=re.compile("line 3")).first.wait_for()


def test_an_owner_is_told_where_to_look_and_the_control_room_only_reads(site: Site, case) -> None:
    _, mine = case
    owner = site.as_("ann", f"/study?outage={mine}")
    expect(owner.get_by_text("they are the operator's")).to_be_visible()
    room = site.as_("roy", f"/study?outage={mine}")
    expect(room.get_by_text("Outage engineers and planners study here")).to_be_visible()
    expect(room.get_by_role("button", name="Study it")).to_have_count(0)


def test_it_is_fit_for_everybody(site: Site, case, keep_picture) -> None:
    other, mine = case
    page = site.as_("eve", f"/study?outage={mine}&without={other}")
    studied(page, 2)
    page.get_by_text("The same as a table").click()
    page.get_by_text("A, version 1: inputs").click()
    for look, (width, height), night, rules in [*LOOKS, ("narrow-day", (320, 640), False, LOOKS[0][3])]:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if night else "light")
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.evaluate("scrollTo(0, 0)")
        sound(page, rules)
        keep_picture(page, f"workbench-{look}")
    page.goto(f"{site.base}/study")
    page.get_by_role("heading", name="Waiting for a person").wait_for()
    sound(page)
