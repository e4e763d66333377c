"""A season planned from the page: asked for by keys, watched while it is made, explained, compared, written, undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from moms.desk import planning, submit
from moms.desk.planning_work import WeeksKnown, advance
from moms.desk.work import GaveWay
from moms.values import SYSTEM
from tests.browser.asks import Caller
from tests.browser.keys import Keys
from tests.browser.test_plan_screen import OWNER_OF, SIZES
from tests.browser.test_screens import sound
from tests.desk.test_offers import shared
from tests.desk.test_plan import wish
from tests.desk.worlds import ENGINEER, NOW

DAYS = {"first": "2027-02-08", "last": "2027-02-14", "work": 50}


@pytest.fixture(scope="module")
def served():
    """Give a world in which three owners share the lines, and five of their wishes cannot stand together."""
    return shared(slack=0.8)


@pytest.fixture(scope="module")
def wishes(place, served):
    """File five wishes that cannot all stand on one day."""
    found = []
    for k, who in OWNER_OF.items():
        request = wish(f"branch:{k}", organisation=who.organisation)
        done = submit.submit(book=place.book, world=served, actor=who, now=NOW - timedelta(hours=1), request=request)
        assert done.outage is not None, done.findings
        found.append(done.outage)
    return found


@pytest.fixture
def worker(place, served, wishes):
    """Give what does a worker's part of the open planning, at most so many rounds of it."""
    known = WeeksKnown()

    def works(rounds=99):
        with place.book.as_(SYSTEM) as page:
            there = next(one for one in planning.all_plannings(page).values() if one.open)

        def urgent():
            with place.book.as_(SYSTEM) as page:
                return len(planning.rounds_of(page, there.id)) >= rounds

        try:
            return advance(book=place.book, world=served, now=NOW, planning=there.id, known=known, urgent=urgent)
        except GaveWay:
            return "gave way"

    yield works
    with place.book.as_(SYSTEM) as page:
        left = [one for one in planning.all_plannings(page).values() if one.open]
    for one in left:
        planning.stop(
            book=place.book, actor=ENGINEER, now=NOW, planning=one.id, revision=one.revision, reason="the end"
        )


@pytest.fixture
def made(place, worker):
    """Give a plan that was asked for at the desk and made; each of a name of its own."""
    with place.book.as_(SYSTEM) as page:
        many = len(planning.all_plannings(page))
    wanted = planning.wanted_of(**DAYS, nonce=f"n{many}")
    there = planning.start(book=place.book, actor=ENGINEER, now=NOW, key=f"made {many}", wanted=wanted, reason="spring")
    assert worker() == "the whole of it is secure"
    return there.id


def part(page, name):
    return page.get_by_role("region", name=name, exact=True)


def the_plan(page, name):
    return part(page, f"The season plan {name}")


def test_a_season_is_planned_written_and_rolled_back_by_keys_alone_and_seen_live(site, worker, wishes, place):
    eve = Keys(site.open("/"))
    eve.sign_in("eve")
    page = eve.page
    eve.go("p")
    plans = part(page, "Season plans")
    eve.push(plans.get_by_role("button", name="Plan a season"))
    eve.put("First day", "02082027")
    eve.put("Last day, included", "02142027")
    eve.put("Why, for the record", "the spring works")
    eve.push(page.get_by_role("dialog").get_by_role("button", name="Plan it"))
    expect(plans).to_contain_text("Asked for: SP-")
    expect(plans).to_contain_text("It waits for a worker")
    page.evaluate("() => { window.same = true }")
    assert worker(1) == "gave way"
    rounds = part(page, "Table of rounds").get_by_role("row")
    expect(rounds).to_have_count(2, timeout=10_000)  # told, not asked for: the beat of the pages is fifteen seconds
    expect(plans).to_contain_text("NOT secure as a whole")
    assert worker() == "the whole of it is secure"
    expect(plans.get_by_role("button", name="Accept the plan")).to_be_visible(timeout=10_000)
    assert page.evaluate("window.same"), "the page was never loaded anew"
    expect(plans).to_contain_text("5 of 5 requests have a place")
    before = {o.id: o.asked.window.start for o in wishes}

    def starts():
        with place.book.as_(SYSTEM) as book:
            return {name: book.outage(name).asked.window.start for name in before}

    eve.push(plans.get_by_role("button", name="Accept the plan"))
    eve.push(page.get_by_role("dialog").get_by_role("button", name="Accept it"))
    expect(page.get_by_role("status").filter(has_text="Accepted")).to_contain_text("5 booked")
    expect(plans).to_contain_text("In the book")
    assert starts() != before
    eve.push(plans.get_by_role("button", name="Roll it back"))
    eve.write("a mistake")
    eve.push(page.get_by_role("dialog").get_by_role("button", name="Roll it back"))
    expect(page.get_by_role("status").filter(has_text="Rolled back")).to_be_visible()
    expect(plans).to_contain_text("Taken back")
    assert starts() == before
    sound(page)


