"""What goes wrong around whoever works: each is said, and nothing typed is lost."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Route, expect

from moms.desk import people
from moms.store.people import PostgresRegister
from tests.browser.asks import PASSWORD, Caller, fill
from tests.browser.conftest import ADMIN, Site
from tests.browser.cut import Wire
from tests.browser.test_screens import sound

LONG = "Südwestliche-Umspannwerksgemeinschaft-" * 11
ROWS = 100_000


def answer(page):
    return page.get_by_role("region", name="Answer", exact=True)


def into(held):
    """Give what keeps a request unanswered until the test lets it go."""

    def take(route):
        held.append(route)

    return take


def test_while_a_slow_service_works_it_says_so_and_one_can_go_on_typing(site):
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:2", start="2027-06-01T07:00", end="2027-06-01T17:00")
    held: list[Route] = []
    page.route("**/api/v1/outages?preview=true", into(held))
    page.get_by_role("button", name="See the answer first").click()
    study = page.get_by_role("region", name="Being studied")
    expect(study).to_contain_text(re.compile("[0-9]+ s so far"))
    sound(page)
    page.get_by_label("What is done").fill("typed meanwhile")
    page.get_by_role("button", name="See the answer first").click()
    page.wait_for_timeout(1500)
    assert len(held) == 1, "the same is not asked for twice"
    held[0].continue_()
    expect(answer(page)).to_contain_text("Approved")
    expect(page.get_by_label("What is done")).to_have_value("typed meanwhile")
    page.get_by_label("Back in service at").fill("2027-06-01T18:00")
    expect(page.get_by_text("You changed the request since:").or_(study).first).to_be_visible()
    page.route("**/api/v1/outages", into(held))
    page.get_by_role("button", name="File the request").click()
    expect(page.get_by_role("button", name=re.compile("Filing and studying, [0-9]+ s"))).to_be_disabled()
    expect(page.get_by_role("button", name="See the answer first")).to_be_disabled()
    sound(page)
    held[-1].continue_()
    page.wait_for_url("**/requests/OTG-*")


def test_a_list_that_is_slow_says_that_it_is_being_loaded(site):
    page = site.as_("ann", "/ask")
    held: list[Route] = []
    page.route("**/api/v1/outages?*", into(held))
    page.get_by_role("link", name="My requests").click()
    expect(page.get_by_text("Loading the requests …")).to_be_visible()
    sound(page)
    page.wait_for_timeout(100)
    held[0].fulfill(status=503, content_type="application/problem+json",
                    body=json.dumps({"title": "too much is waiting already", "fix": "try again shortly"}))  # fmt: skip
    trouble = page.get_by_role("alert").filter(has_text="too much is waiting already")
    expect(trouble).to_contain_text("What to do: try again shortly")
    page.unroute("**/api/v1/outages?*")
    trouble.get_by_role("button", name="Try again").click()
    expect(trouble).to_have_count(0)


def test_a_stream_that_was_cut_is_said_and_what_happened_meanwhile_is_there_when_it_is_back(address, browser):
    with Wire(address) as wire, Caller(address, "roy") as roy:
        site = Site(base=wire.base, browser=browser)
        page = site.as_("roy", "/today")
        page.get_by_role("button", name="Report a forced outage").wait_for()
        wire.cut()
        expect(page.get_by_text("The service does not answer:")).to_be_visible()
        expect(page.locator("main")).to_have_class(re.compile("faded"))
        sound(page)
        roy.do("/forced", {"assets": ["branch:17"], "description": "while nobody could hear"})
        expect(page.get_by_text("line 17")).to_have_count(0)
        wire.mend()
        expect(page.get_by_text("The service does not answer:")).to_have_count(0)
        expect(page.get_by_role("region", name="Forced out")).to_contain_text("line 17")
        site.contexts[0].close()
        assert not site.strangers


def test_a_session_that_ends_while_filing_files_once_after_all(site):
    page = site.as_("ann", "/ask")
    name = fill(page, asset="branch:7", start="2027-06-03T07:00", end="2027-06-03T17:00")
    held = []

    def hold(route):
        held.append(route)

    # What the page asks by itself while one types would find the session ended first, and say so before the button.
    page.route("**/api/v1/quick**", hold)
    page.context.clear_cookies()
    page.get_by_role("button", name="File the request").click()
    page.unroute("**/api/v1/quick**")
    dialog = page.get_by_role("dialog", name="Your session has ended")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    dialog.wait_for(state="hidden")
    for route in held:
        route.continue_()
    page.get_by_role("button", name="File the request").click()
    page.wait_for_url("**/requests/OTG-*")
    with Caller(site.base, "ann") as ann:
        found = ann.client.get("/outages", params={"text": name}).json()["items"]
    assert [one["request"]["external_id"] for one in found] == [name]


def test_two_tabs_keep_their_own_drafts_and_hear_of_each_other(site):
    one = site.as_("ann", "/ask")
    other = one.context.new_page()
    other.goto(f"{site.base}/ask")
    name = fill(one, asset="branch:12", start="2027-06-05T07:00", end="2027-06-05T17:00")
    fill(other, asset="branch:14", start="2027-06-06T07:00", end="2027-06-06T17:00")
    one.reload()
    expect(one.get_by_label("Out of service from")).to_have_value("2027-06-05T07:00")
    expect(other.get_by_label("Out of service from")).to_have_value("2027-06-06T07:00")
    third = one.context.new_page()
    third.goto(f"{site.base}/requests?text={name}")
    expect(third.get_by_text("No request matches")).to_be_visible()
    one.get_by_role("button", name="File the request").click()
    one.wait_for_url("**/requests/OTG-*")
    expect(third.get_by_role("link", name="line 12")).to_be_visible()
    # Signed out in one, the others ask who is there, and keep what was typed.
    one.get_by_role("button", name="Sign out").click()
    dialog = other.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    dialog.wait_for(state="hidden")
    expect(other.get_by_label("Out of service from")).to_have_value("2027-06-06T07:00")


def test_the_back_button_brings_back_what_was_typed_and_what_was_looked_for(site):
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:16", start="2027-06-07T07:00", end="2027-06-07T17:00")
    page.get_by_role("link", name="Free days", exact=True).click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Ask for an outage")
    page.go_back()
    expect(page.get_by_label("Out of service from")).to_have_value("2027-06-07T07:00")
    with Caller(site.base, "ann") as ann:
        filed = ann.file("branch:18", "2027-06-08T07:00", "2027-06-08T17:00")
    page.goto(f"{site.base}/requests?text={filed['request']['external_id']}&sort=latest")
    page.get_by_role("link", name="line 18").click()
    page.wait_for_url("**/requests/OTG-*")
    page.go_back()
    expect(page.get_by_label("Words")).to_have_value(filed["request"]["external_id"])
    expect(page.get_by_label("Order")).to_have_value("latest")
    expect(page.get_by_role("link", name="line 18")).to_be_visible()


@pytest.mark.parametrize("path", ["/requests", "/requests/{id}", "/timeline?from=2027-06-05&days=14&show=all&as=table"])
def test_names_of_400_characters_stay_inside_the_page(site, path):
    assert len(LONG) > 400
    with Caller(site.base, "ann") as ann:
        filed = ann.file("branch:5", "2027-06-10T07:00", "2027-06-10T17:00", external_id=LONG[:100],
                         description=LONG, contacts=[{"name": LONG[:100], "phone": "+1 555 0100"}])  # fmt: skip
    page = site.as_("ann", path.format(id=filed["id"]), width=320, height=700)
    expect(page.get_by_text(LONG[:60]).first).to_be_attached()
    sound(page)


def test_a_name_that_is_too_long_is_refused_with_its_field_and_the_fix(site):
    with Caller(site.base, "ann") as ann, pytest.raises(AssertionError) as refused:
        ann.file("branch:5", "2027-06-11T07:00", "2027-06-11T17:00", external_id=LONG)
    said = str(refused.value)
    assert "external_id" in said
    assert "100" in said
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:5", start="2027-06-11T07:00", end="2027-06-11T17:00")
    reference = page.get_by_label("Your reference", exact=True)
    reference.press("Control+a")
    page.keyboard.insert_text(LONG)
    assert reference.input_value() == LONG[:100]


def test_text_from_right_to_left_turns_nothing_around_it(site):
    # The override of U+202E would turn all that follows, unless it is fenced in.
    with Caller(site.base, "ann") as ann:
        filed = ann.file("branch:19", "2027-06-12T07:00", "2027-06-12T09:00", external_id="خط ١٨ \u202etxt.gpj")
    page = site.as_("ann", "/requests?text=txt.gpj")
    page.get_by_text(filed["id"]).wait_for()
    left = page.evaluate(
        """name => {
          const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const at = walk.currentNode.data.indexOf(name);
            if (at < 0) continue;
            return [...name].map((_, k) => {
              const one = document.createRange();
              one.setStart(walk.currentNode, at + k);
              one.setEnd(walk.currentNode, at + k + 1);
              return one.getBoundingClientRect().left;
            });
          }
        }""",
        filed["id"],
    )
    assert left == sorted(left), "the id reads from left to right"
    sound(page)
    page.goto(f"{site.base}/requests/{filed['id']}")
    answer(page).wait_for()
    sound(page)


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("2027-03-28T02:30", "2027-03-28T03:30", "1 h"),  # an hour that the browser's own zone leaves out
        ("2027-10-31T01:30", "2027-10-31T03:30", "2 h"),  # one that it has twice
        ("2027-03-14T01:00", "2027-03-14T04:00", "3 h"),  # the same days of the market's own country
        ("2027-11-07T00:30", "2027-11-07T02:30", "2 h"),
    ],
)
def test_a_day_on_which_clocks_change_has_its_hours_in_market_time(site, start, end, says):
    page = site.as_("ann", "/ask")
    with page.expect_request("**/api/v1/outages?preview=true") as sent:  # by the button, or by itself before
        fill(page, asset="branch:2", start=start, end=end)
        expect(page.get_by_label("Out of service from")).to_have_value(start)
        expect(page.locator("form [aria-live]").filter(has_text=start[11:])).to_contain_text(f", {says}")
        page.get_by_role("button", name="See the answer first").click()
    window = sent.value.post_data_json["window"]
    expected = [datetime.fromisoformat(f"{one}-05:00").astimezone(UTC) for one in (start, end)]
    assert [datetime.fromisoformat(window[k]).astimezone(UTC) for k in ("start", "end")] == expected
    expect(answer(page)).to_be_visible()


def test_a_window_in_the_past_is_refused_at_its_field_with_the_fix(site):
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:2", start="2026-02-01T00:00", end="2026-02-02T00:00")
    page.get_by_role("button", name="File the request").click()
    start = page.get_by_label("Out of service from")
    expect(start).to_have_attribute("aria-invalid", "true")
    expect(start).to_be_focused()
    expect(page.locator("#f-window-start-fault")).to_contain_text("has passed")
    assert page.url.endswith("/ask")


def test_all_that_is_wrong_with_a_request_is_told_at_once_each_at_its_field_and_mended_in_one_round(site):
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:2", start="2026-02-01T00:00", end="2026-02-02T00:00")
    page.get_by_label("Nature of the work").select_option("")
    page.get_by_label("Recall time, hours").fill("two")
    page.get_by_label("In an emergency, hours").fill("0")
    page.get_by_label("Telephone, day and night").fill("")
    page.get_by_label("Could start as early as").fill("2027-07-01T00:00")
    page.get_by_text("Your reference, other dates").click()
    asked = []
    page.on("request", lambda sent: asked.append(sent.url) if sent.method == "POST" else None)
    page.get_by_role("button", name="File the request").click()
    wrong = {
        "Out of service from": ("2027-06-21T00:00", "has passed"),
        "Recall time, hours": ("4", "two is no number of hours"),
        "In an emergency, hours": ("2", "0 h"),
        "Telephone, day and night": ("+1 555 0100", "no telephone"),
        "Could start as early as": ("2027-06-01T00:00", "before"),
    }
    told = page.get_by_role("alert").filter(has_text="things stand in the way")
    expect(told).to_contain_text("6 things")
    for label, (_, says) in wrong.items():
        field = page.get_by_label(label, exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"#{field.get_attribute('aria-describedby').split()[-1]}")).to_contain_text(says)
        expect(told.get_by_role("button", name=label)).to_be_visible()
    expect(page.get_by_label("Out of service from")).to_be_focused()
    sound(page)
    told.get_by_role("button", name="Could start as early as").press("Enter")
    expect(page.get_by_label("Could start as early as")).to_be_focused()
    page.get_by_label("Nature of the work").select_option("LM")
    page.get_by_label("Back in service at").fill("2027-06-22T00:00")
    for label, (right, _) in wrong.items():
        page.get_by_label(label, exact=True).fill(right)
    expect(told).to_be_hidden()
    expect(page.locator("[aria-invalid]")).to_have_count(0)
    page.get_by_role("button", name="File the request").click()
    page.wait_for_url("**/requests/OTG-*")
    assert len(asked) == 2, "once told, once filed"


def test_a_list_of_100000_rows_shows_its_first_at_once_and_stays_small(site):
    with Caller(site.base, "ann") as ann:
        one = ann.file("branch:3", "2027-06-15T07:00", "2027-06-15T17:00")
    asked = []

    def page_of(route):
        first = int(re.search(r"cursor=(\d+)", route.request.url)[1]) if "cursor=" in route.request.url else 0
        asked.append(first)
        items = [one | {"id": f"OTG-{k:06d}"} for k in range(first, first + 1000)]
        following = str(first + 1000) if first + 1000 < ROWS else None
        if first == 50_000:
            # Long before all are there, the first are, and the page says how far it is.
            expect(page.get_by_role("region", name="Requests", exact=True)).to_contain_text("OTG-000000")
            expect(page.get_by_text(re.compile("more are being loaded"))).to_be_visible()
        route.fulfill(json={"items": items, "next": following})

    page = site.as_("ann", "/ask")
    page.route("**/api/v1/outages?*", page_of)
    page.get_by_role("link", name="My requests").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{ROWS} of {ROWS}", timeout=180_000)
    assert len(asked) == len(set(asked)) == ROWS // 1000
    sound(page)
    expect(page.get_by_role("button", name=re.compile("Show 100 more of 99900"))).to_be_visible()


def test_who_is_locked_out_while_at_work_is_told_and_signs_in_no_more(site, place):
    register = PostgresRegister(place.engine)
    with register.as_(ADMIN) as book:
        ann = book.person("ann")
    assert ann is not None
    leaver = type(ann)(name="lea", organisation="TO-1", role=ann.role, password=ann.password, made_at=ann.made_at)
    people.add_person(register=register, actor=ADMIN, now=datetime.now(UTC), person=leaver)
    page = site.as_("lea", "/ask")
    fill(page, asset="branch:2", start="2027-06-20T07:00", end="2027-06-20T17:00")
    expect(page.get_by_role("region", name="At once")).to_have_attribute("aria-busy", "false")
    people.disable(register=register, actor=ADMIN, now=datetime.now(UTC), name="lea")
    page.get_by_label("Back in service at").fill("2027-06-20T18:00")  # the quick answer is asked for anew
    dialog = page.get_by_role("dialog", name="Your session has ended")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Not signed in")
    sound(page)


@pytest.mark.parametrize(
    ("name", "path", "says"),
    [
        ("fay", "/ask", "You are signed in as field"),
        ("ann", "/inbox", "The inbox is the operator's"),
        ("ann", "/study", "operator"),
    ],
)
def test_a_screen_that_is_somebody_elses_says_so_and_where_to_go(site, name, path, says):
    page = site.as_(name, path)
    expect(page.locator("main")).to_contain_text(says)
    assert page.locator("main a").count(), "it leads somewhere"
    sound(page)


def test_a_deed_that_is_refused_says_why_in_its_dialog(site):
    with Caller(site.base, "roy") as roy:
        roy.do("/forced", {"assets": ["branch:26"], "description": "tripped"})
    page = site.as_("roy", "/today")
    page.route("**/api/v1/outages/*/end*", lambda route: route.fulfill(
        status=403, content_type="application/problem+json",
        body=json.dumps({"type": "urn:moms:NotYours", "title": "that is for the control room", "fix": "ask there"}),
    ))  # fmt: skip
    page.get_by_role("region", name="Forced out").get_by_role("listitem").filter(has_text="line 26").get_by_role(
        "button", name="It is back"
    ).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="It is back").click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("that is for the control room")
    expect(alert).to_contain_text("ask there")
    sound(page)


def test_what_must_have_ended_before_is_named_and_a_wrong_order_is_said_at_its_field(site):
    page = site.as_("ann", "/ask")
    first = fill(page, asset="branch:2", start="2027-07-05T07:00", end="2027-07-05T17:00")
    page.get_by_role("button", name="File the request").click()
    page.wait_for_url("**/requests/OTG-*")
    page = site.as_("ann", "/ask")
    own = fill(page, asset="branch:3", start="2027-07-07T07:00", end="2027-07-07T17:00")
    page.get_by_label("Only after").fill(f"{first}\n{own}\n")
    sound(page)
    page.get_by_role("button", name="File the request").click()
    expect(page.get_by_text("it waits for itself").first).to_be_visible()
    assert page.get_by_label("Only after").get_attribute("aria-invalid") == "true"
    expect(page.get_by_text("no outage of that reference is filed")).to_have_count(0)
    page.get_by_label("Only after").fill(f"{first}\n")
    page.get_by_role("button", name="File the request").click()
    page.wait_for_url("**/requests/OTG-*")
    expect(page.get_by_role("definition").get_by_text(first, exact=True)).to_be_visible()
    filed = page.url.rsplit("/", 1)[1]
    with Caller(site.base, "ann") as caller:
        found = caller.client.get(f"/outages/{filed}").json()["outage"]["request"]
    assert found["after"] == [first]
