"""Every task by the keyboard alone: asked, taken, settled, acknowledged, handed over, reported, searched, answered."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.browser.asks import RELAY_WORK, Caller
from tests.browser.keys import Keys
from tests.browser.test_screens import sound
from tests.desk.worlds import NOW

MORNING = datetime.fromisoformat("2027-02-10T10:00-05:00")


def part(page, name):
    return page.get_by_role("region", name=name, exact=True)


@pytest.fixture
def hands(site, clock):
    """Give who opens a window and signs in by keys, on the first day: tests move the clock, and run in any order."""
    clock(NOW)

    def at(name, path="/", **how):
        found = Keys(site.open(path, **how))
        found.sign_in(name)
        return found

    return at


def test_an_owner_asks_reads_at_once_what_is_known_and_takes_the_date_offered_instead(hands):
    ann = hands("ann", "/requests")
    page = ann.page
    ann.go("n")
    ann.put("Equipment", "branch:19")
    page.get_by_role("option").filter(has_text="branch:19 ·").wait_for()
    ann.press("ArrowDown", "Enter")
    expect(page.get_by_role("list", name="Chosen equipment")).to_contain_text("line 19")
    ann.date("Out of service from", "02102027", "1200AM")
    ann.date("Back in service at", "02112027", "1200AM")
    expect(part(page, "At once")).to_contain_text("To be studied")
    sound(page)
    ann.choose("Nature of the work", "Line m")
    ann.put("Who answers", "Ann of the desk")
    ann.put("Telephone, day and night", "+1 555 0100")
    ann.push(page.get_by_role("button", name="File the request"))
    page.wait_for_url("**/requests/OTG-*")
    expect(part(page, "Answer")).to_contain_text("Denied")
    first = page.url
    ann.push(part(page, "Other dates").get_by_role("button").first)
    page.wait_for_url("**/ask")
    ann.push(page.get_by_role("button", name="File the request"))
    page.wait_for_url("**/requests/OTG-*")
    assert page.url != first
    expect(part(page, "Request")).to_contain_text("Approved")


def test_an_engineer_clears_the_inbox_one_case_after_the_other(hands, address):
    with Caller(address, "ann") as ann:
        for day in ("20", "22"):
            assert (
                ann.file("branch:3", f"2027-03-{day}T00:00", f"2027-03-{day}T20:00", nature=RELAY_WORK)["state"]
                == "in_study"
            )
    eve = hands("eve", "/inbox")
    page = eve.page
    expect(page.get_by_role("navigation", name="Cases").get_by_role("button")).to_have_count(2)
    for key, word in (("a", "Approve"), ("d", "Deny")):
        expect(part(page, "Answer")).to_contain_text("A person decides")
        eve.press(key)
        page.get_by_role("dialog").wait_for()
        eve.write("looked at by hand")
        eve.push(page.get_by_role("dialog").get_by_role("button", name=word))
        expect(page.get_by_role("status").filter(has_text=f"{word}: ")).to_contain_text("done")
    expect(page.get_by_text("Nothing needs a person.")).to_be_visible()


def test_a_case_that_loads_cannot_be_settled_in_the_place_of_the_one_before_it(hands, address):
    with Caller(address, "ann") as ann:
        one, two = (
            ann.file("branch:3", f"2027-03-{day}T00:00", f"2027-03-{day}T20:00", nature=RELAY_WORK)["id"]
            for day in ("24", "26")
        )
        eve = hands("eve", f"/inbox?case={one}")
        page = eve.page
        held = []

        def hold(route):
            held.append(route)

        page.route(f"**/api/v1/outages/{two}", hold)
        expect(part(page, "Answer")).to_contain_text("A person decides")
        eve.press("a")
        page.get_by_role("dialog").wait_for()
        eve.write("looked at by hand")
        eve.push(page.get_by_role("dialog").get_by_role("button", name="Approve"))
        expect(page.get_by_role("status").filter(has_text="Approve: ")).to_contain_text("done")
        page.wait_for_url(f"**case={two}")
        # The next is picked, and its answer is on its way: there is nothing yet to say no to.
        expect(page.get_by_text("Loading the case")).to_be_visible()
        expect(part(page, "Request")).to_have_count(0)
        eve.press("d")
        expect(page.get_by_role("dialog")).to_have_count(0)
        for route in held:
            route.continue_()
        page.unroute(f"**/api/v1/outages/{two}")
        expect(part(page, "Answer")).to_contain_text("A person decides")
        # The second key of two leads elsewhere and does nothing here.
        eve.go("d")
        page.wait_for_url("**/today")
        page.go_back()
        expect(part(page, "Answer")).to_contain_text("A person decides")
        eve.press("d")
        expect(page.get_by_role("dialog")).to_contain_text("line 3")
        eve.write("not this week")
        eve.push(page.get_by_role("dialog").get_by_role("button", name="Deny"))
        expect(page.get_by_text("Nothing needs a person.")).to_be_visible()
        found = [ann.client.get(f"/outages/{each}").json()["outage"]["status"] for each in (one, two)]
    assert found == ["approved", "denied"]


def test_who_leaves_a_form_on_its_way_stays_at_the_case_that_is_looked_at_by_then(hands, address):
    with Caller(address, "ann") as ann:
        one, two, three = (
            ann.file("branch:3", f"2027-04-{day}T00:00", f"2027-04-{day}T20:00", nature=RELAY_WORK)["id"]
            for day in ("12", "14", "16")
        )
        eve = hands("eve", f"/inbox?case={one}")
        page = eve.page
        held = []

        def hold(route):
            held.append(route)

        page.route(f"**/api/v1/outages/{one}/settle", hold)
        expect(part(page, "Answer")).to_contain_text("A person decides")
        eve.press("d")
        page.get_by_role("dialog").wait_for()
        eve.write("looked at by hand")
        eve.push(page.get_by_role("dialog").get_by_role("button", name="Deny"))
        eve.push(page.get_by_role("dialog").get_by_role("button", name="Leave it"))
        eve.press("j", "j")
        page.wait_for_url(f"**case={three}")
        held[0].continue_()
        expect(page.get_by_role("status").filter(has_text="Deny: ")).to_contain_text("done")
        expect(page.get_by_role("navigation", name="Cases").get_by_role("button")).to_have_count(2)
        assert page.url.endswith(f"case={three}")
        for name in (two, three):
            ann.step(ann.client.get(f"/outages/{name}").json()["outage"], "cancel", reason="not needed")


def test_the_room_acknowledges_reports_hands_over_and_another_takes_it_without_a_wait(hands, address, clock):
    clock(MORNING)
    with Caller(address, "roy") as caller:
        caller.do("/forced", {"assets": ["branch:20"], "since": "2027-02-10T08:12-05:00", "description": "a tree"})
    roy, eve = hands("roy", "/today"), hands("eve", "/today")
    expect(part(roy.page, "Forced out").get_by_role("button", name="Acknowledge line 20")).to_be_visible()
    roy.press("a")
    expect(part(eve.page, "Forced out")).to_contain_text("Acknowledged by roy")
    roy.push(roy.page.get_by_role("link", name="Hand over the shift"))
    roy.put("What who comes has to know", "the tree is gone, the line is walked")
    roy.push(roy.page.get_by_role("button", name="Hand over the shift"))
    expect(roy.page.get_by_role("status").filter(has_text="Handed over.")).to_be_visible()
    # The beat of the pages is fifteen seconds, and the clock stands: what brings it there is the event.
    expect(eve.page.get_by_text("nobody has taken it yet")).to_be_visible(timeout=10_000)
    eve.push(eve.page.get_by_role("link", name="Read it and take it"))
    eve.push(eve.page.get_by_role("button", name="I have read it and take the room"))
    expect(part(roy.page, "Last hand-over")).to_contain_text("eve took it", timeout=10_000)


def test_a_crew_reports_from_the_field(hands, address, clock):
    clock(MORNING)
    with Caller(address, "roy") as caller:
        out = caller.do("/forced", {"assets": ["branch:23"], "organisation": "TO-1", "since": "2027-02-10T08:12-05:00"})
    fay = hands("fay", f"/field?job={out['id']}", width=390, height=844)
    page = fay.page
    ladder = part(page, "Ladder").get_by_role("listitem")
    for name in ("Arrived", "Released by control room"):
        fay.push(page.get_by_role("button", name=name, exact=True))
        expect(ladder.filter(has_text=name)).to_contain_text("sent 10:00")


def test_an_owner_answers_an_offer_to_move(hands, address, clock):
    clock(MORNING)
    with Caller(address, "ann") as ann, Caller(address, "eve") as eve:
        mine = ann.file("branch:7", "2027-03-02T00:00", "2027-03-02T20:00")
        assert mine["status"].startswith("approved")
        body = {"outage": mine["id"], "start": "2027-03-04T00:00-05:00", "reason": "the crane is booked"}
        found = eve.client.post("/offers", json=body, headers={"Idempotency-Key": "by-keys"})
        assert found.status_code == 200, found.text
    ann = hands("ann", "/requests")
    page = ann.page
    ann.go("p")
    mine = page.get_by_role("article").filter(has_text=found.json()["id"])
    ann.push(mine.get_by_role("button", name="Accept"))
    ann.push(page.get_by_role("dialog").get_by_role("button", name="Accept"))
    expect(page.get_by_role("status").first).to_contain_text("Agreed and done")


def test_an_auditor_searches_the_record(hands, address):
    with Caller(address, "ann") as ann:
        ann.file("branch:2", "2027-03-10T00:00", "2027-03-10T20:00")
    aud = hands("aud", "/")
    page = aud.page
    aud.go("b")
    aud.push(page.get_by_role("link", name="Journal"))
    aud.put("Deed", "decide")
    page.wait_for_url("**verb=decide")
    expect(part(page, "Journal").get_by_role("listitem").first).to_contain_text("decide:")
    aud.put("Words", "nobody wrote this")
    expect(page.get_by_text("No line matches")).to_be_visible()
    aud.push(page.get_by_role("link", name="Is it whole?"))
    aud.push(page.get_by_role("button", name="Examine the record"))
    expect(page.get_by_text("The record is whole.")).to_be_visible()


def test_who_signs_out_leaves_no_draft_to_who_signs_in_next(hands):
    ann = hands("ann", "/ask")
    page = ann.page
    ann.put("What is done", "insulators at tower 31")
    ann.push(page.get_by_role("button", name="Sign out"))
    kept = "JSON.stringify(Object.entries(sessionStorage))"
    page.get_by_label("Password").wait_for()
    assert "tower 31" not in page.evaluate(kept)
    ann.sign_in("bob")
    ann.go("n")
    expect(page.get_by_label("What is done", exact=True)).to_have_value("")
