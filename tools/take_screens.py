#!/usr/bin/env python3
"""Take the pictures in `docs/screens` of a demo that runs: every screen, by day and night, on a desk and in a hand.

./moms demo --serve --port 8791 --speed 0
.venv/bin/python tools/take_screens.py http://127.0.0.1:8791 [NAME ...]
"""

from __future__ import annotations

import argparse
import base64
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screens"
LONG_MS = 300_000
QUALITY = 55
SIZES = {"desk": (1280, 800), "hand": (390, 844)}
ASSET = "branch:4564"
DENIED = "DETROIT 38"
BECOME = """async name => {
  const said = await fetch("/api/v1/demo/session", {
    method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name }),
  });
  if (!said.ok) throw new Error(`${said.status}: is this a demo?`);
}"""


class Screen(NamedTuple):
    """A screen: who looks at it, where it is, what is done there, and what has to be seen before it is taken."""

    name: str
    person: str | None
    path: str
    ready: str
    """A selector."""
    make: Callable[[Page], None] | None = None
    at: str = ""
    """A selector of what is to stand on top; empty: the page as it begins."""


def record(page: Page) -> None:
    """Open the denied request."""
    page.get_by_role("link", name=DENIED).first.click()
    page.get_by_role("heading", name="Limits exceeded").wait_for()


def ask(page: Page) -> None:
    """Type a request and look at its answer."""
    page.get_by_role("combobox", name="Equipment").press_sequentially(ASSET)
    page.get_by_role("option").filter(has_text=f"{ASSET} ·").first.click()
    page.get_by_label("Out of service from").fill("2027-08-17T08:00")
    page.get_by_label("Back in service at").fill("2027-08-17T18:00")
    page.get_by_label("Nature of the work").select_option("LM")
    page.get_by_label("Who answers").fill("outage desk")
    page.get_by_label("Telephone, day and night").fill("+1 555 0100")
    page.get_by_role("button", name="See the answer first").click()
    page.get_by_role("region", name="The answer").get_by_text("Denied").first.wait_for()


def free_days(page: Page) -> None:
    """Look for free days."""
    page.get_by_role("button", name="Look", exact=True).click()
    page.get_by_role("button", name="Looking").wait_for(state="detached")
    page.get_by_role("application").wait_for()


def case(page: Page) -> None:
    """Study what waits for a person."""
    page.locator("main li a").first.click()
    page.get_by_role("region", name="Versions shown").wait_for()


def chosen(page: Page) -> None:
    """Choose the first bar."""
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("link", name="Open the record").wait_for()


def season(page: Page) -> None:
    """Have what waits planned, if nobody has, and read why the first of it stands where it does."""
    plans = page.get_by_role("region", name="Season plans", exact=True)
    plans.get_by_role("button", name="Plan a season").wait_for()
    if plans.get_by_role("listitem").count() == 0:
        plans.get_by_role("button", name="Plan a season").click()
        page.get_by_label("First day").fill("2027-01-04")
        page.get_by_label("Last day, included").fill("2027-03-28")
        page.get_by_label("Why, for the record").fill("the works of the spring together")
        page.get_by_role("button", name="Plan it").click()
    plans.get_by_text("Made in").wait_for()
    plans.get_by_role("button", name="Explain").first.click()
    page.get_by_role("region", name="Why this date").get_by_text("A week earlier").wait_for()


SCREENS = (
    Screen("sign-in", None, "/", "form"),
    Screen("free-days", "owner", f"/windows?asset={ASSET}&from=2027-08-16&span=14", "main h1", free_days),
    Screen("ask", "owner", "/ask", "form", ask),
    Screen("requests", "owner", "/requests", "section[aria-label=Requests]"),
    Screen("record", "owner", "/requests", "section[aria-label=Requests]", record),
    Screen("plan", "owner", "/plan", "main article"),
    Screen("season", "engineer", "/plan", "#season-plans", season, "#season-plans"),
    Screen("inbox", "engineer", "/inbox", "main h1"),
    Screen("study", "engineer", "/study", "main li a", case),
    Screen("today", "control", "/today", "main section"),
    Screen("timeline", "engineer", "/timeline?from=2027-03-01&days=31&by=area", "canvas", chosen),
    Screen("map", "engineer", "/map?at=2027-04-13T12:00", "canvas[data-redraws]"),
    Screen("margin", "engineer", "/margin", "main table"),
    Screen("account", "owner", "/account", "main section"),
    Screen("field", "crew", "/field", "main h1"),
    Screen("rules", "auditor", "/rules?part=measures", "main h2"),
)


def main() -> None:
    """Take those that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("names", nargs="*", help="which screens (all)")
    args = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for screen in SCREENS:
            if not args.names or screen.name in args.names:
                take(browser, args.address, screen)
        browser.close()


def take(browser: Browser, address: str, screen: Screen) -> None:
    """Open a screen once, and keep it in both sizes and both colours."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US").new_page()
    page.set_default_timeout(LONG_MS)
    page.goto(address)
    if screen.person is not None:
        page.evaluate(BECOME, screen.person)
        page.goto(address + screen.path)
    page.locator(screen.ready).first.wait_for()
    if screen.make is not None:
        screen.make(page)
    wire = page.context.new_cdp_session(page)
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        if screen.make is None:  # as it opens in that size; what was made stays
            page.reload()
            page.locator(screen.ready).first.wait_for()
        if (no := page.get_by_role("button", name="No, thank you")).is_visible():
            no.click()
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of two words
            page.evaluate("at => (at ? document.querySelector(at).scrollIntoView() : scrollTo(0, 0))", screen.at)
            page.wait_for_timeout(2000)
            found = wire.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
            (FOLDER / f"{screen.name}-{size}-{theme}.webp").write_bytes(base64.b64decode(found["data"]))
            if (screen.name, size, theme) == ("record", "desk", "light"):
                page.screenshot(path=FOLDER / "record-light.png")
    print(screen.name, flush=True)
    page.context.close()


if __name__ == "__main__":
    main()
