"""A crew's phone: without a signal, with an answer that was lost, with two phones, and with somebody else's hands."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.asks import Caller
from tests.browser.conftest import PASSWORD
from tests.browser.test_quiet import asked_while
from tests.browser.test_screens import RULES, sound

HAND = {"width": 390, "height": 844}
MORNING = datetime.fromisoformat("2027-02-10T08:00-05:00")
LADDER = ["arrived", "released", "isolated", "done", "clear"]
NAMES = {
    "arrived": "Arrived", "released": "Released by control room", "isolated": "Isolated and grounded",
    "done": "Work done", "clear": "Grounds off, ready to return",
}  # fmt: skip


SENT = re.compile(r"(?<!not )sent \d\d:\d\d")
LOSE = """() => {
  const real = window.fetch;
  window.lost = [];
  window.fetch = async (...asked) => {
    const answer = await real(...asked);
    if (!String(asked[0]).endsWith("/field/entries") || window.lost.length === 2) return answer;
    window.lost.push(answer.status);
    throw new TypeError("the answer was lost");
  };
}"""
"""Let the answers to the first two sendings get lost, after the service has written what was sent."""


class Day:
    """The service's side of a test: an outage that is out, and what it has of the field."""

    def __init__(self, address, clock, asset, *, out=True):
        self.address, self.clock = address, clock
        clock(MORNING - timedelta(days=9))
        with Caller(address, "ann") as ann, Caller(address, "eve") as eve, Caller(address, "roy") as roy:
            outage = ann.file(asset, "2027-02-10T08:00", "2027-02-10T17:00")
            if outage["state"] == "in_study":
                outage = eve.step(outage, "settle", outcome="approve", reason="looked at")
            clock(MORNING)
            self.outage = roy.step(outage, "start") if out else outage

    def at(self, minutes):
        self.clock(MORNING + timedelta(minutes=minutes))

    def whole(self):
        with Caller(self.address, "roy") as roy:
            return roy.client.get(f"/outages/{self.outage['id']}").json()

    def entries(self):
        return [(e["what"], e["by"]) for e in self.whole()["field"]["entries"]]

    def lines(self):
        """Give the verbs of the journal's lines, which no copy of an entry on a phone can make up."""
        return [line["verb"] for line in self.whole()["history"] if line["verb"].startswith("field:")]


@pytest.fixture
def day(address, clock, request):
    found = Day(address, clock, request.param)
    yield found
    found.at(60)
    with Caller(address, "roy") as roy:  # the next test may have the same equipment, and no phone two jobs
        roy.step(roy.client.get(f"/outages/{found.outage['id']}").json()["outage"], "end")


def phone(site, name="fay", *, day):
    page = site.as_(name, f"/field?job={day.outage['id']}", **HAND)
    page.get_by_role("region", name="Ladder").wait_for()
    page.get_by_text("These pages open without a signal.").wait_for()
    until(page, "localStorage.getItem('moms.field.last') !== null")
    expect(page.get_by_text("Do not rely on this phone")).to_have_count(0)
    return page


def until(page, what):
    """Wait until something holds in a page whose policy lets no text become code there."""
    for _ in range(300):
        if page.evaluate(what):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never so: {what}")


def tap(page, what):
    button = page.get_by_role("button", name=NAMES[what], exact=True)
    expect(button).to_be_enabled()
    button.click()
    expect(step(page, what)).not_to_contain_text("not yet")


def step(page, what):
    return page.get_by_role("region", name="Ladder").get_by_role("listitem").filter(has_text=NAMES[what])


@pytest.mark.parametrize("day", ["branch:2"], indirect=True)
def test_a_crew_climbs_the_ladder_and_the_room_sees_it(site, day):
    page = phone(site, day=day)
    for what in LADDER:
        tap(page, what)
        expect(step(page, what)).to_contain_text("sent 08:00")
    expect(page.get_by_text("All is reported.")).to_be_visible()
    assert day.lines() == [f"field:{what}" for what in LADDER]
    assert day.whole()["outage"] == day.outage  # a record, never a clearance
    expect(page.get_by_text("An entry is a record, never a clearance.")).to_be_visible()


