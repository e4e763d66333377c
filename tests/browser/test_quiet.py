"""A screen that is left alone asks for nothing, what is new being told to it; and seldom while nobody answers."""

from __future__ import annotations

import pytest

from tests.browser.asks import RELAY_WORK, Caller

SCREENS = [
    ("ann", "/requests"), ("ann", "/requests/{denied}"), ("ann", "/requests/{referred}"), ("ann", "/ask"),
    ("ann", "/windows"), ("ann", "/plan"), ("ann", "/account"), ("ann", "/field"), ("fay", "/field"),
    ("eve", "/inbox"), ("eve", "/requests/{referred}"), ("eve", "/study?outage={referred}"), ("eve", "/timeline"),
    ("eve", "/map"), ("eve", "/margin"), ("roy", "/today"), ("roy", "/today?wall"), ("roy", "/shift"),
    ("aud", "/rules"), ("aud", "/rules?part=journal"), ("aud", "/rules?part=measures"),
]  # fmt: skip
ONCE = 2
"""A screen may look once more at what came while it was opened."""

LOOKED_MS = 2_000
SELDOM = 8
"""More questions than this in so short a time come from a loop: a page that has no answer asks by the clock."""


def asked_while(page, what):
    """Count what a page asks of the service just after something has happened to it."""
    counted: list[str] = []

    def count(sent):
        if "/api/" in sent.url:
            counted.append(sent.url)

    page.on("request", count)
    what()
    page.wait_for_timeout(LOOKED_MS)
    page.remove_listener("request", count)
    return counted


def fail(asked):
    """Answer as a service that fails."""
    asked.fulfill(status=503, body="{}")


@pytest.fixture(scope="module")
def known(address):
    with Caller(address, "ann") as ann:
        denied = ann.file("branch:19", "2027-02-10T00:00", "2027-02-11T00:00")
        referred = ann.file("branch:3", "2027-03-10T00:00", "2027-03-11T00:00", nature=RELAY_WORK)
    assert (denied["status"], referred["state"]) == ("denied", "in_study")
    return {"denied": denied["id"], "referred": referred["id"]}


@pytest.mark.parametrize(("name", "path"), SCREENS)
def test_a_screen_that_is_left_alone_asks_for_nothing(site, known, name, path):
    page = site.as_(name, path.format(**known))
    page.locator("main h1, main h2, main canvas").first.wait_for()
    page.wait_for_load_state("load")
    page.wait_for_timeout(1500)
    asked = asked_while(page, lambda: None)
    assert len(asked) <= ONCE, asked[:6]
    for trouble in (
        lambda: page.route("**/*", fail),
        lambda: (page.unroute("**/*"), page.context.set_offline(True)),
    ):
        asked = asked_while(page, trouble)
        assert len(asked) <= SELDOM, asked[:12]
