"""One's own account in a real browser: passkeys by Chromium's virtual authenticator, the password, one's sessions."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.asks import RELAY_WORK, ask
from tests.browser.conftest import PASSWORD, Site
from tests.browser.test_screens import RULES, sound


@pytest.fixture
def by_name(site):
    """Give the site by its name: passkeys are bound to names."""
    found = Site(base=site.base.replace("127.0.0.1", "localhost"), browser=site.browser)
    yield found
    for context in found.contexts:
        context.close()
    assert not found.strangers
    assert not found.faults


def authenticator(page):
    """Put a stick with an own memory and a PIN into the browser; give what speaks to it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    return devtools, made["authenticatorId"]


def add(page, label="this laptop"):
    page.get_by_label("Name of a new one").fill(label)
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("status").filter(has_text=f"{label} is there").wait_for()


def test_an_engineer_adds_a_passkey_signs_in_by_it_decides_by_it_and_removes_it(by_name):
    outage = ask(
        by_name.as_("ann"), asset="branch:3", start="2027-02-10T00:00", end="2027-02-11T00:00", nature=RELAY_WORK
    )
    page = by_name.as_("eve", "/account")
    devtools, stick = authenticator(page)
    page.get_by_role("link", name="Your account").wait_for()
    page.goto(f"{by_name.base}/account")
    add(page)
    sound(page, RULES)
    # A decision in the session that the password began is not taken until the passkey is shown.
    page.goto(f"{by_name.base}/inbox?case={outage}")
    page.get_by_role("button", name="Approve", exact=True).first.click()
    page.get_by_label("Why, for the record").fill("seen with the crew")
    page.get_by_role("dialog").get_by_role("button", name="Approve", exact=True).click()
    asked = page.get_by_role("dialog", name="Your password, to decide")
    asked.get_by_role("button", name="With a passkey").click()
    expect(page.get_by_text("Approve: ").first).to_contain_text("done")
    [kept] = devtools.send("WebAuthn.getCredentials", {"authenticatorId": stick})["credentials"]
    assert kept["isResidentCredential"]
    assert kept["rpId"] == "localhost"
    assert kept["signCount"] >= 1
    # Out and in again, by the passkey alone.
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="With a passkey").click()
    page.get_by_role("link", name="Your account: eve").wait_for()
    page.goto(f"{by_name.base}/account")
    expect(page.get_by_role("region", name="Sessions")).to_contain_text("Here, by passkey")
    page.get_by_role("button", name="Remove this laptop").click()
    page.get_by_text("You have none.").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="With a passkey").click()
    page.get_by_text("this passkey does not hold here").wait_for()


def test_without_the_pin_nothing_is_signed(by_name):
    page = by_name.as_("roy", "/account")
    devtools, stick = authenticator(page)
    page.goto(f"{by_name.base}/account")
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": stick, "isUserVerified": False})
    page.get_by_label("Name of a new one").fill("stick")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("the browser got no passkey").wait_for()
    expect(page.get_by_text("You have none.")).to_be_visible()


def test_a_person_changes_its_password_by_keys_alone_and_ends_its_other_sessions(site):
    elsewhere, page = site.as_("flo"), site.as_("flo", "/account")
    page.goto(f"{site.base}/account")
    sessions = page.get_by_role("region", name="Sessions")
    expect(sessions.get_by_role("listitem")).to_have_count(2)
    page.get_by_label("The one you have").focus()
    page.keyboard.insert_text(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.insert_text("nothing to do with horses")
    page.keyboard.press("Enter")
    page.get_by_text("The password is changed").wait_for()
    expect(sessions.get_by_role("listitem")).to_have_count(1)
    elsewhere.reload()
    elsewhere.get_by_label("Password").wait_for()
    elsewhere.get_by_label("Name").fill("flo")
    elsewhere.get_by_label("Password").fill("nothing to do with horses")
    elsewhere.get_by_role("button", name="Sign in", exact=True).click()
    elsewhere.get_by_role("button", name="Sign out").wait_for()
