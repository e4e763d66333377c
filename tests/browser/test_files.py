"""Files at an outage, on its record: added by keys alone, listed, taken home, refused with a reason."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.asks import ask
from tests.browser.test_screens import RULES, sound
from tests.desk.test_files import GOOD


def test_an_owner_adds_a_file_by_keys_and_an_engineer_takes_it_home(site, tmp_path):
    page = site.as_("ann")
    outage = ask(page, asset="branch:2", start="2027-02-10T00:00", end="2027-02-11T00:00")
    files = page.get_by_role("region", name="Files")
    files.get_by_text("None yet.").wait_for()
    files.get_by_label("Add a file").set_input_files(
        {"name": "statement.pdf", "mimeType": "application/pdf", "buffer": GOOD["statement.pdf"]}
    )
    files.get_by_role("button", name="Add it").focus()
    page.keyboard.press("Enter")
    files.get_by_role("status").filter(has_text="statement.pdf is there.").wait_for()
    expect(files.get_by_role("listitem")).to_contain_text("nothing looks into files here")
    expect(page.get_by_role("region", name="History")).to_contain_text("file: add, ann")
    sound(page, RULES)
    files.get_by_label("Add a file").set_input_files(
        {"name": "crew.png", "mimeType": "image/png", "buffer": b"<script>alert(1)</script>"}
    )
    files.get_by_role("button", name="Add it").click()
    expect(files.get_by_role("alert")).to_contain_text("it does not begin as a PNG")
    page.set_viewport_size({"width": 360, "height": 780})
    sound(page, RULES)
    other = site.as_("eve", f"/requests/{outage}")
    link = other.get_by_role("region", name="Files").get_by_role("link", name="statement.pdf")
    with other.expect_download() as waiting:
        link.click()
    waiting.value.save_as(tmp_path / "got.pdf")
    assert waiting.value.suggested_filename == "statement.pdf"
    assert (tmp_path / "got.pdf").read_bytes() == GOOD["statement.pdf"]
    assert other.url.endswith(f"/requests/{outage}")  # the browser shows nothing of it in our name


def test_an_auditor_sees_files_and_adds_none(site):
    outage = ask(site.as_("ann"), asset="branch:2", start="2027-03-10T00:00", end="2027-03-11T00:00")
    page = site.as_("aud", f"/requests/{outage}")
    page.get_by_role("region", name="Files").get_by_text("None yet.").wait_for()
    expect(page.get_by_label("Add a file")).to_have_count(0)
