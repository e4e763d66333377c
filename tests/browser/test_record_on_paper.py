"""An auditor takes a decision away on paper, sees what binds it, and has it computed again."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.asks import Caller


def test_an_auditor_replays_a_decision_and_takes_it_away_on_paper(site, address):
    with Caller(address, "ann") as ann:
        denied = ann.file("branch:19", "2027-02-10T00:00", "2027-02-11T00:00")
    page = site.as_("aud", f"/requests/{denied['id']}")
    picture = page.get_by_role("region", name="One-line picture")
    expect(picture.get_by_role("img")).to_be_visible()
    expect(picture).to_contain_text("line 19: out")
    expect(picture).to_contain_text("over its limit, ")
    page.get_by_text("The same as a table").click()
    expect(page.get_by_role("cell", name="line 19 (branch:19)")).to_be_visible()
    page.get_by_role("button", name="Compute it again").click()
    expect(page.get_by_text("Computed again, and the same:")).to_be_visible(timeout=60_000)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Record as PDF").click()
    assert saved.value.suggested_filename == f"{denied['id']}.pdf"
    assert saved.value.path().read_bytes().startswith(b"%PDF-")
    owner = site.as_("ann", f"/requests/{denied['id']}")
    expect(owner.get_by_role("region", name="One-line picture").get_by_role("img")).to_be_visible()
    expect(owner.get_by_role("button", name="Compute it again")).to_have_count(0)
