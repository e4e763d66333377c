"""Hands that have a keyboard and nothing else: what cannot be reached by it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.asks import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

FURTHEST = 160
HERE = "one => one === document.activeElement"


class Keys:
    """Somebody at a page, with keys alone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        """Press keys one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Write where the focus is."""
        self.page.keyboard.type(text)

    def to(self, wanted: Locator, *, back: bool = False) -> None:
        """Go on by the tabulator until something has the focus; it has to be there, and to show that it has it."""
        wanted.wait_for()
        for _ in range(FURTHEST):
            if wanted.evaluate(HERE):
                style = wanted.evaluate("one => getComputedStyle(one).outlineStyle")
                assert style != "none", "whoever has only keys has to see where they are"
                return
            self.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"the tabulator never reaches {wanted}")

    def push(self, wanted: Locator) -> None:
        """Go to a button or link and press it."""
        self.to(wanted)
        expect(wanted).to_be_enabled()
        self.press("Enter")

    def put(self, label: str, text: str) -> None:
        """Go to a field and write into it."""
        self.to(self.page.get_by_label(label, exact=True))
        self.press("ControlOrMeta+a")
        self.write(text)

    def date(self, label: str, month_day_year: str, time: str) -> None:
        """Write into a field of date and time, part by part, as an American browser has it."""
        self.to(self.page.get_by_label(label, exact=True))
        self.write(month_day_year)
        self.press("ArrowRight")
        self.write(time)

    def choose(self, label: str, words: str) -> None:
        """Choose from a list by its first letters."""
        self.to(self.page.get_by_label(label, exact=True))
        self.write(words)

    def sign_in(self, name: str) -> None:
        """Sign in."""
        self.put("Name", name)
        self.put("Password", PASSWORD)
        self.press("Enter")
        self.page.get_by_role("button", name="Sign out").wait_for()

    def go(self, letter: str) -> None:
        """Go to a screen by its two keys."""
        self.press("g", letter)
