"""The journal searched: what is found is what reading all of it finds, page after page, and nobody finds another's."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from moms.desk.ports import LineSearch
from moms.records.journal import hash_of
from moms.values import SYSTEM, Window
from tests.postgres import NOON, an_event, an_outage

DAY = timedelta(days=1)


@pytest.fixture
def told(book, ann):
    """Write lines of two owners and one that is no event; give them all."""
    for number, owner in ((1, "owner-a"), (2, "owner-b"), (3, "owner-a")):
        outage = an_outage(number, organisation=owner)
        with book.as_(SYSTEM) as page:
            page.add(outage, an_event(outage, actor=ann if owner == "owner-a" else SYSTEM, at=NOON + number * DAY))
            page.keep_decision(f"D-{number}", outage.id, {"id": f"D-{number}"})
            page.note(an_event(outage, "decide:deny", reason=f"100% of line_{number}", at=NOON + number * DAY))
    with book.as_(SYSTEM) as page:
        page.enter("plans", {"plan": "P-1"})
        return page.lines(LineSearch(limit=1000))


def found(book, who=SYSTEM, **wanted):
    with book.as_(who) as page:
        return page.lines(LineSearch(**wanted))


def body(line):
    return json.loads(line.body)


def test_all_lines_come_whole_with_hashes_that_fit(told):
    assert len(told) == 10
    assert all(line.hash == hash_of(line) for line in told)
    assert [body(line)["written_at"] for line in told] == sorted((body(x)["written_at"] for x in told), reverse=True)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({"organisation": "owner-b"}, lambda line: line.organisation == "owner-b"),
        ({"subject": "O-0003"}, lambda line: line.outage_id == "O-0003"),
        ({"subject": "register:"}, lambda line: body(line)["line"] == "entry"),
        ({"subject": "O_"}, lambda _: False),
        ({"verb": "decide"}, lambda line: body(line).get("verb") == "decide:deny"),
        ({"actor": "ann"}, lambda line: body(line).get("actor", {}).get("name") == "ann"),
        ({"text": "line_2"}, lambda line: "line_2" in line.body),
        ({"text": "LINE%2"}, lambda _: False),
        (
            {"span": Window(start=NOON + 2 * DAY, end=NOON + 3 * DAY), "verb": "submit"},
            lambda line: line.outage_id == "O-0002" and body(line).get("verb") == "submit",
        ),
    ],
)
def test_each_filter_finds_what_reading_everything_finds(book, told, wanted, fits):
    assert found(book, **wanted) == tuple(line for line in told if fits(line))


def test_pages_give_every_line_once_in_the_same_order(book, told):
    pages, before = [], None
    while True:
        page = found(book, before=before, limit=3)
        pages += page
        if len(page) < 3:
            break
        last = page[-1]
        before = (datetime.fromisoformat(body(last)["written_at"]), last.organisation, last.sequence)
    assert tuple(pages) == told


def test_an_owner_finds_its_own_lines_and_no_others(book, told, ann):
    assert {line.organisation for line in found(book, ann)} == {"owner-a"}
    assert found(book, ann, organisation="owner-b") == ()
