"""Record and rules, as an owner and an auditor use them."""

from __future__ import annotations

import csv
import json

import pytest
from playwright.sync_api import expect

from moms.desk.published import CHAPTERS
from tests.browser.asks import ask
from tests.browser.conftest import Site


@pytest.fixture(scope="module")
def denied(address, browser):
    """Have one request denied; give its id."""
    site = Site(base=address, browser=browser)
    found = ask(site.as_("ann"), asset="branch:19", start="2027-02-10T00:00", end="2027-02-11T00:00")
    for context in site.contexts:
        context.close()
    return found


def test_a_rule_of_a_decision_leads_to_its_text(site, denied):
    page = site.as_("ann", f"/requests/{denied}")
    page.get_by_role("region", name="Table of rules").get_by_role("link", name="SEC-N1-1").click()
    page.wait_for_url("**/rules?rule=SEC-N1-1")
    found = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="SEC-N1-1", exact=True))
    expect(found).to_have_attribute("aria-current", "true")
    [rule] = [r for c in CHAPTERS for r in c.rules if r.id == "SEC-N1-1"]
    expect(found).to_contain_text(rule.asks)
    expect(found).to_be_in_viewport()


def test_every_rule_is_there_and_words_find_some(site):
    page = site.as_("ann", "/rules")
    page.get_by_role("region", name="Lifecycle").wait_for()
    every = [r.id for c in CHAPTERS for r in c.rules]
    assert page.locator("[data-rule]").evaluate_all("all => all.map(one => one.dataset.rule)") == every
    page.get_by_label("Words").fill("lead")
    expect(page.locator("[data-rule='READ-1']")).to_have_count(0)
    assert 0 < page.locator("[data-rule]").count() < len(every)
    page.get_by_label("Words").fill("no such words")
    expect(page.get_by_text("No rule has these words")).to_be_visible()


def test_numbers_say_where_they_come_from(site):
    page = site.as_("ann", "/rules?part=numbers")
    study = page.get_by_role("region", name="study")
    row = study.get_by_role("listitem").filter(has_text="worsened share")
    expect(row).to_contain_text("0.01")
    expect(row).to_contain_text("semantics 1.4")
    expect(study.get_by_role("listitem").filter(has_text="watch share")).to_contain_text("the program's default")
    expect(page.get_by_role("region", name="Rule book")).to_contain_text("1 of them recalled")
    page.get_by_role("button", name="Only what is recalled").click()
    page.wait_for_url("**only=recalled")
    left = page.get_by_role("listitem").filter(has=page.locator(".badge"))
    expect(left).to_have_count(1)
    expect(left).to_contain_text("as far as we recall")


def test_an_owner_sees_its_measures_and_no_journal(site, denied):
    page = site.as_("ann", "/rules?part=measures")
    measures = page.get_by_role("region", name="Measures")
    expect(measures).to_contain_text("1 of 1 (100 %)")
    expect(page.get_by_role("link", name="Journal")).to_have_count(0)
    page.goto(f"{site.base}/rules?part=journal")
    page.get_by_role("region", name="Find a rule").wait_for()


def test_an_auditor_finds_a_decision_in_the_journal_and_takes_it_home(site, denied, tmp_path):
    page = site.as_("aud", "/rules?part=journal")
    page.get_by_label("Deed").fill("decide")
    page.wait_for_url("**verb=decide")
    rows = page.get_by_role("region", name="Journal").get_by_role("listitem")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("decide:deny")
    expect(rows.first).to_contain_text("asked by ann (owner, TO-1)")
    for name, read in (("CSV", as_table), ("JSON lines", as_lines)):
        with page.expect_download() as waiting:
            page.get_by_role("link", name=name).click()
        kept = tmp_path / name
        waiting.value.save_as(kept)
        assert read(kept.read_text()) == denied
    page.get_by_label("Words").fill("nobody wrote this")
    expect(page.get_by_text("No line matches")).to_be_visible()
    page.go_back()


def as_table(text: str) -> str:
    [row] = csv.DictReader(text.splitlines())
    return row["subject"]


def as_lines(text: str) -> str:
    [row] = [json.loads(line) for line in text.splitlines()]
    return row["outage_id"]


def test_an_auditor_examines_the_record(site, denied):
    page = site.as_("aud", "/rules?part=whole")
    page.get_by_role("button", name="Examine the record").click()
    expect(page.get_by_text("The record is whole.")).to_be_visible()
    expect(page.get_by_text("journal lines in")).to_be_visible()
