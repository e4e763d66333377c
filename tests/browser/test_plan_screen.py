"""The screen of the plan with all that can stand on it: a proposal that moves some apart, clashes, open offers."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from moms.desk import submit
from moms.desk.proposal import propose
from tests.browser.asks import Caller
from tests.browser.test_screens import LOOKS, SEEN, sound
from tests.desk.test_offers import OTHER, OWNER, THIRD, shared
from tests.desk.test_plan import planned, wish
from tests.desk.worlds import DAY, ENGINEER, NOW

SIZES = [*LOOKS, ("phone-day", (390, 844), False, SEEN), ("narrow-night", (320, 700), True, SEEN)]
OWNER_OF = {2: OWNER, 7: OWNER, 15: OTHER, 27: THIRD, 45: THIRD}


@pytest.fixture(scope="module")
def served():
    """Give a world in which three owners share the lines, and five of their wishes cannot stand together."""
    return shared(slack=0.8)


@pytest.fixture(scope="module")
def plan(place, served):
    """File five wishes, plan them and propose the plan."""
    for k, who in OWNER_OF.items():
        request = wish(f"branch:{k}", organisation=who.organisation)
        found = submit.submit(book=place.book, world=served, actor=who, now=NOW - DAY / 24, request=request)
        assert found.outage is not None, found.findings
    made = planned(place.book, served)
    assert made.cuts
    assert any(p.moved_days for p in made.places)
    propose(book=place.book, actor=ENGINEER, now=NOW, plan=made)
    return made


def test_each_sees_of_the_plan_what_is_its_own(site, plan):
    seen = {}
    for name in ("eve", "ann", "bob", "gil"):
        with Caller(site.base, name) as caller:
            seen[name] = caller.client.get("/plan").json()
    assert {p["outage"] for p in seen["eve"]["plan"]["places"]} == {p.outage.id for p in plan.places}
    for name, organisation in (("ann", "TO-1"), ("bob", "TO-2"), ("gil", "GO-1")):
        mine = {p.outage.id for p in plan.places if p.outage.asked.organisation == organisation}
        assert {p["outage"] for p in seen[name]["plan"]["places"]} == mine
        text = str(seen[name])
        others = [p.outage for p in plan.places if p.outage.asked.organisation != organisation]
        for other in others:
            assert other.id not in text
            assert other.asked.external_id not in text
        shares = [s["owner"] for fair in seen[name]["plan"]["fairness"].values() for s in fair["shares"]]
        assert set(shares) <= {organisation}, "what others pay and bear is theirs"
    assert any("another outage" in c["outages"] for c in seen["ann"]["clashes"] + seen["bob"]["clashes"])
    cited = {tuple(c.requests) for c in plan.cuts}
    assert cited == {tuple(c["outages"]) for c in seen["eve"]["clashes"]}


def test_the_engineer_offers_a_move_of_the_plan_and_its_owner_finds_it(site, plan, keep_picture):
    moved = next(p for p in plan.places if p.moved_days and p.window)
    who = {"TO-1": "ann", "TO-2": "bob", "TO-3": "cat"}[moved.outage.asked.organisation]
    page = site.as_("eve", "/plan")
    table = page.get_by_role("region", name="Table of the plan")
    table.get_by_role("button", name=f"Offer the move of {moved.outage.asked.external_id}").click()
    page.get_by_role("dialog").get_by_role("button", name="Offer it").click()
    expect(page.get_by_role("status").first).to_contain_text("Offered as OF-")
    expect(table).to_contain_text("offered, OF-")
    page = site.as_(who, "/plan")
    waits = page.get_by_role("region", name="Waits for your answer")
    expect(waits.get_by_role("button", name="Accept")).to_be_visible()
    expect(page.get_by_role("region", name="Table of the plan")).to_contain_text("offered, OF-")
    for name in ("eve", who):
        page = site.as_(name, "/plan")
        page.get_by_role("article").first.wait_for()
        for look, (width, height), night, rules in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if night else "light")
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            page.evaluate("scrollTo(0, 0)")
            sound(page, rules)
            keep_picture(page, f"plan-{'engineer' if name == 'eve' else 'owner'}-{look}")
            page.evaluate("scrollTo(0, document.body.scrollHeight)")
            keep_picture(page, f"plan-{'engineer' if name == 'eve' else 'owner'}-{look}-foot")


def test_where_nothing_was_proposed_the_screen_says_what_to_do(site):
    page = site.as_("aud", "/plan")
    page.get_by_role("heading", name="Plan and swap").wait_for()
    assert page.get_by_role("button", name="Offer a move or swap").count() == 0, "an auditor looks"
    sound(page)
