"""What is not as it should be is said, and nothing typed is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.asks import RELAY_WORK, Caller, ask, fill
from tests.browser.test_screens import sound


def test_a_wrong_password_is_told_and_says_not_which_half_was_wrong(site):
    page = site.open("/")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("no")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="Not signed in")).to_be_visible()
    sound(page)


def test_an_owner_without_requests_is_told_what_to_do(site):
    page = site.as_("gil", "/requests")
    expect(page.get_by_text("There is no request yet")).to_be_visible()
    expect(page.get_by_role("link", name="ask for an outage", exact=True)).to_be_visible()
    page.goto(f"{site.base}/requests?show=turn")
    expect(page.get_by_text("No request matches")).to_be_visible()


def test_screens_of_others_say_whose_they_are(site):
    page = site.as_("ann", "/inbox")
    expect(page.get_by_text("The inbox is the operator's")).to_be_visible()
    page = site.as_("aud", "/ask")
    expect(page.get_by_text("You are signed in as auditor")).to_be_visible()
    expect(page.get_by_role("link", name="Ask for an outage")).to_have_count(0)
    page.goto(f"{site.base}/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    sound(page)


def test_another_owners_request_is_not_there(site):
    name = ask(site.as_("ann"), asset="branch:14", start="2027-03-10T00:00", end="2027-03-10T10:00")
    page = site.as_("gil", f"/requests/{name}")
    expect(page.get_by_role("alert").filter(has_text="not yours to see")).to_be_visible()
    assert "branch:14" not in page.locator("main").inner_text()


def test_faults_stand_at_their_fields_with_the_fix_and_the_first_has_the_focus(site):
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:26", start="2027-02-02T00:00", end="2027-02-01T00:00")
    page.get_by_role("button", name="See the answer first").click()
    end = page.get_by_label("Back in service at")
    expect(end).to_be_focused()
    expect(end).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#f-window-end-fault")).to_contain_text("give a later end")
    # The rules of the desk have the last word, at the same fields: a window in the past.
    page.get_by_label("Out of service from").fill("2020-02-01T00:00")
    end.fill("2020-02-02T00:00")
    page.get_by_role("button", name="See the answer first").click()
    expect(page.locator("[id$='-fault']").first).to_be_visible()
    assert page.locator("[aria-invalid='true']").count() >= 1


def test_what_is_typed_outlives_a_reload_a_dead_link_and_the_end_of_the_session(site):
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:16", start="2027-04-10T00:00", end="2027-04-10T10:00")
    page.reload()
    expect(page.get_by_label("Who answers")).to_have_value("Ann of the desk")
    page.context.set_offline(True)
    page.get_by_role("button", name="See the answer first").click()
    expect(page.get_by_role("alert").filter(has_text="cannot be reached")).to_be_visible()
    expect(page.get_by_text("The service does not answer:")).to_be_visible()
    sound(page)
    page.context.set_offline(False)
    expect(page.get_by_text("The service does not answer:")).to_have_count(0)
    page.context.clear_cookies()
    page.get_by_role("button", name="See the answer first").click()
    dialog = page.get_by_role("dialog", name="Your session has ended")
    dialog.wait_for()
    sound(page)
    dialog.get_by_label("Password").fill("correct horse battery")
    dialog.get_by_role("button", name="Sign in").click()
    dialog.wait_for(state="hidden")
    expect(page.get_by_label("Who answers")).to_have_value("Ann of the desk")
    page.get_by_role("button", name="See the answer first").click()
    expect(page.get_by_role("region", name="Answer", exact=True)).to_contain_text("Approved")


def test_a_case_that_somebody_else_changed_meanwhile_is_not_settled_unseen(site):
    name = ask(site.as_("ann"), asset="branch:3", start="2027-03-20T00:00", end="2027-03-21T00:00", nature=RELAY_WORK)
    page = site.as_("eve", f"/inbox?case={name}")
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_label("Why, for the record").fill("fine")
    other = site.as_("eve", f"/inbox?case={name}")
    other.get_by_role("button", name="Deny", exact=True).click()
    other.get_by_label("Why, for the record").fill("no crew")
    other.get_by_role("dialog").get_by_role("button", name="Deny").click()
    expect(other.get_by_text("Deny: ").first).to_contain_text("done")
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(re.compile("revision|waits|not"))
    page.get_by_role("button", name="Leave it").click()
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("Denied")


@pytest.mark.parametrize("screen", ["/requests", "/ask", "/windows"])
def test_the_address_holds_what_is_shown_and_the_back_button_goes_back(site, screen):
    page = site.as_("ann", "/requests?show=refused&sort=latest")
    expect(page.get_by_role("button", name="Denied")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Order")).to_have_value("latest")
    page.get_by_role("link", name="MOMS", exact=True).click()
    page.keyboard.press("g")
    page.keyboard.press({"/requests": "r", "/ask": "n", "/windows": "w"}[screen])
    expect(page.get_by_role("navigation").locator("[aria-current]")).to_have_attribute("href", screen)
    page.go_back()


def test_the_keys_explain_themselves_and_the_content_is_one_key_away(site):
    page = site.as_("eve", "/requests")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    sound(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Help")).to_be_hidden()
    page.reload()
    page.get_by_role("button", name="Sign out").wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()


def test_an_owner_sees_its_own_equipment_before_typing_a_name(site):
    page = site.as_("ann", "/ask")
    box = page.get_by_role("combobox", name="Equipment")
    box.click()
    found = page.get_by_role("listbox", name="Equipment found").get_by_role("option")
    expect(found.first).to_contain_text("TO-1")
    assert all("TO-1" in one for one in found.all_inner_texts())
    sound(page)
    page.keyboard.press("Escape")
    box.press("ArrowDown")
    expect(found.first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Chosen equipment").get_by_role("listitem")).to_have_count(1)
    box.fill("no such name")
    expect(page.get_by_role("status").filter(has_text="to see the equipment of TO-1")).to_be_visible()


def test_two_who_answer_at_one_telephone_are_both_shown_and_the_page_goes_on(site, address):
    with Caller(address, "ann") as ann:
        desk = [{"name": name, "phone": "+1 555 0100"} for name in ("ann", "her deputy")]
        filed = ann.file("branch:3", "2027-04-05T00:00", "2027-04-05T20:00", nature=RELAY_WORK, contacts=desk)
    page = site.as_("ann", f"/requests/{filed['id']}")
    facts = page.get_by_role("region", name="Facts", exact=True)
    for name in ("ann", "her deputy"):
        expect(facts.get_by_text(f"{name}, +1 555 0100", exact=True)).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("dialog").get_by_label("Why").fill("not needed")
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("region", name="Request", exact=True)).to_contain_text("Withdrawn")