def test_one_that_is_stopped_keeps_its_best_and_is_not_written(site, worker, place):
    planning.start(book=place.book, actor=ENGINEER, now=NOW, key="to stop", reason="spring",
                   wanted=planning.wanted_of(**DAYS, nonce="stop"))  # fmt: skip
    assert worker(1) == "gave way"
    page = site.as_("eve", "/plan")
    plans = part(page, "Season plans")
    plans.get_by_role("button", name="Stop, keep the best").click()
    page.get_by_label("Why, for the record").fill("enough")
    page.get_by_role("dialog").get_by_role("button", name="Stop it").click()
    expect(plans).to_contain_text("Stopped by eve: enough")
    expect(plans).to_contain_text("Still insecure together")
    assert plans.get_by_role("button", name="Accept the plan").count() == 0, "what is not secure is not written"


def test_a_request_is_explained_from_the_table_and_from_the_timeline(site, made):
    page = site.as_("eve", f"/plan?season={made}")
    table = part(page, "Table of the season plan")
    moved = table.get_by_role("row").filter(has_text=" d").filter(has_text="from the wish").first
    moved.get_by_role("button", name="Explain").click()
    why = part(page, "Why this date")
    for words in ("What is binding", "In its way", "Given up for it", "A week earlier", "Its owner bears"):
        expect(why).to_contain_text(words)
    expect(why).to_contain_text("secure without any one of them")
    assert "OTG-" not in why.inner_text(), "requests are called by their owners' references"
    assert "why=OTG-" in page.url, "a link shows the same"
    why.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Timeline", exact=True).click()
    canvas = page.get_by_role("application")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    expect(part(page, "Why this date")).to_contain_text("Where it stands")
    page.reload()
    expect(part(page, "Why this date")).to_contain_text("Where it stands")


def test_two_plans_are_compared_on_the_page(site, made, worker, place):
    planning.start(book=place.book, actor=ENGINEER, now=NOW, key=f"against {made}", reason="spring",
                   wanted=planning.wanted_of(first="2027-02-09", last="2027-02-14", work=50, nonce=made))  # fmt: skip
    worker()
    page = site.as_("aud", f"/plan?season={made}")
    page.get_by_label("Compare with").select_option(index=1)
    found = page.get_by_role("region").filter(has=page.get_by_role("heading", name="Compared with"))
    expect(found.last).to_contain_text("stand elsewhere")
    expect(part(page, "Table of terms of both")).to_contain_text("Days away from the dates asked for")
    sound(page)


