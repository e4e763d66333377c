"""The control room acknowledges a late return: all of the room see it, and nothing quiet is made of a lost link."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.browser.asks import Caller
from tests.browser.test_field import until

MORNING = datetime.fromisoformat("2027-02-10T10:00-05:00")
LISTEN = """() => {
  window.heard = [];
  const make = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    const voice = make.call(this);
    const start = voice.start;
    voice.start = function (at) { window.heard.push(voice.frequency.value); return start.call(this, at); };
    return voice;
  };
}"""


@pytest.fixture(scope="module")
def day(address, clock):
    """Give a morning with an outage that is late back and one that failed."""
    with Caller(address, "ann") as ann, Caller(address, "roy") as roy, Caller(address, "eve") as eve:
        late = ann.file("branch:2", "2027-02-09T07:00", "2027-02-10T09:00")
        if late["state"] == "in_study":
            late = eve.step(late, "settle", outcome="approve", reason="looked at")
        clock(datetime.fromisoformat("2027-02-09T07:30-05:00"))
        late = roy.step(late, "start")
        clock(MORNING)
        failed = roy.do(
            "/forced", {"assets": ["branch:20"], "since": "2027-02-10T08:12-05:00", "description": "a tree"}
        )
    return {"late": late, "failed": failed}


def part(page, name):
    return page.get_by_role("region", name=name, exact=True)


def test_a_watch_in_the_control_room(site, address, day):
    acknowledges_what_is_late_and_all_of_the_room_and_the_owner_see_it(site, day)
    sees_what_is_new_flash_slowly_unless_it_is_wanted_still(site, address)
    hears_signals_once_they_are_switched_on(site, address)
    hands_the_shift_over_with_notes_to_who_comes(site)
    puts_the_day_on_the_wall(site)


def acknowledges_what_is_late_and_all_of_the_room_and_the_owner_see_it(site, day):
    page, other = site.as_("roy", "/today"), site.as_("eve", "/today")
    for one in (page, other):
        expect(one.get_by_text("2 not acknowledged.")).to_be_visible()
    part(page, "Late back").get_by_role("button", name="With a note on line 2").click()
    page.get_by_label("Note, for the room, the owner and the record").fill("the crew closes the ground switch")
    page.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
    said = "Acknowledged by roy, 10:00 EST: the crew closes the ground switch"
    # The clock of these tests stands still: nothing but the event can have brought it there.
    for one in (page, other):
        expect(part(one, "Late back")).to_contain_text(said)
        expect(one.get_by_text("1 not acknowledged.")).to_be_visible()
        expect(part(one, "Late back").get_by_role("button", name="Acknowledge")).to_have_count(0)
    # The next one is under the hand already: by keys alone.
    expect(part(page, "Forced out").get_by_role("button", name="Acknowledge line 20")).to_be_focused()
    page.keyboard.press("a")
    expect(part(other, "Forced out")).to_contain_text("Acknowledged by roy")
    expect(page.get_by_text("not acknowledged.")).to_have_count(0)
    owner = site.as_("ann", "/today")
    expect(part(owner, "Late back")).to_contain_text(said)
    assert not owner.get_by_role("button", name="Acknowledge").count()
    owner.goto(f"{site.base}/requests/{day['late']['id']}")
    expect(part(owner, "History")).to_contain_text("the crew closes the ground switch")


def sees_what_is_new_flash_slowly_unless_it_is_wanted_still(site, address):
    with Caller(address, "roy") as roy:
        roy.do("/forced", {"assets": ["branch:23"], "since": "2027-02-10T09:12-05:00", "description": "lightning"})
    page = site.as_("roy", "/today")
    line = part(page, "Forced out").get_by_role("listitem").filter(has_text="line 23")
    expect(line).to_contain_text("Not acknowledged")  # a word and a mark, whatever moves
    moves = (
        "one => getComputedStyle(one).animationName !== 'none' && parseFloat(getComputedStyle(one).animationDuration)"
    )
    assert line.evaluate(moves) is False, "who asked the machine for less motion gets none"
    page.emulate_media(reduced_motion="no-preference")
    assert line.evaluate(moves) == 2  # seconds for one flash: far below three a second
    page.get_by_role("button", name="Stop the flashing").click()
    assert line.evaluate(moves) is False
    page.reload()
    line.wait_for()
    assert line.evaluate(moves) is False, "it is kept for this browser"


def hears_signals_once_they_are_switched_on(site, address):
    with Caller(address, "roy") as roy:
        roy.do("/forced", {"assets": ["branch:7"], "since": "2027-02-10T09:40-05:00", "description": "a bird"})
    page = site.as_("roy", "/today")
    page.evaluate(LISTEN)
    expect(part(page, "Forced out")).to_contain_text("line 7")
    assert page.evaluate("window.heard") == []
    page.get_by_role("button", name="Sound is off").click()
    expect(page.get_by_role("button", name="Sound is on")).to_have_attribute("aria-pressed", "true")
    until(page, "window.heard.length >= 2")
    assert set(page.evaluate("window.heard")) == {520}
    page.context.set_offline(True)
    until(page, "window.heard.includes(330)")  # a lost link has a signal of its own
    page.context.set_offline(False)
    page.get_by_role("button", name="Sound is on").click()
    expect(page.get_by_role("button", name="Sound is off")).to_be_visible()


def test_a_lost_link_is_never_shown_as_if_all_were_as_planned(site):
    page = site.as_("gil", "/today")  # nothing of its own is out
    expect(page.get_by_text("All is as planned.")).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text("Not known how it stands now: the service does not answer")).to_be_visible()
    expect(page.get_by_text("When it was heard: All is as planned.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Not known how it stands now")).to_have_count(0)


def hands_the_shift_over_with_notes_to_who_comes(site):
    page, other = site.as_("roy", "/today"), site.as_("eve", "/today")
    page.get_by_role("link", name="Hand over the shift").click()
    expect(part(page, "Not as planned")).to_contain_text("line 2")
    expect(part(page, "Out now")).to_contain_text("line 20")
    page.get_by_label("What who comes has to know").fill("line 2: the ground switch is stuck")
    page.get_by_role("button", name="Hand over the shift").click()
    expect(page.get_by_role("status").filter(has_text="Handed over.")).to_be_visible()
    expect(page.get_by_text("Somebody else takes it; you gave it.")).to_be_visible()
    other.reload()
    expect(other.get_by_text("roy has handed over the shift at 10:00 EST; nobody has taken it yet.")).to_be_visible()
    other.get_by_role("link", name="Read it and take it").click()
    expect(part(other, "Last hand-over")).to_contain_text("the ground switch is stuck")
    other.get_by_role("button", name="I have read it and take the room").click()
    expect(part(other, "Last hand-over")).to_contain_text("eve took it")
    page.reload()
    expect(part(page, "Last hand-over")).to_contain_text("eve took it")
    page.emulate_media(media="print")
    expect(page.get_by_text("Given: ___")).to_be_visible()
    expect(page.get_by_role("button", name="Hand over the shift")).to_be_hidden()
    expect(part(page, "Out now")).to_contain_text("line 20")


def puts_the_day_on_the_wall(site):
    page = site.as_("roy", "/today")
    page.get_by_role("link", name="For the wall").click()
    expect(part(page, "Not as planned")).to_contain_text("line 2")
    main = page.locator("main")
    assert main.locator("button, a, input, select").count() == 0
    expect(main.get_by_text("heard")).to_be_visible()
    sizes = "all => Math.min(...all.map(one => parseFloat(getComputedStyle(one).fontSize)))"
    page.set_viewport_size({"width": 1920, "height": 1080})
    # A screen of 1.2 m has 1920 of these: 32 are 20 mm, which are read from five metres.
    assert page.locator("main .whole, main section li, main .tiles li span").evaluate_all(sizes) >= 32
    page.keyboard.press("n")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.context.set_offline(True)
    expect(page.get_by_text("Not known how it stands now")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Not known how it stands now")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{site.base}/today")
    expect(page.get_by_role("link", name="Today", exact=True)).to_be_visible()
