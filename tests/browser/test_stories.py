"""The three stories as people live them: approved at once, denied with a better week, referred and settled."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.asks import RELAY_WORK, ask, fill


def test_an_owner_sees_the_answer_first_then_files_and_gets_a_yes(site):
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:2", start="2027-02-10T00:00", end="2027-02-11T00:00")
    page.get_by_role("button", name="See the answer first").click()
    answer = page.get_by_role("region", name="Answer", exact=True)
    expect(answer).to_contain_text("Approved")
    expect(answer).to_contain_text("nothing is written")
    assert page.url.endswith("/ask")
    page.get_by_role("button", name="File the request").click()
    page.wait_for_url("**/requests/OTG-*")
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("Approved")
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text(
        "Wed 2027-02-10 00:00 → Thu 2027-02-11 00:00 EST"
    )
    rules = page.get_by_role("region", name="Table of rules")
    expect(rules.get_by_role("row").filter(has_text="SEC-N1-1")).to_contain_text("pass")
    page.goto(f"{site.base}/requests")
    row = page.get_by_role("listitem").filter(has_text="line 2")
    expect(row).to_contain_text("Approved")
    expect(row).to_contain_text("Starts in 9 d")


def test_a_no_names_limit_element_and_hours_and_the_date_offered_is_given(site):
    page = site.as_("ann")
    first = ask(page, asset="branch:19", start="2027-02-10T00:00", end="2027-02-11T00:00")
    answer = page.get_by_role("region", name="Answer", exact=True)
    expect(answer).to_contain_text("Denied")
    expect(answer.locator("figure").first).to_contain_text(re.compile(r"line \d+ \(branch:\d+\).*MW of .* MW"))
    expect(answer.locator("figure").first).to_contain_text("MW without the request")
    crossed = page.get_by_role("region", name="Table of limits exceeded").get_by_role("row")
    assert crossed.count() > 1
    expect(page.get_by_text("Inputs: sealed")).to_be_visible()
    offers = page.get_by_role("region", name="Other dates").get_by_role("listitem")
    wanted = offers.first.locator("strong").inner_text()
    offers.first.get_by_role("button").click()
    page.wait_for_url("**/ask")
    expect(page.get_by_text(wanted)).to_be_visible()
    page.get_by_role("button", name="File the request").click()
    page.wait_for_url("**/requests/OTG-*")
    assert not page.url.endswith(first)
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("Approved")


def test_what_is_referred_is_settled_by_keys_alone_and_the_owner_hears_of_it(site):
    owner = site.as_("ann")
    name = ask(owner, asset="branch:3", start="2027-03-20T00:00", end="2027-03-21T00:00", nature=RELAY_WORK)
    expect(owner.get_by_role("region", name="Request", exact=True)).to_contain_text("An engineer decides")
    page = site.as_("eve", f"/inbox?case={name}")
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("line 3")
    expect(page.get_by_role("region", name="Answer", exact=True)).to_contain_text("A person decides")
    page.keyboard.press("a")
    page.get_by_role("dialog").wait_for()
    page.keyboard.type("the crew can give it back within the hour")
    page.keyboard.press("Tab")
    page.keyboard.type("recall within 1 h")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Approve: ").first).to_contain_text("done")
    # The owner's window was open all the time and was not touched.
    expect(owner.get_by_role("region", name="Request", exact=True)).to_contain_text("Approved, on conditions")
    expect(owner.get_by_role("region", name="Conditions")).to_contain_text("recall within 1 h")
    expect(owner.get_by_role("region", name="History")).to_contain_text("eve (engineer, operator)")


def test_a_day_is_found_free_in_the_calendar_and_asked_for(site):
    page = site.as_("ann", "/windows?asset=branch:7&from=2027-03-01&span=4")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("status").filter(has_text="free")).to_contain_text("4 free", timeout=30_000)
    calendar = page.get_by_role("application")
    calendar.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("region", name="The chosen day")).to_contain_text("Tue 2027-03-02")
    page.get_by_role("button", name="As a table").click()
    rows = page.get_by_role("region", name="Table of start days").get_by_role("row")
    expect(rows).to_have_count(5)
    expect(rows.nth(2)).to_contain_text("2027-03-02")
    page.get_by_role("link", name="Ask for these dates").click()
    page.wait_for_url("**/ask")
    expect(page.get_by_text("Tue 2027-03-02 00:00")).to_be_visible()
    expect(page.get_by_role("list", name="Chosen equipment")).to_contain_text("line 7")
