#!/usr/bin/env python3
"""Take the pictures in `docs/screens` of a service that runs.

./moms demo --exit                     # a book to look at
moms user add wren --org ORGANISATION --role owner < password.txt
moms user add eve --org operator --role engineer < password.txt
moms user add roy --org operator --role control_room < password.txt
moms serve --port 8765 --grid miso
.venv/bin/python tools/take_screens.py http://127.0.0.1:8765 --owner wren --engineer eve --room roy \
    --password-file password.txt
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screens"
LONG_MS = 120_000


def main() -> None:
    """Take each screen by day and by night."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--owner", required=True)
    parser.add_argument("--engineer", required=True)
    parser.add_argument("--room", required=True, help="somebody of the control room")
    parser.add_argument("--password-file", type=Path, required=True)
    args = parser.parse_args()
    password = args.password_file.read_text(encoding="utf-8").strip()
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for theme in ("light", "dark"):
            page = signed_in(browser, args.address, args.owner, password, theme)
            take(page, "requests", theme)
            page.get_by_role("link", name="DETROIT 38").first.click()
            page.get_by_role("heading", name="Limits exceeded").wait_for()
            take(page, "record", theme)
            ask(page)
            take(page, "ask", theme)
            page = signed_in(browser, args.address, args.engineer, password, theme)
            page.get_by_role("link", name="Open the record").wait_for()
            take(page, "inbox", theme)
            page.goto(f"{args.address}/windows?asset=branch:4564&from=2027-08-16&span=14")
            page.get_by_role("button", name="Look").click()
            page.get_by_role("button", name="Look", exact=True).wait_for(timeout=LONG_MS * 3)
            take(page, "free-days", theme)
            page.goto(f"{args.address}/timeline?days=31&by=area")
            page.get_by_role("application").focus()
            page.keyboard.press("ArrowRight")
            page.get_by_role("link", name="Open the record").wait_for()
            take(page, "timeline", theme)
            page.goto(f"{args.address}/map?at=2027-04-13T12:00")
            page.locator("canvas[data-redraws]").wait_for()
            page.get_by_role("region", name="Table of outages").wait_for()
            take(page, "map", theme)
            page.goto(f"{args.address}/rules?part=numbers")
            page.get_by_role("region", name="entry").wait_for()
            take(page, "rules", theme)
            page = signed_in(browser, args.address, args.room, password, theme)
            page.goto(f"{args.address}/today")
            page.get_by_role("list", name="The day in numbers").wait_for()
            if theme == "light":
                report(page)
            take(page, "today", theme)
        browser.close()


def signed_in(browser: Browser, address: str, name: str, password: str, theme: str) -> Page:
    """Open the pages as somebody."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=theme).new_page()  # type: ignore[arg-type]  # one of two words
    page.set_default_timeout(LONG_MS)
    page.goto(address)
    page.get_by_label("Name").wait_for()
    if name.startswith("e") or theme == "light":
        page.screenshot(path=FOLDER / f"sign-in-{theme}.png")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Screens").wait_for()
    page.wait_for_timeout(2000)
    return page


def ask(page: Page) -> None:
    """Type a request and look at its answer."""
    page.get_by_role("link", name="Ask", exact=True).click()
    page.get_by_role("combobox", name="Equipment").press_sequentially("branch:4564")
    page.get_by_role("option").filter(has_text="branch:4564 ·").first.click()
    page.get_by_label("Out of service from").fill("2027-08-17T08:00")
    page.get_by_label("Back in service at").fill("2027-08-17T18:00")
    page.get_by_label("Nature of the work").select_option("LM")
    page.get_by_label("Who answers").fill("outage desk")
    page.get_by_label("Telephone, day and night").fill("+1 555 0100")
    page.get_by_role("button", name="See the answer first").click()
    page.get_by_role("region", name="The answer").get_by_text("Denied").first.wait_for()
    page.mouse.wheel(0, -5000)
    page.wait_for_timeout(500)


def report(page: Page) -> None:
    """Report something that has failed: a day on which all is as planned shows nothing."""
    page.get_by_role("button", name="Report a forced outage").click()
    page.get_by_role("combobox", name="What is out").press_sequentially("branch:100")
    page.get_by_role("option").filter(has_text="branch:100 ·").first.click()
    page.get_by_label("What happened").fill("tripped, not reclosed")
    page.get_by_role("button", name="Report", exact=True).click()
    page.get_by_role("status").filter(has_text="reported and acknowledged").wait_for()


def take(page: Page, name: str, theme: str) -> None:
    """Keep what the window shows."""
    page.wait_for_timeout(1000)
    page.screenshot(path=FOLDER / f"{name}-{theme}.png")


if __name__ == "__main__":
    main()
