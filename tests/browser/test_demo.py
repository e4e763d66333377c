"""A demo in the browser: become somebody, stop the clock, see a trip come, look words up, take the tour."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from moms.portal.pages import DIST
from tests.browser.conftest import Site
from tests.browser.test_screens import LOOKS, sound
from tests.demos import a_demo_home, serving


@pytest.fixture(scope="module")
def place(tmp_path_factory, must_have):
    must_have((DIST / "index.html").is_file(), "the pages (.venv/bin/python hatch_build.py)")
    with a_demo_home(tmp_path_factory.mktemp("demo")) as found:
        yield found


@pytest.fixture(scope="module")
def serves(place):
    with serving(place) as found:
        yield found


@pytest.fixture
def site(serves, browser):
    found = Site(base=serves.base, browser=browser)
    yield found
    for context in found.contexts:
        context.close()
    assert not found.strangers
    assert not found.faults


FAST = "600\N{MULTIPLICATION SIGN}"


def strip(page):
    return page.get_by_role("region", name="Demo", exact=True)


def become(page, name):
    page.locator("main, section").get_by_role("button", name=re.compile(f"^{name}")).first.click()
    expect(strip(page).get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
    return page


def test_one_click_makes_one_somebody_and_another_somebody_else(site):
    page = site.open("/")
    expect(page.get_by_text("This is a demo:")).to_be_visible()
    become(page, "owner")
    expect(page).to_have_url(f"{site.base}/requests")
    become(page, "control")
    expect(page).to_have_url(f"{site.base}/today")
    expect(page.locator(".who")).to_contain_text("control room, operator")


def test_a_trip_shows_on_today_without_loading_the_page_anew(site, serves):
    page = become(site.open("/"), "control")
    strip(page).get_by_role("button", name=FAST, exact=True).click()
    expect(strip(page).get_by_role("button", name=FAST, exact=True)).to_have_attribute("aria-pressed", "true")
    strip(page).get_by_role("button", name="Stopped").click()
    page.evaluate("window.untouched = true")
    for _ in range(3):
        if page.get_by_role("region", name="Forced out", exact=True).count():
            break
        strip(page).locator("summary").click()
        strip(page).get_by_role("button", name="Go to it").click()
        strip(page).locator("summary").click()
        page.wait_for_timeout(3000)
    expect(page.get_by_role("region", name="Forced out", exact=True)).to_be_visible()
    assert page.evaluate("window.untouched")
    before = serves.live.clock.now
    page.reload()
    expect(page.get_by_role("list", name="The day in numbers")).to_be_visible()
    assert serves.live.clock.now == before


def test_two_tabs_of_one_browser_are_the_same_person(site):
    page = become(site.open("/"), "owner")
    other = page.context.new_page()
    other.goto(site.base)
    expect(strip(other).get_by_role("button", name="owner")).to_have_attribute("aria-pressed", "true")
    become(other, "control")
    expect(strip(page).get_by_role("button", name="control")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".who")).to_contain_text("control")


def test_it_asks_before_it_begins_again_and_says_what_becomes_of_what_was_entered(site, serves):
    page = become(site.open("/"), "owner")
    strip(page).locator("summary").click()
    strip(page).get_by_role("button", name="Begin again").click()
    dialog = page.get_by_role("dialog", name="Begin the demo again?")
    expect(dialog).to_contain_text("kept as a backup")
    dialog.get_by_role("button", name="Go on as it is").click()
    expect(dialog).to_be_hidden()
    assert not serves.live.replaying


def test_a_word_explains_itself_by_keys_and_goes_with_escape(site):
    page = become(site.open("/"), "owner")
    page.get_by_role("link", name="line 2", exact=True).first.click()
    word = page.get_by_role("button", name="Recall", exact=True).first
    word.focus()
    tip = page.get_by_role("tooltip")
    expect(tip).to_contain_text("Recall.")
    expect(word).to_have_attribute("aria-describedby", re.compile("."))
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    word.hover()
    expect(tip).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 500})
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.get_by_role("button", name="contingencies").focus()
    expect(tip).to_contain_text("Contingency.")
    expect(tip).to_be_in_viewport()


def test_help_finds_words(site):
    page = become(site.open("/"), "owner")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Help")
    dialog.get_by_label("Find a word").fill("contingency")
    expect(dialog.locator("dt").first).to_have_text("Contingency")
    dialog.get_by_label("Find a word").fill("xyzzy")
    expect(dialog).to_contain_text("No word has this")


def test_the_tour_is_offered_once_goes_by_keys_and_goes_on_after_a_reload(site):
    page = become(site.open("/"), "control")
    page.get_by_role("button", name="Take the tour").click()
    tour = page.get_by_role("dialog", name="Tour")
    expect(tour).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tour).to_contain_text("2 of 8")
    expect(page.locator(".toured")).to_have_count(1)
    page.reload()
    expect(tour).to_contain_text("2 of 8")
    for number in range(3, 9):
        tour.get_by_role("button", name="Next").click()
        expect(tour).to_contain_text(f"{number} of 8")
        expect(page.locator(".toured")).to_have_count(1)
    tour.get_by_role("button", name="Done").click()
    expect(tour).to_be_hidden()
    page.goto(f"{site.base}/today")
    expect(page.get_by_role("list", name="The day in numbers")).to_be_visible()
    expect(page.get_by_role("button", name="Take the tour")).to_have_count(0)
    page.keyboard.press("?")
    page.get_by_role("button", name="Take the tour").click()
    expect(tour).to_contain_text("1 of 8")
    page.keyboard.press("Escape")
    expect(tour).to_be_hidden()


def show_sign_in(site):
    page = site.open("/")
    page.get_by_role("list", name="Become").first.wait_for()
    return page


def show_open_strip(site):
    page = become(site.open("/"), "control")
    strip(page).locator("summary").click()
    return page


def show_tour(site):
    page = become(site.open("/"), "owner")
    page.get_by_role("button", name="Take the tour").click()
    page.locator(".toured").wait_for()
    return page


def show_help(site):
    page = become(site.open("/"), "owner")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Help").locator("dt").first.wait_for()
    return page


@pytest.mark.parametrize("show", [show_sign_in, show_open_strip, show_tour, show_help])
def test_it_is_fit_for_everybody(site, keep_picture, show):
    page = show(site)
    for look, (width, height), night, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if night else "light")
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        sound(page, rules)
        keep_picture(page, f"demo-{show.__name__[5:]}-{look}")