@pytest.mark.parametrize("day", ["branch:7"], indirect=True)
def test_without_a_signal_it_opens_keeps_what_is_tapped_and_sends_each_once(site, day):
    page = phone(site, day=day)
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", name="line 7")).to_be_visible()
    expect(page.get_by_text("what you tap is kept on this phone")).to_be_visible()
    tap(page, "arrived")
    tap(page, "released")
    expect(step(page, "released")).to_contain_text("on this phone, not sent")
    expect(page.get_by_text("2 entries wait on this phone")).to_be_visible()
    page.reload()  # the phone was put away, and its battery is old
    expect(step(page, "arrived")).to_contain_text("on this phone, not sent")
    assert day.lines() == []
    day.at(30)
    page.context.set_offline(False)
    expect(step(page, "released")).to_contain_text("sent 08:30")
    expect(step(page, "released")).to_contain_text("08:00")
    expect(page.get_by_text("Nothing waits on this phone.")).to_be_visible()
    assert day.lines() == ["field:arrived", "field:released"]
    entries = day.whole()["field"]["entries"]
    assert [e["delayed"] for e in entries] == [True, True]
    assert [e["looks"] for e in entries] == [[], []]


@pytest.mark.parametrize("day", ["branch:12"], indirect=True)
def test_an_answer_that_was_lost_after_it_was_written_makes_no_second_entry(site, day):
    page = phone(site, day=day)
    page.evaluate(LOSE)
    tap(page, "arrived")
    until(page, "window.lost.length > 0")
    assert day.lines() == ["field:arrived"]
    # It is sent again, or found in the day that is read again meanwhile; whichever comes first.
    expect(step(page, "arrived")).to_contain_text(SENT, timeout=60_000)
    assert set(page.evaluate("window.lost")) == {200}
    assert day.lines() == ["field:arrived"]


@pytest.mark.parametrize("day", ["branch:13"], indirect=True)
def test_what_waits_for_a_signal_is_not_sent_over_and_over(site, day):
    page = phone(site, day=day)
    page.context.set_offline(True)
    sent = asked_while(page, lambda: tap(page, "arrived"))
    assert len([way for way in sent if way.endswith("/field/entries")]) <= 2, sorted(sent)


@pytest.mark.parametrize("day", ["branch:14"], indirect=True)
def test_two_phones_that_say_different_things_ask_for_a_person(site, day):
    one, two = phone(site, "fay", day=day), phone(site, "flo", day=day)
    two.context.set_offline(True)
    tap(two, "arrived")
    tap(two, "released")
    tap(one, "arrived")
    expect(step(one, "arrived")).to_contain_text(SENT)
    two.context.set_offline(False)
    expect(two.get_by_text("reported already by fay")).to_be_visible()
    expect(two.get_by_text("a person must look").first).to_be_visible()
    assert sorted(day.entries()) == [("arrived", "fay"), ("arrived", "flo"), ("released", "flo")]
    with Caller(site.base, "roy") as roy:
        told = roy.client.get("/notices").json()["items"]
        assert any(n["tells"]["verb"] == "field_look" and n["tells"]["outage"] == day.outage["id"] for n in told)


@pytest.mark.parametrize("day", ["branch:16"], indirect=True)
def test_a_session_that_ended_meanwhile_keeps_the_entries_and_sends_them_after_the_sign_in(site, day):
    page = phone(site, day=day)
    page.context.set_offline(True)
    page.reload()
    tap(page, "arrived")
    page.context.clear_cookies()
    page.context.set_offline(False)
    dialog = page.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_be_visible()
    assert day.lines() == []
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(step(page, "arrived")).to_contain_text(SENT)
    assert day.lines() == ["field:arrived"]


@pytest.mark.parametrize("day", ["branch:2"], indirect=True)
def test_what_was_recalled_meanwhile_is_kept_and_says_stop(site, day):
    page = phone(site, day=day)
    page.context.set_offline(True)
    tap(page, "arrived")
    with Caller(site.base, "roy") as roy:
        roy.step(day.outage, "recall", reason="a storm comes")
    page.context.set_offline(False)
    expect(page.get_by_text("This outage is recalled: give it back.")).to_be_visible()
    expect(step(page, "arrived")).to_contain_text("a person must look")
    expect(step(page, "arrived")).to_contain_text("the outage is recalled")
    assert day.entries() == [("arrived", "fay")]


@pytest.mark.parametrize("day", ["branch:7"], indirect=True)
def test_the_next_one_on_the_same_phone_neither_sees_nor_sends_what_the_first_left(site, day):
    page = phone(site, day=day)
    page.context.set_offline(True)
    tap(page, "arrived")
    page.get_by_role("button", name="Sign out").click()
    dialog = page.get_by_role("dialog", name="Not everything is sent")
    expect(dialog).to_contain_text("1 entry lies on this phone")
    dialog.get_by_role("button", name="Sign out all the same").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="line 7")).to_have_count(0)  # nothing of hers opens without her
    page.context.set_offline(False)
    page.reload()
    page.get_by_label("Name").fill("flo")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(step(page, "arrived")).to_contain_text("not yet")
    expect(page.get_by_text("Nothing waits on this phone.")).to_be_visible()
    tap(page, "arrived")
    expect(step(page, "arrived")).to_contain_text(SENT)
    assert day.entries() == [("arrived", "flo")]
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").fill("fay")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("reported already by flo")).to_be_visible()
    assert day.entries() == [("arrived", "flo"), ("arrived", "fay")]


