"""What the tests type into the form, as a person would."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Self

import httpx

if TYPE_CHECKING:
    from playwright.sync_api import Page

_number = itertools.count(1)
PASSWORD = "correct horse battery"
LONG_S = 60


RELAY_WORK = "RW"
"""Work that always goes to a person, whatever the study finds: what trips together may change."""


def fill(
    page: Page, *, asset: str, start: str, end: str, reference: str | None = None, nature: str | None = None
) -> str:
    """Fill in the request form; give the reference."""
    name = reference or f"W-{next(_number)}"
    box = page.get_by_role("combobox", name="Equipment")
    box.fill(asset)
    page.get_by_role("option").filter(has_text=f"{asset} ·").first.click()
    page.get_by_label("Out of service from").fill(start)
    page.get_by_label("Back in service at").fill(end)
    page.get_by_label("Nature of the work").select_option(nature or ("OV" if asset.startswith("gen:") else "LM"))
    page.get_by_label("Who answers").fill("Ann of the desk")
    page.get_by_label("Telephone, day and night").fill("+1 555 0100")
    page.get_by_text("Your reference, other dates").click()
    page.get_by_label("Your reference", exact=True).fill(name)
    return name


def ask(
    page: Page, *, asset: str, start: str, end: str, reference: str | None = None, nature: str | None = None
) -> str:
    """File a request from the form and wait for its record; give its id."""
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + "/ask")
    fill(page, asset=asset, start=start, end=end, reference=reference, nature=nature)
    page.get_by_role("button", name="File the request").click()
    page.wait_for_url("**/requests/OTG-*")
    page.get_by_role("region", name="Answer", exact=True).wait_for()
    return page.url.rsplit("/", 1)[1]


class Caller:
    """Somebody who asks without a browser, so that a book is full before a screen is looked at."""

    def __init__(self, base: str, name: str) -> None:
        self.client = httpx.Client(base_url=f"{base}/api/v1", timeout=LONG_S)
        found = self.client.put("/session", json={"name": name, "password": PASSWORD})
        found.raise_for_status()
        self.client.headers["X-CSRF-Token"] = found.json()["csrf"]

    def __enter__(self) -> Self:
        """Give the caller itself; its connections are closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def do(self, way: str, body: dict[str, object], *, revision: int | None = None) -> dict:
        """Do a deed and give the outage that comes of it."""
        headers = {"Idempotency-Key": f"asks-{next(_number)}"}
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        found = self.client.post(way, json=body, headers=headers)
        assert found.status_code == 200, found.text
        return found.json()["outage"]

    def file(self, asset: str, start: str, end: str, *, organisation: str = "TO-1", **more: object) -> dict:
        """File a request, times of the market, and give the outage."""
        generation = asset.startswith("gen:")
        return self.do("/outages", {
            "external_id": f"F-{next(_number)}", "organisation": organisation, "kind": "planned",
            "category": "generation" if generation else "transmission", "nature": "OV" if generation else "LM",
            "assets": [asset], "window": {"start": f"{start}-05:00", "end": f"{end}-05:00"}, "recall_h": 4,
            "emergency_return_h": 2, "contacts": [{"name": "ann", "phone": "+1 555 0100"}], **more,
        })  # fmt: skip

    def step(self, outage: dict, verb: str, **body: object) -> dict:
        """Take a step with an outage."""
        return self.do(f"/outages/{outage['id']}/{verb}", body, revision=outage["revision"])
