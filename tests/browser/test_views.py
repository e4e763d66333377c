"""Saved views in a real browser: saved, chosen, renamed and shared, seen by a colleague, changed and deleted."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.asks import ask
from tests.browser.test_screens import RULES, sound


def group(page):
    return page.get_by_role("group", name="Views")


def choose(page, name):
    group(page).get_by_label("View", exact=True).select_option(label=name)


def test_an_owner_saves_how_it_looks_shares_it_and_a_colleague_opens_it(site):
    one = ask(site.as_("ann"), asset="branch:6", start="2027-02-20T00:00", end="2027-02-21T00:00")
    page = site.as_("ann", "/requests")
    page.get_by_label("Words").fill("nothing is called so")
    page.get_by_text("No request matches.").wait_for()
    page.get_by_label("Order").select_option("latest")
    group(page).get_by_text("Columns").click()
    group(page).get_by_label("Filed").check()
    group(page).get_by_label("Next").uncheck()
    group(page).get_by_role("button", name="Save as a view").click()
    asked = page.get_by_role("dialog", name="Save as a view")
    asked.get_by_label("Name").fill("nothing at all")
    asked.get_by_role("button", name="Save").click()
    page.wait_for_url("**view=*")
    expect(group(page).get_by_label("View", exact=True)).to_have_value(page.url.partition("view=")[2].partition("&")[0])
    sound(page, RULES)

    # None, and back: the words, the order and the columns come again.
    choose(page, "None")
    page.locator(f"a[href='/requests/{one}']").wait_for()
    expect(page.get_by_label("Words")).to_have_value("")
    choose(page, "nothing at all")
    page.get_by_text("No request matches.").wait_for()
    expect(page.get_by_label("Order")).to_have_value("latest")
    expect(group(page).get_by_label("Filed")).to_be_checked()

    # Other words, kept under the same name; another name, and shared.
    page.get_by_label("Words").fill("")
    page.locator(f"a[href='/requests/{one}']").wait_for()
    expect(page.get_by_text("Filed (", exact=False)).to_be_visible()
    group(page).get_by_role("button", name="Save changes").click()
    expect(group(page).get_by_role("button", name="Save changes")).to_have_count(0)
    group(page).get_by_role("button", name="Rename or share").click()
    asked = page.get_by_role("dialog", name="Rename or share the view")
    asked.get_by_label("Name").fill("ours by filing")
    asked.get_by_label("Share it with my organisation").check()
    asked.get_by_role("button", name="Save").click()
    expect(group(page)).to_contain_text("ours by filing (shared)")

    # Another owner has no such view, and a link to it shows only what is its own.
    link = page.url
    other = site.as_("bob", link.removeprefix(site.base))
    other.get_by_role("group", name="Views").wait_for()
    expect(group(other)).not_to_contain_text("ours by filing")
    expect(other.locator(f"a[href='/requests/{one}']")).to_have_count(0)

    group(page).get_by_role("button", name="Delete view").click()
    expect(group(page)).not_to_contain_text("ours by filing")
    expect(group(page).get_by_label("View", exact=True)).to_have_value("")


def test_a_name_that_is_taken_is_said_in_the_dialog_and_what_was_typed_stays(site):
    page = site.as_("eve", "/requests?show=turn")
    for _ in range(2):
        group(page).get_by_role("button", name="Save as a view").click()
        page.get_by_role("dialog").get_by_label("Name").fill("twice")
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        if _ == 0:
            expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_contain_text("you have a view 'twice' already")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_have_value("twice")
    page.get_by_role("dialog").get_by_role("button", name="Leave it").click()
    group(page).get_by_role("button", name="Delete view").click()
    expect(group(page)).not_to_contain_text("twice")
