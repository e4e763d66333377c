"""The portal's pages in a real browser: the stories of an owner and an engineer, and whether everybody can use them."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import expect, sync_playwright

from moms.portal.pages import DIST, POLICY, read_pages, serve_pages
from tests.portal.conftest import Running, a_request, filed, password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

LONG_MS = 15_000
SCREENS = ("/requests", "/ask", "/windows", "/inbox")
LOUDLY_REFUSED = "the server responded with a status of 4"
"""What is refused is told by the browser's console too; nothing else may be."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the machine's Chromium; where there is none, CI fails and a person is told."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium in PATH: .ci/run installs Debian's")
        pytest.skip("no Chromium in PATH")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser, running: Running) -> Iterator[Opener]:
    """Open pages as somebody; at the end nothing may have gone wrong in any of them."""
    opener = Opener(browser, running)
    yield opener
    opener.close()
    assert opener.wrong == []


class Opener:
    """Opens the pages as somebody, and listens to what goes wrong in them."""

    def __init__(self, browser: Browser, running: Running) -> None:
        self.browser, self.running = browser, running
        self.wrong: list[str] = []
        self.contexts: list[object] = []

    def __call__(self, name: str | None = None, path: str = "/", *, theme: str = "light", width: int = 1280) -> Page:
        """Sign somebody in by the form and go to a screen."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=theme, base_url=self.running.base, locale="en-US",
            timezone_id="Pacific/Auckland",
        )  # fmt: skip
        context.set_default_timeout(LONG_MS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._hear)
        page.goto(path)
        if name is not None:
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(password(name))
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("navigation", name="Screens")).to_be_visible()
        return page

    def _hear(self, message: object) -> None:
        kind, text = message.type, message.text  # type: ignore[attr-defined]  # of playwright
        if kind in {"error", "warning"} and LOUDLY_REFUSED not in text:
            self.wrong.append(f"{kind}: {text}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()  # type: ignore[attr-defined]  # as above


def type_request(page: Page, request: dict) -> None:
    """Type a request into the form, as its owner."""
    page.get_by_role("combobox", name="Equipment").press_sequentially(request["assets"][0])
    page.get_by_role("option").filter(has_text=request["assets"][0]).first.click()
    page.get_by_label("Out of service from").fill(request["window"]["start"][:16])
    page.get_by_label("Back in service at").fill(request["window"]["end"][:16])
    page.get_by_label("Nature of the work").select_option(request["nature"])
    page.get_by_label("Who answers").fill("ann")
    page.get_by_label("Telephone, day and night").fill("+1 555 0100")
    page.get_by_text("Your reference, other dates").click()
    page.get_by_label("Your reference").fill(request["external_id"])


def test_an_owner_sees_the_answer_first_files_and_an_engineer_settles(opened, running):
    request = a_request()
    page = opened("ann", "/ask")
    type_request(page, request)
    page.get_by_role("button", name="See the answer first").click()
    answer = page.get_by_role("region", name="The answer")
    expect(answer.get_by_text("A person decides").first).to_be_visible()
    expect(answer.get_by_text("SPECIAL-1").or_(answer.get_by_text("register of special assets")).first).to_be_visible()
    assert not running.as_("ann").get("/outages", params={"text": request["external_id"]}).json()["items"]

    page.get_by_role("button", name="File the request").click()
    expect(page.get_by_text("With the operator").first).to_be_visible()
    outage = running.as_("ann").get("/outages", params={"text": request["external_id"]}).json()["items"][0]
    assert page.url.endswith(f"/requests/{outage['id']}")
    assert outage["window"] == a_window(request)

    desk = opened("eve", f"/inbox?case={outage['id']}")
    desk.goto(f"/inbox?case={outage['id']}")
    desk.get_by_role("button", name="Approve", exact=True).click()
    desk.get_by_label("Why, for the record").fill("studied by hand")
    desk.get_by_label("Conditions, one a line").fill("call before you start")
    desk.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(desk.get_by_role("status").filter(has_text="done.")).to_be_visible()

    expect(page.get_by_text("Approved, on conditions").first).to_be_visible()  # told by an event: nobody loaded it anew
    expect(page.get_by_text("call before you start").first).to_be_visible()


def a_window(request: dict) -> dict[str, str]:
    """Give a window of the tests as the service writes it."""
    start, end = request["window"]["start"], request["window"]["end"]
    assert (start[11:], end[11:]) == ("00:00-05:00", "23:00-05:00")
    following = next_day(end[:10])
    return {"start": f"{start[:10]}T05:00Z", "end": f"{following}T04:00Z"}


def next_day(day: str) -> str:
    """Give the day after."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def test_a_fault_is_shown_at_its_field_with_what_to_do(opened, running):
    request = a_request()
    filed(running.as_("ann"), **request)
    page = opened("ann", "/ask")
    page.get_by_role("button", name="See the answer first").click()
    first = page.get_by_role("combobox", name="Equipment")
    expect(first).to_be_focused()
    expect(first).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("No equipment is chosen. search for a line")).to_be_visible()
    again = {**request, "external_id": f"{request['external_id']} again"}
    type_request(page, again)
    page.get_by_role("button", name="See the answer first").click()
    field = page.get_by_label("Out of service from")
    expect(field).to_be_focused()
    described = page.locator(f"#{field.get_attribute('aria-describedby').split()[-1]}")
    expect(described).to_contain_text("asks for the same equipment")
    expect(described).to_contain_text("choose hours after")


