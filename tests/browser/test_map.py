"""The map: what is out is where it is, the list says the same, and nobody sees another's."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.asks import RELAY_WORK, ask
from tests.browser.conftest import Site

AT = "2027-02-10T12:00"


@pytest.fixture(scope="module")
def book(address, browser) -> dict[str, str]:
    """Put a line that is granted, one that waits and a unit into the book; give their ids."""
    site = Site(base=address, browser=browser)
    page, other = site.as_("ann"), site.as_("gil")
    found = {
        asset: ask(who, asset=asset, start="2027-02-10T00:00", end="2027-02-11T00:00", nature=nature)
        for who, asset, nature in ((page, "branch:12", None), (page, "branch:3", RELAY_WORK), (other, "gen:3", None))
    }
    for context in site.contexts:
        context.close()
    return found


def until(page, true: str) -> None:
    """Wait until something holds; asked for from outside, since the pages let no text become code."""
    for _ in range(100):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never so: {true}")


def open_map(site, name: str = "eve", address: str = f"/map?at={AT}", **how):
    page = site.as_(name, address, **how)
    page.get_by_role("region", name="Table of outages").wait_for()
    page.locator("canvas[data-redraws]").wait_for()
    until(page, "performance.getEntriesByType('resource').some(one => one.name.includes('states-10m'))")
    return page


def rows(page):
    return page.get_by_role("region", name="Table of outages").get_by_role("row")


def test_what_is_out_in_an_hour_is_listed_and_chosen_by_keys_and_leads_to_its_record(site, book):
    page = open_map(site)
    expect(page.get_by_role("status").filter(has_text="out,")).to_contain_text("Wed 2027-02-10 12:00 EST")
    expect(rows(page).filter(has_text=book["branch:12"])).to_contain_text("out")
    expect(rows(page).filter(has_text=book["branch:3"])).to_contain_text("asked for")
    page.get_by_role("application").focus()
    page.keyboard.press("n")
    chosen = page.get_by_role("region", name="What is chosen")
    expect(chosen.get_by_role("link", name="Open the record")).to_be_visible()
    page.keyboard.press("Enter")
    expect(chosen.get_by_role("link", name="Open the record")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/OTG-*")
    page.go_back()
    page.get_by_role("region", name="Table of outages").wait_for()
    assert "sel=OTG-" in page.url


def test_another_hour_has_other_outages_and_the_address_holds_what_is_shown(site, book):
    page = open_map(site)
    page.get_by_role("button", name="A day later").click()
    expect(page.get_by_text("Nothing is out or asked for in this hour.")).to_be_visible()
    page.get_by_role("button", name="An hour earlier").click()
    page.get_by_role("button", name="A day earlier").click()
    expect(rows(page).filter(has_text=book["branch:12"])).to_be_visible()
    page.get_by_role("application").focus()
    page.keyboard.press(".")
    expect(page.get_by_label("As of")).to_have_value(AT)
    page.get_by_label("Hour", exact=False).and_(page.get_by_role("slider")).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("As of")).to_have_value("2027-02-10T13:00")
    page.get_by_label("Asked for").uncheck()
    expect(rows(page).filter(has_text=book["branch:3"])).to_have_count(0)
    page.get_by_role("button", name="Nearer").click()
    page.wait_for_url("**asked=no*")
    page.wait_for_url("**at=2027-02-10T13%3A00*")
    page.wait_for_url("**view=*")
    before = parse_qs(urlsplit(page.url).query)
    page.reload()
    page.get_by_role("region", name="Table of outages").wait_for()
    expect(page.get_by_label("Asked for")).not_to_be_checked()
    page.wait_for_timeout(500)
    assert parse_qs(urlsplit(page.url).query) == before


def test_a_click_on_the_map_chooses_what_lies_there(site, book):
    page = open_map(site, address=f"/map?at={AT}&sel={book['branch:12']}")
    page.get_by_role("application").focus()
    page.keyboard.press("Escape")
    chosen = page.get_by_role("region", name="What is chosen")
    expect(chosen).to_contain_text("Choose something")
    page.get_by_role("button", name="line 12").click()  # from the list: the map moves there
    expect(chosen).to_contain_text(book["branch:12"])
    canvas = page.get_by_role("application")
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] - 30, "y": 30})
    expect(chosen).to_contain_text("Choose something")
    canvas.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(chosen).to_contain_text(book["branch:12"])


def test_a_station_and_equipment_are_found_by_name_and_asked_for_from_the_map(site, book):
    page = open_map(site, "ann")
    page.get_by_label("Find").fill("alder")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("list", name="Found").get_by_role("button", name="Alder 1").click()
    expect(page.get_by_role("region", name="What is chosen")).to_contain_text("Alder 1")
    page.get_by_label("Find").fill("line 7")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("list", name="Found").get_by_role("button", name="line 7 branch:7").click()
    chosen = page.get_by_role("region", name="What is chosen")
    expect(chosen).to_contain_text("line 7")
    chosen.get_by_role("link", name="Ask for it").click()
    expect(page.get_by_role("list", name="Chosen equipment")).to_contain_text("line 7")


def test_an_area_is_marked_with_the_mouse_or_taken_from_the_view_and_listed(site, book):
    page = open_map(site)
    page.get_by_role("button", name="List what is in view").click()
    expect(page.get_by_role("heading", name="In the area: 3 of 3 outages, 12 places")).to_be_visible()
    page.get_by_role("button", name="List all again").click()
    page.get_by_role("button", name="Mark an area").click()
    page.evaluate("scrollTo(0, 0)")  # the list above pushed the page down, and the mouse needs the map's corner
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 40, steps=4)
    page.mouse.up()
    expect(page.get_by_text("Nothing is out or asked for in the area in this hour.")).to_be_visible()
    expect(page.get_by_role("button", name="Mark an area")).to_have_attribute("aria-pressed", "false")


def test_an_owner_sees_its_own_on_the_map_and_of_others_no_outage_name_or_place(site, book):
    page = open_map(site, "gil")
    assert page.locator("main").inner_text().count(book["gen:3"]) == 1
    for other in (book["branch:12"], book["branch:3"], "TO-1"):
        assert other not in page.locator("main").inner_text()
    expect(page.get_by_text("Yours is shown in full")).to_be_visible()
    own = page.request.get(f"{site.base}/api/v1/map").json()
    whole = open_map(site, "eve").request.get(f"{site.base}/api/v1/map").json()
    assert own["coarse"]
    assert own["lines"]["branches"]["data"] == ""
    assert len([name for name in own["places"]["name"] if name]) < len(whole["places"]["name"]) == 12
    assert page.request.get(f"{site.base}/api/v1/map/outages?at={AT}-05:00").json()["outages"][0]["places"]


def test_the_network_comes_once_and_is_kept(site, book):
    page = open_map(site)
    first = page.request.get(f"{site.base}/api/v1/map")
    tag = {"If-None-Match": first.headers["etag"]}
    assert page.request.get(f"{site.base}/api/v1/map", headers=tag).status == 304
    other = open_map(site, "ann")
    assert other.request.get(f"{site.base}/api/v1/map", headers=tag).status == 200
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("link", name="Map", exact=True).click()
    page.locator("canvas[data-redraws]").wait_for()
    assert not [url for url in asked if url.endswith("/map")]


def test_an_hour_is_asked_for_once_until_something_happens(site, book):
    page = open_map(site)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1000)
    assert not [url for url in asked if "/map" in url]
    page.get_by_role("button", name="An hour later").click()
    page.wait_for_timeout(1000)
    assert len([url for url in asked if "/map" in url]) == 1


def test_it_prints_on_white_with_the_list_below(site, book):
    page = open_map(site, night=True)
    corner = "() => [...document.querySelector('canvas').getContext('2d').getImageData(2, 2, 1, 1).data]"
    assert sum(page.evaluate(corner)[:3]) < 200
    page.emulate_media(media="print")
    until(page, f"({corner})()[0] === 255")
    expect(page.get_by_role("button", name="Nearer")).to_be_hidden()
    expect(rows(page).filter(has_text=book["branch:12"])).to_be_visible()
