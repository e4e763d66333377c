"""Each screen is fit for everybody: axe finds nothing, on a desk and in a hand, by day and by night."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.asks import RELAY_WORK, Caller, ask, fill
from tests.browser.conftest import Site

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
DESK, HAND = (1400, 960), (360, 780)
SEEN = {"runOnly": {"type": "rule", "values": ["color-contrast", "target-size", "scrollable-region-focusable"]}}
"""What another size or other colours can break; all else is the same page."""
LOOKS = [
    ("desk-day", DESK, False, RULES),
    ("desk-night", DESK, True, SEEN),
    ("hand-day", HAND, False, SEEN),
    ("hand-night", HAND, True, RULES),
]


def sound(page, rules=RULES) -> None:
    """See that axe finds nothing, that nothing sticks out sideways, and that the page is of a bearable size."""
    found = Axe().run(page, options=rules)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    assert page.evaluate("document.querySelectorAll('*').length") < 3000


def show_sign_in(site):
    return site.open("/")


def show_requests(site):
    page = site.as_("ann", "/requests")
    page.get_by_role("region", name="Requests", exact=True).wait_for()
    return page


def show_answer(site):
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:19", start="2027-02-10T00:00", end="2027-02-11T00:00")
    page.get_by_role("button", name="See the answer first").click()
    page.get_by_role("region", name="Answer", exact=True).wait_for()
    return page


def show_faults(site):
    page = site.as_("ann", "/ask")
    page.get_by_role("button", name="File the request").click()
    page.get_by_role("alert").get_by_text("No equipment is chosen").wait_for()
    return page


def show_record(site):
    page = site.as_("ann", "/requests")
    page.get_by_role("link", name="line 19").first.click()
    page.get_by_role("region", name="Answer", exact=True).wait_for()
    page.get_by_role("button", name="Ask for these dates").first.wait_for()
    return page


def show_inbox(site):
    page = site.as_("eve", "/inbox")
    page.get_by_role("region", name="Answer", exact=True).wait_for()
    return page


def show_calendar(site):
    page = site.as_("ann", "/windows?asset=branch:19&from=2027-02-09&span=10")
    page.get_by_role("button", name="Look").click()
    page.get_by_role("button", name="Looking").wait_for(state="detached", timeout=60_000)
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("region", name="The chosen day").locator("strong").first.wait_for()
    return page


def show_timeline(site):
    page = site.as_("eve", "/timeline?from=2027-02-05&days=14&area=&show=all")
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("link", name="Open the record").wait_for()
    return page


def show_rules(site):
    page = site.as_("ann", "/rules?rule=SEC-N1-1")
    page.get_by_role("region", name="Decision").wait_for()
    return page


def show_numbers(site):
    page = site.as_("aud", "/rules?part=numbers")
    page.get_by_role("region", name="entry").wait_for()
    return page


def show_measures(site):
    page = site.as_("aud", "/rules?part=measures")
    page.get_by_role("region", name="By owner", exact=True).wait_for()
    return page


def show_journal(site):
    page = site.as_("aud", "/rules?part=journal")
    page.get_by_role("region", name="Journal", exact=True).wait_for()
    return page


def show_whole(site):
    page = site.as_("aud", "/rules?part=whole")
    page.get_by_role("button", name="Examine the record").click()
    page.get_by_text("journal lines in").wait_for()
    return page


def show_map(site):
    page = site.as_("eve", "/map?at=2027-02-12T12:00")
    page.get_by_role("region", name="Table of outages").wait_for()
    page.locator("canvas[data-redraws]").wait_for()
    page.get_by_role("button", name="line 12").click()
    page.get_by_role("link", name="Open the record").wait_for()
    return page


def show_timeline_table(site):
    page = site.as_("ann", "/timeline?from=2027-02-05&days=14&as=table&show=all")
    page.get_by_role("region", name="Table of outages").get_by_role("row").nth(3).wait_for()
    return page


def show_today(site):
    page = site.as_("roy", "/today")
    page.get_by_role("region", name="Forced out").get_by_role("button", name="It is back").wait_for()
    return page


def show_deed(site):
    page = show_today(site)
    page.get_by_role("region", name="Forced out").get_by_role("button", name="Extend").click()
    page.get_by_role("dialog").wait_for()
    return page


def show_forced(site):
    page = site.as_("roy", "/today")
    page.get_by_role("button", name="Report a forced outage").click()
    page.get_by_role("dialog").wait_for()
    return page


def show_wall(site):
    page = site.as_("roy", "/today?wall")
    page.get_by_role("region", name="Not as planned").get_by_text("line 20").wait_for()
    return page


def show_shift(site):
    page = site.as_("roy", "/shift")
    page.get_by_role("region", name="Table of what is not as planned").get_by_text("line 20").wait_for()
    return page


SCREENS = {
    "sign-in": show_sign_in,
    "requests": show_requests,
    "ask": show_answer,
    "ask-faults": show_faults,
    "record": show_record,
    "inbox": show_inbox,
    "free-days": show_calendar,
    "today": show_today,
    "today-deed": show_deed,
    "today-forced": show_forced,
    "today-wall": show_wall,
    "shift": show_shift,
    "timeline": show_timeline,
    "timeline-table": show_timeline_table,
    "map": show_map,
    "rules": show_rules,
    "numbers": show_numbers,
    "measures": show_measures,
    "journal": show_journal,
    "whole": show_whole,
}


@pytest.fixture(scope="module")
def book(address, browser):
    """Put something into the book that every screen can show."""
    site = Site(base=address, browser=browser)
    page = site.as_("ann")
    ask(page, asset="branch:12", start="2027-02-12T07:00", end="2027-02-12T17:00", reference="relays of bay 4")
    ask(page, asset="branch:19", start="2027-02-10T00:00", end="2027-02-11T00:00", reference="insulators, spring")
    for asset, reference in (("branch:5", "tower 31 " + "long " * 17), ("branch:18", "خط النقل ١٨")):
        ask(page, asset=asset, start="2027-02-10T00:00", end="2027-02-11T00:00", reference=reference, nature=RELAY_WORK)
        expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("An engineer decides")
    for context in site.contexts:
        context.close()
    with Caller(address, "roy") as roy:
        roy.do("/forced", {"assets": ["branch:20"], "description": "a tree " * 30})
        roy.do(
            "/forced", {"assets": ["branch:23"], "since": "2027-01-30T00:00-05:00", "until": "2027-02-01T09:00-05:00"}
        )


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_fit_for_everybody(site, book, keep_picture, screen):
    page = SCREENS[screen](site)
    for look, (width, height), night, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if night else "light")
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.evaluate("scrollTo(0, 0)")
        sound(page, rules)
        keep_picture(page, f"{screen}-{look}")
