"""Enter a season that was decided before: every request with its own stamp, decision and record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.desk.answer import outage_id
from moms.desk.ports import Event, Search
from moms.outages.document import to_document
from moms.outages.lifecycle import Verb, begin, move
from moms.values import SYSTEM, Actor, Refused, Role

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.outages import Outage, Request
    from moms.values import Finding


class NotEmpty(Refused):
    """The book holds outages that are not of this season."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One outage of a season as this engine admitted it."""

    request: Request
    requester: str
    stamp: datetime
    verb: str
    """The lifecycle's verb of the decision: approve, accept_exempt ..."""
    conditions: tuple[str, ...]
    findings: tuple[Finding, ...]
    record: dict[str, object]


def enter(*, book: Book, entries: Sequence[Entry], rule_book: str) -> int:
    """Enter a season that is not yet in the book, whole and in order of stamp; give how many entries were new.

    Raises:
        NotEmpty: the book holds something else; a demo never mixes with anybody's own book, nor two seasons.
    """
    wanted = {outage_id(e.request.organisation, e.request.external_id): e for e in entries}
    with book.as_(SYSTEM) as page:
        there = {o.id for o in page.find(Search())}
        if there and not there & set(wanted):
            raise NotEmpty(
                f"the book already holds {len(there)} outages of its own",
                field="MOMS_HOME",
                fix="name another folder for the demo: MOMS_HOME=~/moms-demo ./moms demo",
            )
        fresh = [(key, e) for key, e in wanted.items() if key not in there]
        if 0 < len(fresh) < len(wanted):  # a season is entered whole: ids of another may be the same
            raise NotEmpty(
                "the book holds another season, or this one as another version had it",
                field="MOMS_HOME",
                fix="name another folder for this one: MOMS_HOME=~/moms-demo-2 ./moms demo",
            )
        for key, entry in sorted(fresh, key=lambda item: (item[1].stamp, item[0])):
            _enter(page, key, entry, rule_book)
    return len(fresh)


def _enter(page: Page, key: str, entry: Entry, rule_book: str) -> None:
    owner = Actor(name=entry.requester, organisation=entry.request.organisation, role=Role.OWNER)
    filed = replace(begin(entry.request, outage_id=key, actor=owner, now=entry.stamp), findings=entry.findings)
    page.add(filed, _event(filed, owner, entry, Verb.SUBMIT, rule_book, before=None))
    valid = move(filed, verb=Verb.VALIDATE, actor=SYSTEM, now=entry.stamp)
    page.revise(valid, _event(valid, SYSTEM, entry, Verb.VALIDATE, rule_book, before=filed))
    decided = move(
        valid,
        verb=entry.verb,
        actor=SYSTEM,
        now=entry.stamp,
        decision_id=str(entry.record["id"]),
        conditions=entry.conditions,
        system_may=True,
    )
    page.revise(decided, _event(decided, SYSTEM, entry, f"decide:{entry.record['outcome']}", rule_book, before=valid))
    page.keep_decision(str(entry.record["id"]), key, entry.record)


def _event(outage: Outage, actor: Actor, entry: Entry, verb: str, rule_book: str, *, before: Outage | None) -> Event:
    return Event(
        at=entry.stamp,
        actor=actor,
        verb=str(verb),
        outage_id=outage.id,
        reason=str(entry.record["says"]) if str(verb).startswith("decide") else "",
        rule_book=rule_book,
        before=None if before is None else to_document(before),
        after=to_document(outage),
    )
