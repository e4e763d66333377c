"""The control room's day: what is not as planned first, each with the deed that fits who looks."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.browser.asks import Caller

MORNING = datetime.fromisoformat("2027-02-10T10:00-05:00")


@pytest.fixture(scope="module")
def day(address, clock):
    """Give a morning: an outage late, one failed, one behind, one to start, one back today, one out for longer."""
    with Caller(address, "ann") as ann, Caller(address, "roy") as roy, Caller(address, "eve") as eve:
        wanted = {
            "late": ("branch:2", "2027-02-09T07:00", "2027-02-10T09:00"),
            "back": ("branch:7", "2027-02-09T07:00", "2027-02-10T17:00"),
            "longer": ("branch:12", "2027-02-09T07:00", "2027-02-12T17:00"),
            "overdue": ("branch:14", "2027-02-10T07:00", "2027-02-10T20:00"),
            "starts": ("branch:16", "2027-02-10T13:00", "2027-02-10T20:00"),
        }
        found = {name: ann.file(*one) for name, one in wanted.items()}
        for name, one in found.items():
            if one["state"] == "in_study":
                found[name] = eve.step(one, "settle", outcome="approve", reason="looked at")
        assert all(one["status"].startswith("approved") for one in found.values()), found
        clock(datetime.fromisoformat("2027-02-09T07:30-05:00"))
        for name in ("late", "back", "longer"):
            roy.step(found[name], "start")
        clock(MORNING)
        roy.do("/forced", {"assets": ["branch:20"], "since": "2027-02-10T08:12-05:00", "description": "a tree"})
    return found


def part(page, name):
    return page.get_by_role("region", name=name, exact=True)


def test_a_morning_in_the_control_room(site, day):
    sees_at_once_what_is_not_as_planned(site)
    says_what_goes_out_and_what_comes_back_and_the_record_keeps_it(site)
    calls_back_with_a_reason_and_confirms_what_the_owner_reports(site, day)
    extends_and_is_told_what_the_study_says(site)
    reports_a_failure_by_name(site)


def sees_at_once_what_is_not_as_planned(site):
    page = site.as_("roy")
    expect(page).to_have_url(f"{site.base}/today")
    expect(page.get_by_text("1 late back, 1 forced out, 1 not out yet.")).to_be_visible()
    for name, line in (
        ("Late back", "line 2"), ("Forced out", "line 20"), ("Not out yet", "line 14"), ("Still to start", "line 16"),
        ("Back today", "line 7"), ("Out longer", "line 12"),
    ):  # fmt: skip
        expect(part(page, name).get_by_role("listitem")).to_have_count(1)
        expect(part(page, name)).to_contain_text(line)
    expect(part(page, "Late back")).to_contain_text("1 h late")
    expect(part(page, "Back today")).to_contain_text("in 7 h")
    # What is odd is above what is as planned.
    names = page.locator("section[aria-label]").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert names == ["Late back", "Forced out", "Not out yet", "Still to start", "Back today", "Out longer"]


def says_what_goes_out_and_what_comes_back_and_the_record_keeps_it(site):
    page = site.as_("roy", "/today")
    part(page, "Not out yet").get_by_role("button", name="It is out").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("When").fill("2027-02-10T08:30")
    dialog.get_by_role("button", name="It is out").click()
    expect(page.get_by_role("status").filter(has_text="line 14: out of service")).to_be_visible()
    expect(part(page, "Not out yet")).to_have_count(0)
    expect(part(page, "Back today")).to_contain_text("line 14")
    part(page, "Late back").get_by_role("button", name="It is back").click()
    dialog.get_by_role("button", name="It is back").click()
    expect(page.get_by_text("line 2: back in service")).to_be_visible()
    expect(part(page, "Late back")).to_have_count(0)
    page.get_by_role("status").get_by_role("link", name="Open the record").click()
    expect(part(page, "History")).to_contain_text("end, roy (control_room, operator)")


def calls_back_with_a_reason_and_confirms_what_the_owner_reports(site, day):
    owner = site.as_("ann", f"/requests/{day['back']['id']}")
    page = site.as_("roy", "/today")
    part(page, "Back today").get_by_role("listitem").filter(has_text="line 7").get_by_role(
        "button", name="Recall"
    ).click()
    dialog = page.get_by_role("dialog", name="Call it back")
    dialog.get_by_role("button", name="Call it back").click()
    expect(dialog).to_be_visible()  # nothing is sent without a reason
    dialog.get_by_label("Why, for the record").fill("a storm comes")
    dialog.get_by_role("button", name="Call it back").click()
    expect(part(page, "Recalled")).to_contain_text("line 7")
    expect(part(owner, "Request")).to_contain_text("Recalled")
    owner.get_by_role("button", name="It is back").click()
    owner.get_by_role("dialog").get_by_role("button", name="It is back").click()
    expect(part(owner, "Request")).to_contain_text("Back, to be confirmed")
    expect(owner.get_by_role("button", name="Confirm")).to_have_count(0)
    part(page, "To confirm").get_by_role("button", name="Confirm").click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(part(owner, "Request")).to_contain_text("Completed")


def extends_and_is_told_what_the_study_says(site):
    page = site.as_("roy", "/today")
    part(page, "Out longer").get_by_role("button", name="Extend").click()
    dialog = page.get_by_role("dialog", name="Ask for a later end")
    dialog.get_by_label("New end").fill("2027-02-12T20:00")
    dialog.get_by_label("Why, for the record").fill("the crew waits for a part")
    dialog.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("status").filter(has_text="line 12: extended")).to_be_visible()
    expect(part(page, "Out longer")).to_contain_text("2027-02-12 20:00")


def reports_a_failure_by_name(site):
    page = site.as_("roy", "/today")
    page.get_by_role("button", name="Report a forced outage").click()
    dialog = page.get_by_role("dialog", name="Report a forced outage")
    expect(dialog.get_by_role("button", name="Report")).to_be_disabled()
    dialog.get_by_role("combobox", name="What is out").fill("branch:23")
    dialog.get_by_role("option").filter(has_text="branch:23 ·").click()
    dialog.get_by_label("What happened").fill("lightning")
    dialog.get_by_role("button", name="Report", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="line 23: reported and acknowledged")).to_be_visible()
    expect(part(page, "Forced out").get_by_role("listitem")).to_have_count(2)


def test_each_role_has_the_deeds_that_are_its_own(site, day):
    owner = site.as_("ann", "/today")
    expect(part(owner, "Forced out").first).to_be_visible()
    deeds = owner.locator("li.line").get_by_role("button")
    expect(deeds.filter(has_text="It is back").first).to_be_visible()
    assert not deeds.filter(has_text="Recall").count()
    assert not deeds.filter(has_text="It is out").count()
    auditor = site.as_("aud", "/today")
    expect(part(auditor, "Forced out").first).to_be_visible()
    expect(auditor.get_by_role("button", name="Report a forced outage")).to_have_count(0)
    assert auditor.locator("li.line button").count() == 0
    other = site.as_("gil", "/today")
    expect(other.get_by_text("All is as planned.")).to_be_visible()
    assert "line" not in other.locator("main").inner_text()