def test_what_is_typed_outlives_a_lost_session(opened, running):
    page = opened("ann", "/ask")
    page.get_by_label("What is done").fill("insulators")
    page.context.clear_cookies()
    page.get_by_role("combobox", name="Equipment").press_sequentially("branch")
    again = page.get_by_role("dialog")
    expect(again).to_contain_text("Sign in again")
    again.get_by_label("Password").fill(password("ann"))
    again.get_by_role("button", name="Sign in").click()
    expect(again).to_be_hidden()
    expect(page.get_by_label("What is done")).to_have_value("insulators")
    page.reload()
    expect(page.get_by_label("What is done")).to_have_value("insulators")


def test_a_wrong_password_says_so_and_no_more(opened):
    page = opened()
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Not signed in")
    expect(page.get_by_role("navigation")).to_have_count(0)


def test_an_owner_is_shown_only_what_is_his(opened, running):
    theirs = filed(running.as_("bob"), **a_request(organisation="TO-2"))
    page = opened("ann", "/requests")
    expect(page.get_by_role("heading", name="My requests")).to_be_visible()
    assert page.get_by_role("link", name="Inbox").count() == 0
    page.goto(f"/requests/{theirs['id']}")
    expect(page.get_by_role("alert")).to_contain_text("not yours to see")
    page.goto("/inbox")
    expect(page.get_by_text("The inbox is the operator's")).to_be_visible()


CALENDAR = {
    "assets": ["branch:3"], "days": 1, "book_version": 7, "computed_at": "2027-02-01T15:00Z", "notes": [],
    "cells": 1, "points": 24, "contingencies": 9,
}  # fmt: skip
WORST = {
    "element": "branch:1", "contingency": "branch:2", "hour": "2027-03-02T17:00Z", "flow_mw": 190.0, "limit_mw": 160.0,
    "percent": 118.8, "base_mw": 90.0, "without_mw": 100.0, "caused": "new", "hours": 3,
}  # fmt: skip


def a_start(day: str, state: str) -> dict[str, object]:
    """Give what the service says of one start day."""
    bad = state == "not available"
    return {
        "day": day, "window": {"start": f"{day}T05:00Z", "end": f"{next_day(day)}T05:00Z"}, "state": state,
        "reason": "branch:1 over its limit" if bad else "", "worst": WORST if bad else None, "load_at_risk_mw": 0.0,
        "conditions": [],
    }  # fmt: skip


