"""A screen that nobody touches asks seldom: while all is well, without a signal, and while the service fails."""

from __future__ import annotations

import pytest

from tests.browser.test_firefox import SCREENS

LOOKED_MS = 1_500
SELDOM = 8
"""More questions than this in so short a time come from a loop: a page asks by the clock, each 15 s."""


def asked_while(page, what=lambda: None):
    """Count what a page asks of the service just after something has happened to it."""
    counted = []

    def count(request):
        counted.append(request.url)

    page.on("request", count)
    what()
    page.wait_for_timeout(LOOKED_MS)
    page.remove_listener("request", count)
    return counted


def fail(asked):
    """Answer as a service that fails."""
    asked.fulfill(status=503, body="{}")


@pytest.mark.parametrize(("name", "path", "title"), SCREENS)
def test_a_screen_left_alone_asks_seldom(site, name, path, title):
    page = site.as_(name, path)
    page.get_by_role("heading", name=title).first.wait_for()
    page.wait_for_timeout(1_000)
    for what in (
        lambda: None,
        lambda: page.route("**/*", fail),
        lambda: (page.unroute("**/*"), page.context.set_offline(True)),
    ):
        asked = asked_while(page, what)
        assert len(asked) <= SELDOM, sorted(asked)
