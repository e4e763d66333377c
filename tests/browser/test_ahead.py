"""The decision while one types: told as it is made, stopped when nobody waits for it, never before what is filed."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.asks import PASSWORD, Caller, fill
from tests.browser.test_screens import sound

PATIENCE_S = 30.0


class Slow:
    """A desk whose previews may be made to last, and which notes what became of each."""

    def __init__(self) -> None:
        self.each_s = 0.0
        self.at_work = 0
        self.stopped = 0
        self.over = 0
        self.filing = threading.Event()
        self.filing.set()
        """Cleared, a request that is filed keeps the lane of studies."""

    def wrapped(self, desk):
        """Give the desk with our hand on what it is told, and on what is filed."""
        submit = desk.submit

        def slowly(request, *, preview=False, tell=None):
            if tell is None:
                self.filing.wait(PATIENCE_S)
                return submit(request, preview=preview)

            def told(progress):
                time.sleep(self.each_s)
                tell(progress)

            self.at_work += 1
            try:
                return submit(request, preview=preview, tell=told)
            except Exception:
                self.stopped += 1
                raise
            finally:
                self.at_work -= 1
                self.over += 1

        desk.submit = slowly
        return desk


@pytest.fixture(scope="module")
def slow():
    return Slow()


@pytest.fixture(scope="module")
def also(slow):
    def more(given, _address, _place):
        return replace(given, desk=lambda *a, **k: slow.wrapped(given.desk(*a, **k)))

    return more


@pytest.fixture(autouse=True)
def quick_again(slow):
    yield
    slow.each_s = 0.0
    slow.filing.set()
    until(lambda: not slow.at_work)


def until(holds) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def a_request(asset: str, day: str = "2027-02-10", **more) -> dict:
    return {
        "external_id": f"{asset} {day}", "organisation": "TO-1", "category": "transmission", "kind": "maintenance",
        "nature": "LM", "assets": [asset], "window": {"start": f"{day}T00:00-05:00", "end": f"{day}T23:00-05:00"},
        "recall_h": 4, "emergency_return_h": 2, "contacts": [{"name": "ann", "phone": "+1 555 0100"}], **more,
    }  # fmt: skip


def listen(caller: Caller, request: dict):
    """Open a stream for a preview."""
    headers = {"Accept": "text/event-stream"}
    return caller.client.stream("POST", "/outages?preview=true", json=request, headers=headers)


def events(answer: httpx.Response):
    """Give what a stream tells: the word of each event, and its document."""
    word = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            word = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield word, json.loads(line.removeprefix("data: "))


def test_it_tells_each_check_as_it_comes_and_then_the_answer_of_a_preview(address):
    with Caller(address, "ann") as ann, listen(ann, a_request("branch:19")) as answer:
        before = ann.client.get("/outages").json()["items"]
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        told = list(events(answer))
        plain = ann.client.post(
            "/outages?preview=true", json=a_request("branch:19"), headers={"Idempotency-Key": "p-1"}
        )
        assert ann.client.get("/outages").json()["items"] == before, "nothing is written"
    assert [word for word, _ in told] == ["progress"] * (len(told) - 1) + ["answer"]
    assert told[-1][1] == plain.json()
    assert told[-1][1]["decision"]["outcome"] == "deny"
    parts = [(one["part"], one["clean"]) for word, one in told if word == "progress" and one["over"]]
    assert parts[0] == ("book", False), "what the study found comes before what follows from it"
    assert [part for part, _ in parts][-1] == "dates"
    worst = next(one["worst"] for _, one in told if one.get("worst"))
    assert worst["element"] in json.dumps(told[-1][1]["decision"]["binding"])


def test_who_goes_away_stops_the_study_and_leaves_room_for_the_next(address, slow):
    slow.each_s = 0.3
    with Caller(address, "ann") as ann:
        before = slow.stopped
        with listen(ann, a_request("branch:19")) as answer:
            told = events(answer)
            next(told)
            until(lambda: slow.at_work == 1)
        until(lambda: slow.stopped == before + 1)
        assert not slow.at_work
        slow.each_s = 0.0
        with listen(ann, a_request("branch:2")) as answer:
            assert list(events(answer))[-1][1]["decision"]["outcome"] == "approve"


def test_it_stands_still_while_somebody_files_and_goes_on_after(address, slow):
    slow.each_s = 0.05
    slow.filing.clear()
    answers = []
    with Caller(address, "ann") as ann, Caller(address, "eve") as eve:
        files = threading.Thread(
            target=lambda: answers.append(ann.file("branch:3", "2027-03-01T00:00", "2027-03-01T09:00"))
        )
        with listen(eve, a_request("branch:2")) as answer:
            told = events(answer)
            assert next(told)[0] == "progress"
            files.start()
            waits = next(one for _, one in told if one["part"] == "waits")
            assert waits == {**waits, "over": False}
            assert not answers, "and it is not over"
            at = slow.over
            time.sleep(0.5)
            assert slow.over == at
            slow.filing.set()
            last = list(told)[-1]
        files.join(PATIENCE_S)
    assert answers[0]["id"]
    assert last[0] == "answer"


def test_one_person_has_two_under_way_and_no_more(address, slow):
    slow.each_s = 0.3
    with Caller(address, "ann") as ann, Caller(address, "eve") as eve:
        first, second = listen(ann, a_request("branch:19")), listen(ann, a_request("branch:2"))
        with first as one, second as two:
            told = [events(one), events(two)]
            assert [next(each)[0] for each in told] == ["progress", "progress"]
            third = ann.client.post(
                "/outages?preview=true", json=a_request("branch:3"), headers={"Accept": "text/event-stream"}
            )
            assert (third.status_code, third.headers["Retry-After"]) == (503, "5")
            with listen(eve, a_request("branch:2")) as other:
                heard = events(other)
                assert next(heard)[0] == "progress", "others are not kept out"
        until(lambda: not slow.at_work)
        with listen(ann, a_request("branch:2")) as again:
            assert list(events(again))[-1][0] == "answer"


def test_what_is_wrong_comes_as_it_does_without_a_stream(address):
    with Caller(address, "ann") as ann:
        for bad in (a_request("branch:2", "2026-02-01"), a_request("branch:2", recall_h="four")):
            with listen(ann, bad) as answer:
                ((word, told),) = list(events(answer))
            plain = ann.client.post(
                "/outages?preview=true", json=bad, headers={"Idempotency-Key": json.dumps(bad)[-150:].replace(" ", "")}
            )
            assert plain.status_code == 422
            assert told == plain.json()
            assert word == ("answer" if "returned" in told else "refused")
        with listen(ann, a_request("branch:2")) as answer:
            assert answer.status_code == 200
    stranger = httpx.post(
        f"{address}/api/v1/outages?preview=true", json=a_request("branch:2"), headers={"Accept": "text/event-stream"}
    )
    assert stranger.status_code == 401
    assert PASSWORD not in stranger.text


def test_whoever_types_sees_each_check_come_then_the_answer_and_takes_another_date(site, slow):
    slow.each_s = 0.05
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:19", start="2027-02-10T00:00", end="2027-02-11T00:00")
    study = page.get_by_role("region", name="Being studied")
    expect(study).to_contain_text("over a limit after a contingency because of the request: at worst")
    expect(study.get_by_role("progressbar", name="Other dates")).to_be_visible()
    sound(page)
    answer = page.get_by_role("region", name="Answer", exact=True)
    expect(answer).to_contain_text("Denied")
    expect(study).to_be_hidden()
    sound(page)
    slow.each_s = 0.0
    page.get_by_role("button", name="Take this one").first.press("Enter")
    expect(page.get_by_role("button", name="File the request")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Dates set to")).to_be_attached()
    expect(answer).to_contain_text("Approved")
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/OTG-*")
    expect(page.get_by_role("region", name="Request")).to_contain_text("Approved")


def test_a_changed_request_stops_its_study_and_begins_anew_and_leaving_the_form_stops_it_for_good(site, slow):
    slow.each_s = 0.2
    page = site.as_("ann", "/ask")
    fill(page, asset="branch:19", start="2027-02-17T00:00", end="2027-02-18T00:00")
    study = page.get_by_role("region", name="Being studied")
    expect(study).to_be_visible()
    until(lambda: slow.at_work == 1)
    stopped = slow.stopped
    page.get_by_label("What is done").fill("new insulators")
    page.get_by_label("What is done").fill("new insulators on three spans")
    page.wait_for_timeout(1500)
    assert (slow.at_work, slow.stopped) == (1, stopped), "the decision does not depend on it"
    page.get_by_label("Back in service at").fill("2027-02-18T06:00")
    until(lambda: slow.stopped == stopped + 1)
    until(lambda: slow.at_work == 1)
    page.get_by_role("link", name="My requests").click()
    until(lambda: slow.stopped == stopped + 2)
    assert not slow.at_work


def test_a_stream_that_breaks_off_says_so_and_is_asked_for_again(site):
    page = site.as_("ann", "/ask")
    page.route(
        "**/api/v1/outages?preview=true",
        lambda route: route.fulfill(
            content_type="text/event-stream",
            body='event: progress\ndata: {"part": "book", "over": false, "says": "", "done": 1, "of": 2}\n\n',
        ),
    )
    fill(page, asset="branch:2", start="2027-02-24T00:00", end="2027-02-25T00:00")
    broken = page.get_by_role("alert").filter(has_text="the answer broke off")
    expect(broken).to_be_visible()
    page.unroute("**/api/v1/outages?preview=true")
    broken.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("region", name="Answer", exact=True)).to_contain_text("Approved")
