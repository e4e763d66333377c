"""Plan and swap as people live it: a move accepted, a move declined, a swap agreed by two and unseen by a third."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.asks import Caller
from tests.desk.test_offers import shared

DAY = "2027-{}T00:00"


@pytest.fixture(scope="module")
def served():
    """Give a world in which three owners share the lines."""
    return shared()


def filed(site, name, asset, month_day, *, organisation):
    """File a request of a day, and see that it was granted."""
    start, end = DAY.format(month_day), f"2027-{month_day}T23:00"
    with Caller(site.base, name) as caller:
        outage = caller.file(asset, start, end, organisation=organisation)
    assert outage["status"] == "approved"
    return outage


def offered(site, outage, start):
    """Offer its owner another start, as the engineer, over the interface for programs."""
    with Caller(site.base, "eve") as caller:
        body = {"outage": outage["id"], "start": f"{start}-05:00", "reason": "the crew of the substation is booked"}
        key = {"Idempotency-Key": f"offer {outage['id']}".replace(" ", "-")}
        found = caller.client.post("/offers", json=body, headers=key)
        assert found.status_code == 200, found.text
        return found.json()


def card(page, offer):
    return page.get_by_role("article").filter(has_text=offer)


def now_at(site, name, outage):
    with Caller(site.base, name) as caller:
        return caller.client.get(f"/outages/{outage['id']}").json()["outage"]["window"]["start"]


def test_an_owner_accepts_a_move_and_the_record_shows_it(site):
    outage = filed(site, "ann", "branch:3", "02-10", organisation="TO-1")
    offer = offered(site, outage, "2027-02-12T00:00")
    page = site.as_("ann", "/plan")
    mine = card(page, offer["id"])
    expect(mine).to_contain_text("Fri 2027-02-12 00:00")
    expect(mine).to_contain_text("Answer by")
    mine.get_by_role("button", name="What would a study say now?").click()
    expect(mine.get_by_role("status")).to_contain_text("would grant it")
    mine.get_by_role("button", name="Accept").click()
    page.get_by_role("dialog").get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status").first).to_contain_text("Agreed and done")
    page.goto(f"{site.base}/requests/{outage['id']}")
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("Fri 2027-02-12 00:00")
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("Approved")
    expect(page.get_by_role("region", name="History")).to_contain_text(offer["id"])
    rules = page.get_by_role("region", name="Table of rules")
    expect(rules.get_by_role("row").filter(has_text="SEC-N1-1")).to_contain_text("pass")


def test_who_declines_by_keys_alone_keeps_the_dates(site):
    outage = filed(site, "ann", "branch:4", "02-17", organisation="TO-1")
    offer = offered(site, outage, "2027-02-19T00:00")
    page = site.as_("ann", "/plan")
    button = card(page, offer["id"]).get_by_role("button", name="Decline")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    page.get_by_label("Why, for the record").focus()
    page.keyboard.type("the helicopter comes that day")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("nothing moves")
    assert now_at(site, "ann", outage) == outage["window"]["start"]
    with Caller(site.base, "eve") as caller:
        told = [o for o in caller.client.get("/offers").json()["items"] if o["id"] == offer["id"]]
    assert [(o["became"], o["said"]) for o in told] == [("declined", "declined: the helicopter comes that day")]


def test_a_swap_of_two_owners_is_done_when_both_agreed_and_a_third_sees_nothing_of_it(site):
    mine = filed(site, "ann", "branch:5", "03-02", organisation="TO-1")
    yours = filed(site, "bob", "branch:12", "03-09", organisation="TO-2")
    ann = site.as_("ann", "/plan")
    ann.get_by_role("button", name="Ask another owner for a swap").click()
    dialog = ann.get_by_role("dialog")
    dialog.get_by_label("Your outage").select_option(mine["id"])
    dialog.get_by_label("Whom do you ask").select_option("TO-2")
    dialog.get_by_label("Why").fill("our crane is free on your day")
    dialog.get_by_role("button", name="Offer it").click()
    expect(ann.get_by_role("status").first).to_contain_text("Offered as OF-")
    name = re.search(r"OF-\w+", ann.get_by_role("status").first.inner_text())[0]

    bob = site.as_("bob", "/plan")
    his = card(bob, name)
    expect(his).to_contain_text("Tue 2027-03-02")
    assert "line 5" not in his.inner_text(), "the equipment is not told"
    his.get_by_role("button", name="Give an outage for it").click()
    bob.get_by_role("dialog").get_by_label("Which of yours").select_option(yours["id"])
    bob.get_by_role("dialog").get_by_label("Why").fill("suits us")
    bob.get_by_role("dialog").get_by_role("button", name="Name other dates").click()
    expect(bob.get_by_role("status").first).to_contain_text("Countered")
    assert (now_at(site, "ann", mine), now_at(site, "bob", yours)) == (
        mine["window"]["start"],
        yours["window"]["start"],
    )

    cat = site.as_("cat", "/plan")
    expect(cat.get_by_role("region", name="Waits for your answer")).to_contain_text("No offer waits for you")
    assert name not in cat.content()
    with Caller(site.base, "cat") as caller:
        told = [caller.client.get(way) for way in ("/offers", "/plan", "/notices", f"/offers/{name}/study")]
        body = {"answer": "decline", "reason": "x"}
        tried = caller.client.post(
            f"/offers/{name}/answer", json=body, headers={"If-Match": '"2"', "Idempotency-Key": "cat-tries"}
        )
    assert [t.status_code for t in (*told, tried)] == [200, 200, 200, 404, 404]
    for secret in (mine["id"], yours["id"], "TO-2's", "crane"):
        assert secret not in json.dumps([t.text.replace(name, "") for t in told])

    ann.reload()
    hers = card(ann, name)
    expect(hers).to_contain_text("Tue 2027-03-09")
    hers.get_by_role("button", name="Accept").click()
    ann.get_by_role("dialog").get_by_role("button", name="Accept").click()
    expect(ann.get_by_role("status").first).to_contain_text("Agreed and done")
    assert now_at(site, "ann", mine) == yours["window"]["start"]
    assert now_at(site, "bob", yours) == mine["window"]["start"]


def test_the_inbox_of_an_owner_tells_of_an_offer(site):
    outage = filed(site, "ann", "branch:7", "04-06", organisation="TO-1")
    offer = offered(site, outage, "2027-04-08T00:00")
    with Caller(site.base, "ann") as caller:
        found = caller.client.get("/notices", params={"open": "true"}).json()["items"]
    mine = [n for n in found if n["tells"]["verb"] == "offer_made" and n["tells"]["outage"] == outage["id"]]
    assert [n["severity"] for n in mine] == ["action", "action"] or [n["severity"] for n in mine] == ["action"]
    assert offer["id"] in mine[0]["tells"]["says"]


def test_what_is_asked_wrongly_is_refused_with_field_and_fix(site):
    outage = filed(site, "ann", "branch:2", "04-20", organisation="TO-1")
    with Caller(site.base, "eve") as caller:
        way, good = caller.client, {"outage": outage["id"], "start": "2027-04-22T00:00-05:00", "reason": "x"}
        keys = ({"Idempotency-Key": f"wrong-{k}"} for k in range(20))
        assert way.post("/offers", json=good).status_code == 400, "no key"
        for wrong, field in (
            ({**good, "reason": " "}, "reason"),
            ({**good, "start": "soon"}, "start"),
            ({**good, "until": "2026-01-01T00:00-05:00"}, "until"),
            ({**good, "start": "2027-04-20T00:00-05:00", "outage": "OTG-AAAAAAAA"}, "outage"),
        ):  # fmt: skip
            found = way.post("/offers", json=wrong, headers=next(keys))
            assert found.status_code in {404, 422}, found.text
            assert (found.json()["field"], bool(found.json()["fix"])) == (field, True), found.text
        one = next(keys)
        made = way.post("/offers", json=good, headers=one)
        again = way.post("/offers", json=good, headers=one)
        assert (again.text, again.headers["Idempotency-Replayed"]) == (made.text, "true")
        answer = f"/offers/{made.json()['id']}/answer"
        body = {"answer": "withdraw", "reason": "x"}
        assert way.post(answer, json=body, headers=next(keys)).status_code == 428
        assert way.post(answer, json=body, headers={**next(keys), "If-Match": '"9"'}).status_code == 412
        assert way.post(answer, json=body, headers={**next(keys), "If-Match": '"1"'}).status_code == 200
        assert way.post(answer, json=body, headers={**next(keys), "If-Match": '"2"'}).status_code == 409
