"""The calendar says free exactly where the full decision would approve now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from moms.desk import settle, submit
from moms.desk.windows import FREE, NOT, STUDY, NoSpan, windows
from moms.outages import Contact
from moms.values import SYSTEM
from moms.wiring.pool import mapped
from tests.desk.test_flow import through
from tests.desk.worlds import DAY, NOW, OWNER, a_world, ask

if TYPE_CHECKING:
    from moms.store.book import PostgresBook

FIRST = date(2027, 2, 8)
TEMPLATE = {"recall_h": 4.0, "emergency_return_h": 2.0, "contacts": (Contact(name="ann", phone="+1 555 0100"),)}
STATE = {"approve": FREE, "accept": FREE, "refer": STUDY, "deny": NOT, "counter": NOT}


@pytest.mark.parametrize(
    ("asset", "slack"), [("branch:3", 0.8), ("branch:12", 0.8), ("branch:40", 0.8), ("gen:2", 0.8)]
)
def test_each_start_is_what_the_decision_would_say(book: PostgresBook, asset: str, slack: float) -> None:
    world = a_world(slack=slack, template=TEMPLATE, decision=replace(a_world().rules.decision, search_days=0))
    through(book, world, ask("branch:20", days=2, start=NOW + 8 * DAY))
    found = windows(
        book=book, world=world, now=NOW, assets=(asset,), days=2, first=FIRST, last=FIRST + timedelta(days=5)
    )
    for start in found.starts:
        request = replace(ask(asset), window=start.window, external_id=f"start {start.day}")
        who = replace(OWNER, organisation=request.organisation)
        filed = submit.preview(book=book, world=world, actor=who, now=NOW, request=request)
        assert filed.outage is not None
        seen = settle.decide(
            book=book, world=world, now=NOW, outage_id="", asked_by=SYSTEM, preview=True, unfiled=filed.outage
        )
        assert start.state == STATE[str(seen.record["outcome"])], (start, seen.record["says"])
    assert sum(found.share(s) for s in (FREE, STUDY, NOT)) == pytest.approx(1.0)


def test_the_same_calendar_comes_from_one_process_and_from_two(book: PostgresBook) -> None:
    world = a_world(slack=0.8, template=TEMPLATE)
    asked = {"book": book, "world": world, "now": NOW, "assets": ("branch:40",), "days": 2, "first": FIRST,
             "last": FIRST + timedelta(days=3)}  # fmt: skip
    alone = windows(**asked)
    with mapped(cores=2) as each:
        assert windows(**asked, each=each) == alone


def test_days_taken_by_another_outage_of_the_equipment_are_not_available_and_say_so(book: PostgresBook) -> None:
    world = a_world(template=TEMPLATE)
    taken = through(book, world, ask("branch:3", days=2, start=NOW + 8 * DAY)).outage
    found = windows(
        book=book, world=world, now=NOW, assets=("branch:3",), days=1, first=FIRST, last=FIRST + timedelta(days=6)
    )
    blocked = [s for s in found.starts if s.window.overlaps(taken.window)]
    assert blocked
    assert all(s.state == NOT and taken.id in s.reason for s in blocked)
    assert all(s.state == FREE for s in found.starts if s not in blocked)


def test_dates_that_hold_no_start_are_refused(book: PostgresBook) -> None:
    with pytest.raises(NoSpan):
        windows(book=book, world=a_world(), now=NOW, assets=("branch:3",), days=1, first=FIRST, last=FIRST - DAY)
