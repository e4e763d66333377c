"""The way to the screens: one line whatever the width, nothing lost, and all of it by keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_screens import sound

SCREENS = {"ann": 9, "eve": 11, "roy": 11, "aud": 11, "fay": 4}
SHOWN = {320: 3, 390: 4, 768: 4, 1024: 4, 1120: 6, 1280: 6, 1920: 99}


@pytest.mark.parametrize("width", SHOWN)
@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_is_in_the_one_line_or_under_more(site, name, width):
    page = site.as_(name, "/account", width=width, height=844)
    nav = page.get_by_role("navigation", name="Screens")
    nav.wait_for()
    links = nav.get_by_role("link")
    first = min(SHOWN[width], SCREENS[name])
    expect(links).to_have_count(first)
    tops = links.evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    assert len(set(tops)) == 1, "one line"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    if width >= 1120:
        brand = page.get_by_role("link", name="MOMS", exact=True)
        out = page.get_by_role("button", name="Sign out")
        assert abs(brand.bounding_box()["y"] - out.bounding_box()["y"]) < 30, "and the whole bar is one"
    more = nav.get_by_role("button", name="More")
    if first == SCREENS[name]:
        expect(more).to_be_hidden()
        return
    more.click()
    expect(links).to_have_count(SCREENS[name])
    assert len(set(links.evaluate_all("all => all.map(one => one.href)"))) == SCREENS[name]
    inside = links.last.bounding_box()
    assert inside["x"] >= 0
    assert inside["x"] + inside["width"] <= width
    sound(page)


def test_more_works_by_keys_and_says_where_one_is(site):
    page = site.as_("eve", "/rules", width=1280, height=800)
    nav = page.get_by_role("navigation", name="Screens")
    more = nav.get_by_role("button", name="More")
    assert more.evaluate("one => getComputedStyle(one).fontWeight") == "700", "the screen shown is in there"
    more.focus()
    page.keyboard.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    expect(nav.get_by_role("link", name="Margin")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(nav.get_by_role("link", name="Free days")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(nav.get_by_role("link", name="Record and rules")).to_be_focused()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(more).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(nav.get_by_role("link", name="Margin")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/margin")
    expect(more).to_have_attribute("aria-expanded", "false")
    more.click()
    page.get_by_role("button", name="Sign out").focus()
    expect(more).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("night", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_open_menu_is_fit_for_everybody(site, width, night):
    page = site.as_("eve", "/requests", width=width, height=844, night=night)
    page.get_by_role("navigation", name="Screens").get_by_role("button", name="More").click()
    sound(page)