@pytest.mark.parametrize("day", ["branch:12"], indirect=True)
def test_who_will_be_late_is_asked_two_things_and_the_end_stays(site, day):
    page = phone(site, day=day)
    page.get_by_role("button", name="Will be late…").click()
    dialog = page.get_by_role("dialog", name="Will be late")
    dialog.get_by_role("button", name="Say so").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("2 h", exact=True).check()
    dialog.get_by_label("Material or a tool is missing").check()
    dialog.get_by_role("button", name="Say so").click()
    expect(page.get_by_text("Will be late by 2 h: Material or a tool is missing")).to_be_visible()
    assert day.lines() == ["field:late"]
    assert day.whole()["outage"]["window"] == day.outage["window"]


@pytest.mark.parametrize("day", ["branch:20"], indirect=True)
def test_the_room_looks_at_what_does_not_fit_and_says_so_once_for_all(site, day, keep_picture):
    page = phone(site, day=day)
    page.get_by_text("Another step").click()
    tap(page, "isolated")
    expect(step(page, "isolated")).to_contain_text("a person must look")
    room, owner = site.as_("roy", "/today"), site.as_("ann", f"/requests/{day.outage['id']}")
    part = room.get_by_role("region", name="From the field")
    line = part.get_by_role("listitem").filter(has=room.get_by_role("link", name="line 20"))
    expect(line).to_contain_text("not reported before it: arrived, released by the control room")
    expect(room.get_by_text(re.compile(r"[1-9]\d* from the field to look at\."))).to_be_visible()
    sound(room, RULES)
    keep_picture(room, "today-field")
    record = owner.get_by_role("region", name="From the field")
    expect(record).to_contain_text("a person must look")
    expect(record.get_by_role("button")).to_have_count(0)
    sound(owner, RULES)
    keep_picture(owner, "record-field")
    line.get_by_role("button", name="I have looked at it").click()
    expect(line.get_by_role("button")).to_have_count(0)
    expect(record).to_contain_text("looked at by roy")
    expect(step(page, "isolated")).to_contain_text("looked at by roy")
    assert day.lines() == ["field:isolated", "field:seen"]


@pytest.mark.parametrize("day", ["branch:14"], indirect=True)
def test_it_is_for_gloves_for_keys_and_for_every_eye(site, day, keep_picture):
    for width, night in ((390, False), (390, True), (320, False), (1400, True)):
        page = site.as_("fay", f"/field?job={day.outage['id']}", width=width, height=844, night=night)
        page.get_by_role("region", name="Ladder").wait_for()
        sound(page, RULES)
        keep_picture(page, f"field-{width}-{'night' if night else 'day'}")
    big = page.locator(".buttons button, .buttons a").evaluate_all(
        "all => all.map(b => b.getBoundingClientRect().height)"
    )
    assert min(big) >= 48
    page.get_by_role("button", name="Arrived", exact=True).focus()
    page.keyboard.press("Enter")
    expect(step(page, "arrived")).to_contain_text(SENT)
    page.get_by_role("button", name="Will be late…").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Will be late").wait_for()
    sound(page, RULES)
    keep_picture(page, "field-late")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("day", ["branch:16"], indirect=True)
def test_it_can_be_installed_and_the_worker_is_the_fields_alone(site, day):
    page = phone(site, day=day)
    page.reload()
    page.get_by_role("region", name="Ladder").wait_for()
    assert page.evaluate("navigator.serviceWorker.controller.scriptURL").endswith("/field-worker.js")
    faults = page.context.new_cdp_session(page).send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {fault["errorId"] for fault in faults} <= {"in-incognito"}, faults
    kept = page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async n => (await (await caches.open(n)).keys())"
        ".map(r => new URL(r.url).pathname)))).flat()"
    )
    assert kept
    assert not [path for path in kept if path.startswith("/api/")]
    page.goto(f"{site.base}/requests")
    page.get_by_role("region", name="Requests", exact=True).wait_for()
    assert page.evaluate("navigator.serviceWorker.controller") is None
