"""What the tests type into the form, as a person would."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

_number = itertools.count(1)


def fill(page: Page, *, asset: str, start: str, end: str, reference: str | None = None) -> str:
    """Fill in the request form; give the reference."""
    name = reference or f"W-{next(_number)}"
    box = page.get_by_role("combobox", name="Equipment")
    box.fill(asset)
    page.get_by_role("option").filter(has_text=f"{asset} ·").first.click()
    page.get_by_label("Out of service from").fill(start)
    page.get_by_label("Back in service at").fill(end)
    page.get_by_label("Nature of the work").select_option("OV" if asset.startswith("gen:") else "LM")
    page.get_by_label("Who answers").fill("Ann of the desk")
    page.get_by_label("Telephone, day and night").fill("+1 555 0100")
    page.get_by_text("Your reference, other dates").click()
    page.get_by_label("Your reference", exact=True).fill(name)
    return name


def ask(page: Page, *, asset: str, start: str, end: str, reference: str | None = None) -> str:
    """File a request from the form and wait for its record; give its id."""
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + "/ask")
    fill(page, asset=asset, start=start, end=end, reference=reference)
    page.get_by_role("button", name="File the request").click()
    page.wait_for_url("**/requests/OTG-*")
    page.get_by_role("region", name="Answer", exact=True).wait_for()
    return page.url.rsplit("/", 1)[1]
