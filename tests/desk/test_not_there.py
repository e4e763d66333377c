"""A report of equipment that the grid does not have stops nobody from asking, and nothing is approved around it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk import submit
from moms.desk.restudy import restudy
from moms.desk.windows import FREE, STUDY, windows
from moms.outages import Kind
from tests.desk.test_flow import through
from tests.desk.test_windows import FIRST, TEMPLATE
from tests.desk.worlds import DAY, NOW, OWNER, a_world, ask

if TYPE_CHECKING:
    from moms.store.book import PostgresBook

STRANGE = "branch:99999"


def test_hours_of_which_it_is_not_known_what_is_out_are_for_a_person(book: PostgresBook) -> None:
    world = a_world(template=TEMPLATE)
    granted = through(book, world, ask("branch:20", start=NOW + 6 * DAY))
    assert granted.record["outcome"] == "approve", granted.record["says"]
    report = ask(STRANGE, kind=Kind.FORCED, start=NOW - DAY, days=9)
    told = submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=report).outage
    assert told is not None
    again = restudy(book=book, world=world, now=NOW, until=NOW + 8 * DAY, remedies=0)
    assert granted.outage.id in again.granted
    assert not again.stands
    assert STRANGE in str(again.found.missing)
    found = windows(
        book=book, world=world, now=NOW, assets=("branch:3",), days=1, first=FIRST, last=FIRST + timedelta(days=6)
    )
    while_out = [start for start in found.starts if start.window.overlaps(told.window)]
    assert while_out
    assert {start.state for start in while_out} == {STUDY}
    assert all(f"{told.id} reports {STRANGE} out" in start.reason for start in while_out)
    assert {start.state for start in found.starts if start not in while_out} == {FREE}
    during = through(book, world, ask("branch:3", start=NOW + 5 * DAY, external_id="during"))
    after = through(book, world, ask("branch:3", start=NOW + 20 * DAY, external_id="after"))
    assert (during.record["outcome"], after.record["outcome"]) == ("refer", "approve"), during.record["says"]
    assert STRANGE in str(during.record)