def test_free_days_are_drawn_and_told(opened):
    days = {"2027-03-01": "free", "2027-03-02": "not available", "2027-03-03": "needs a study"}
    page = opened("ann", "/")
    # The grid of the tests has no hourly load: its own calendar is a refusal (below). These are as miso gives them.
    page.route(
        "**/api/v1/windows?**",
        lambda route: route.fulfill(
            json=CALENDAR | {"starts": [a_start(d, s) for d, s in days.items() if f"from={d}" in route.request.url]}
        ),
    )
    page.goto("/windows?asset=branch:3&from=2027-03-01&to=2027-03-03")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_text("1 free, 1 needs a study, 1 not available")).to_be_visible()
    page.get_by_text("The same as a table").click()
    rows = page.get_by_role("region", name="Table of start days").locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("118.8")
    calendar = page.get_by_role("group", name="Calendar of start days")
    calendar.focus()
    chosen = page.get_by_role("region", name="The day chosen")
    expect(chosen.get_by_role("link", name="Ask for these dates")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(calendar).to_have_attribute("aria-label", re.compile("Tue 2027-03-02, not available"))
    expect(chosen).to_contain_text("190.0 of 160.0 MW")
    expect(chosen.get_by_role("link", name="Ask for these dates")).to_have_count(0)
    page.keyboard.press("Home")
    chosen.get_by_role("link", name="Ask for these dates").click()
    expect(page.get_by_label("Out of service from")).to_have_value("2027-03-01T00:00")
    expect(page.get_by_label("Back in service at")).to_have_value("2027-03-02T00:00")


def test_days_that_cannot_be_looked_at_are_a_refusal_with_what_to_do(opened):
    page = opened("ann", "/")
    page.goto("/windows?asset=branch:999&from=2027-03-01&to=2027-03-01")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("alert")).to_contain_text("What to do")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen(opened, running, theme):
    mine = filed(running.as_("ann"), **a_request())
    axe = Axe()
    found = {}
    page = opened(None, "/", theme=theme)
    expect(page.get_by_label("Name")).to_be_visible()
    found["sign-in"] = axe.run(page).response["violations"]
    for name in ("ann", "eve"):
        page = opened(name, "/", theme=theme)
        for path in (*SCREENS, f"/requests/{mine['id']}", f"/inbox?case={mine['id']}"):
            page.goto(path)
            page.wait_for_timeout(600)
            found[f"{name} {path}"] = axe.run(page).response["violations"]
    bad = {where: [(v["id"], v["nodes"][0]["html"][:120]) for v in rows] for where, rows in found.items() if rows}
    assert bad == {}


def test_nothing_is_cut_off_on_a_phone(opened, running):
    mine = filed(running.as_("ann"), **a_request())
    for name in ("ann", "eve"):
        page = opened(name, "/", width=360)
        for path in (*SCREENS, f"/requests/{mine['id']}", f"/inbox?case={mine['id']}"):
            page.goto(path)
            page.wait_for_timeout(400)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 360, f"{name} {path} is {wide} wide"


def test_keys_alone_lead_through_the_inbox(opened, running):
    for _ in range(2):
        filed(running.as_("ann"), **a_request())
    page = opened("eve", "/inbox")
    expect(page.get_by_role("navigation", name="Cases").get_by_role("button").nth(1)).to_be_visible()
    seen = []
    for key in ("", "j", "k"):
        before = page.url
        if key:
            page.keyboard.press(key)
            page.wait_for_function("was => location.href !== was", arg=before)
        seen.append(page.url.split("case=")[1])
        expect(page.get_by_role("link", name="Open the record")).to_have_attribute("href", f"/requests/{seen[-1]}")
    assert seen[0] == seen[2] != seen[1]
    page.keyboard.press("a")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_pages_are_sent_under_their_policy_and_the_interface_stays_itself(running):
    nobody = running.as_()
    base = running.base
    for path in ("/", "/requests", "/requests/OTG-1", "/windows?asset=branch:1"):
        found = nobody.get(f"{base}{path}", headers={"Accept": "text/html"})
        assert found.status_code == 200, path
        assert found.headers["Content-Security-Policy"] == POLICY
        assert '<div id="app">' in found.text
    assert nobody.get(f"{base}/api/v1/nothing", headers={"Accept": "text/html"}).status_code == 404
    assert (
        nobody.get(f"{base}/no.js", headers={"Accept": "*/*"}).headers["Content-Type"].startswith("application/problem")
    )
    for sly in ("/../pages.py", "/%2e%2e/pages.py", "/assets/../../app.py", "/dist/../pages.py"):
        assert "from __future__" not in nobody.get(f"{base}{sly}").text


def test_what_a_browser_has_is_not_sent_again(running):
    nobody, base = running.as_(), running.base
    script = next(path for path in read_pages() if path.endswith(".js"))
    found = nobody.get(f"{base}/{script}")
    assert "immutable" in found.headers["Cache-Control"]
    assert found.headers["Content-Encoding"] == "gzip"
    again = nobody.get(f"{base}/{script}", headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304


def test_the_pages_are_small_enough_for_a_field_crew():
    packed = sum(len(gzip.compress(p.read_bytes(), 9)) for p in DIST.rglob("*") if p.is_file())
    assert packed <= 400_000


def test_where_the_pages_are_not_built_it_says_what_to_do(tmp_path):
    app = FastAPI()
    serve_pages(app, read_pages(tmp_path))

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here") as client:
            return await client.get("/requests", headers={"Accept": "text/html"})

    with ThreadPoolExecutor(1) as apart:  # this thread belongs to the browser's loop
        found = apart.submit(lambda: asyncio.run(asked())).result()
    assert found.status_code == 503
    assert "hatch_build.py" in found.text
