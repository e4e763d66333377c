"""Single sign-on in a real browser: there and back, and what is said where it fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from moms.desk import identities
from moms.exchange.provider import Provider
from moms.store.people import PostgresRegister
from tests.browser.conftest import ADMIN, Site
from tests.browser.test_screens import LOOKS, sound
from tests.portal.idp import CLIENT, SECRET, a_provider, tell


@pytest.fixture(scope="module")
def idp():
    """Run the provider."""
    with a_provider() as (address, _):
        yield address


@pytest.fixture(scope="module")
def also(idp):
    """Serve with the provider, and tie two people to it."""

    def more(given, address, place):
        back = f"{address}/signed-in"
        tell(idp, back=[back])
        for name in ("ann", "eve"):
            identities.bind(register=PostgresRegister(place.engine), actor=ADMIN, now=datetime.now(UTC), name=name,
                            issuer=idp, subject=f"{name}-1")  # fmt: skip
        return replace(given, provider=Provider(issuer=idp, client=CLIENT, secret=SECRET, back=back, name="Grid ID"))

    return more


@pytest.fixture
def site(address, browser, idp):
    """Give the site; what goes elsewhere goes to the provider alone."""
    found = Site(base=address, browser=browser)
    yield found
    for context in found.contexts:
        context.close()
    assert {"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in found.strangers} <= {idp}
    assert not found.faults


def gone_in(page, name, *, press="Sign in with Grid ID"):
    page.get_by_role("button", name=press, exact=True).click()
    page.get_by_role("link", name=name).click()


def test_one_click_there_and_one_back_to_where_one_was(site):
    page = site.open("/windows?asset=branch:19")
    gone_in(page, "ann-1")
    page.get_by_role("button", name="Sign out").wait_for()
    expect(page.get_by_text("ann", exact=True)).to_be_visible()
    assert page.url == f"{site.base}/windows?asset=branch:19"
    cookies = {one["name"]: one for one in page.context.cookies(site.base)}
    assert set(cookies) == {"moms"}
    assert (cookies["moms"]["httpOnly"], cookies["moms"]["sameSite"]) == (True, "Strict")
    page.go_back()  # what the provider gave is in no address that the browser keeps
    assert "code=" not in page.url


def test_who_is_not_known_here_is_told_what_to_do(site):
    page = site.open("/")
    gone_in(page, "new-1")
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="Not known here")).to_contain_text("new-1")
    assert "code=" not in page.url
    sound(page)
    page.get_by_role("link", name="Sign in otherwise").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_what_somebody_else_began_is_not_finished_here(site):
    page = site.open("/signed-in?code=stolen&state=another&iss=x")
    expect(page.get_by_role("alert").filter(has_text="did not begin this sign-in")).to_be_visible()
    page = site.open("/signed-in?error=access_denied")
    expect(page.get_by_role("alert").filter(has_text="Grid ID did not sign you in")).to_be_visible()
    page = site.open("/signed-in")
    expect(page.get_by_role("heading", name="Nothing to do here")).to_be_visible()


@pytest.mark.parametrize(("size", "night", "rules"), [look[1:] for look in LOOKS], ids=[look[0] for look in LOOKS])
def test_the_sign_in_is_fit_for_everybody(site, keep_picture, size, night, rules):
    page = site.open("/", width=size[0], height=size[1], night=night)
    page.get_by_role("button", name="Sign in with Grid ID").wait_for()
    sound(page, rules)
    keep_picture(page, f"sign-in-single-{size[0]}-{'night' if night else 'day'}")
    gone_in(page, "new-1")
    page.get_by_role("heading", name="You are not signed in").wait_for()
    sound(page, rules)
    keep_picture(page, f"not-known-{size[0]}-{'night' if night else 'day'}")


def test_it_is_done_by_keys_alone_and_at_320_wide(site):
    page = site.open("/", width=320, height=640)
    page.get_by_role("button", name="Sign in with Grid ID").wait_for()
    sound(page)
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == "Sign in with Grid ID":
            break
    page.keyboard.press("Enter")
    page.get_by_role("link", name="ann-1").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").wait_for()
