"""Signing in and out, as people and their password managers meet it."""

from __future__ import annotations

from tests.browser.conftest import PASSWORD


def test_the_password_is_hidden_may_be_pasted_and_is_known_to_managers(site):
    page = site.open("/")
    field = page.get_by_label("Password")
    assert field.get_attribute("type") == "password"
    assert field.get_attribute("autocomplete") == "current-password"
    assert page.get_by_label("Name").get_attribute("autocomplete") == "username"
    page.get_by_label("Name").fill("ann")
    field.focus()
    # What a paste is to the page: text from the clipboard, in one event that a page may refuse and this one does not.
    refused = field.evaluate(
        """(into, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            return !into.dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        PASSWORD,
    )
    assert not refused
    page.keyboard.insert_text(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").wait_for()


def test_signing_out_is_in_sight_on_every_screen(site):
    page = site.as_("eve")
    for path in ("/", "/requests", "/inbox", "/map", "/timeline", "/rules", "/record"):
        page.goto(site.base + path)
        page.get_by_role("button", name="Sign out").wait_for()