def test_an_owner_reads_its_own_part_of_a_plan_once_it_is_proposed(site, made, wishes):
    page = site.as_("eve", f"/plan?season={made}")
    page.get_by_role("button", name="Propose it to its owners").click()
    page.get_by_role("dialog").get_by_role("button", name="Propose it").click()
    expect(page.get_by_role("status").filter(has_text="Proposed")).to_be_visible()
    page = site.as_("bob", f"/plan?season={made}")
    plan = the_plan(page, made)
    mine = [o for o in wishes if o.asked.organisation == "TO-2"]
    expect(part(page, "Table of the season plan").get_by_role("row")).to_have_count(1 + len(mine))
    plan.get_by_role("button", name=f"Explain {mine[0].asked.external_id}").click()
    expect(part(page, "Why this date")).to_contain_text("A week earlier")
    text = page.locator("main").inner_text()
    for other in wishes:
        if other.asked.organisation != "TO-2":
            assert other.id not in text
            assert other.asked.external_id not in text
    assert page.get_by_role("button", name="Accept the plan").count() == 0
    assert page.get_by_role("button", name="Plan a season").count() == 0


def test_a_refusal_is_said_beside_what_was_asked_and_nothing_is_lost(site, made, place, served):
    page = site.as_("eve", f"/plan?season={made}")
    page.get_by_role("button", name="Plan a season").click()
    page.get_by_label("First day").fill("2027-02-14")
    page.get_by_label("Last day, included").evaluate("one => one.removeAttribute('min')")
    page.get_by_label("Last day, included").fill("2027-02-08")
    page.get_by_label("Why, for the record").fill("the spring works")
    page.get_by_role("dialog").get_by_role("button", name="Plan it").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("2027-02-08 lies before 2027-02-14")
    expect(page.get_by_label("Why, for the record")).to_have_value("the spring works")
    page.get_by_role("button", name="Leave it").click()
    with Caller(site.base, "ann") as ann:
        ann.file("branch:1", "2027-02-11T00:00", "2027-02-11T20:00")
    expect(the_plan(page, made)).to_contain_text("What it rests on has changed since")
    assert page.get_by_role("button", name="Accept the plan").count() == 0


@pytest.fixture
def under_way(place, worker):
    """Give what begins another plan beside one, and makes its first round."""

    def begins(beside):
        planning.start(book=place.book, actor=ENGINEER, now=NOW, key=f"open {beside}", reason="spring",
                       wanted=planning.wanted_of(**DAYS, nonce=f"open {beside}"))  # fmt: skip
        worker(1)

    return begins


@pytest.mark.parametrize("what", ["open", "table", "timeline", "compared", "owner"])
def test_it_is_fit_for_everybody_in_every_look(site, made, under_way, keep_picture, what):
    if what == "open":
        under_way(made)
    with Caller(site.base, "eve") as eve:
        rows = eve.client.get("/season-plans").json()["items"]
        whole = eve.client.get(f"/season-plans/{made}").json()
        if what == "owner":
            at = {"If-Match": f'"{whole["revision"]}"', "Idempotency-Key": f"propose {made}".replace(" ", "-")}
            assert eve.client.post(f"/season-plans/{made}/propose", headers=at).status_code == 200
    moved = next(p["outage"] for p in whole["plan"]["places"] if p["moved_days"])
    other = next((r["id"] for r in rows if r["id"] != made and r["best"]), made)
    address = {
        "open": "/plan", "table": f"/plan?season={made}&why={moved}",
        "timeline": f"/plan?season={made}&plan=timeline&why={moved}",
        "compared": f"/plan?season={made}&against={other}", "owner": f"/plan?season={made}",
    }[what]  # fmt: skip
    page = site.as_("ann" if what == "owner" else "eve", address)
    region = page.get_by_role("region").filter(has=page.get_by_role("heading", name="SP-"))
    region.last.wait_for()
    if what in {"table", "timeline"}:
        expect(part(page, "Why this date")).to_contain_text("A week earlier")
    if what == "compared":
        expect(part(page, "Table of terms of both")).to_be_visible()
    for look, (width, height), night, rules in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if night else "light")
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.evaluate("document.getElementById('season-plans').scrollIntoView()")
        sound(page, rules)
        keep_picture(page, f"season-{what}-{look}")
        page.evaluate("scrollBy(0, innerHeight * 0.8)")
        keep_picture(page, f"season-{what}-{look}-below")
