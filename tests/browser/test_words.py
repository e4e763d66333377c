"""On every screen the words of the desk explain themselves, to a pointer and to keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.asks import Caller


@pytest.fixture(scope="module")
def denied(address):
    """File a request that is denied, so that a record has evidence."""
    with Caller(address, "ann") as ann:
        return ann.file("branch:19", "2027-02-10T00:00", "2027-02-11T00:00")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ann", "/requests"),
        ("ann", "/requests/{id}"),
        ("ann", "/ask"),
        ("ann", "/plan"),
        ("ann", "/field"),
        ("eve", "/inbox"),
        ("eve", "/study"),
        ("eve", "/study?outage={id}"),
        ("eve", "/timeline"),
        ("eve", "/map"),
        ("aud", "/rules"),
        ("aud", "/rules?part=numbers"),
    ],
)
def test_every_word_of_a_screen_says_what_it_means(site, denied, name, path):
    page = site.as_(name, path.format(id=denied["id"]))
    page.locator(".term button").first.wait_for()
    words = page.locator(".term button")
    assert words.count() >= 3
    for k in range(words.count()):
        words.nth(k).focus()
        told = page.get_by_role("tooltip")
        expect(told).to_have_count(1)
        expect(told).not_to_contain_text("Looking it up")
        expect(told).not_to_contain_text("does not have it yet")
        assert len(told.inner_text()) > 20
        page.keyboard.press("Escape")
        expect(told).to_have_count(0)
