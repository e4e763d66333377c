"""Finish a deed whose machine died after it had begun to write, and answer it from what it wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.desk.answer import Answer
from moms.desk.operate import recheck, validated
from moms.desk.settle import decide
from moms.outages import State
from moms.outages.lifecycle import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.desk.keys import Mark
    from moms.desk.ports import Book
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.values import Actor

AWAIT_DECISION = frozenset({Verb.SUBMIT, Verb.VALIDATE, Verb.TAKE_OFFER})
"""After one of these the same deed decides; so it does after any that leaves the outage submitted."""
SHAKE = frozenset({Verb.CANCEL, Verb.WITHDRAW, Verb.END, Verb.CONFIRM_END})
"""After one of these the same deed studies again what leaned on the outage."""


def resume(*, book: Book, world: World, actor: Actor, now: datetime, marks: Sequence[Mark]) -> Answer:
    """Do what is left of a deed, by what it had written, and give its answer.

    Where others have moved the outage on since, nothing more is done, and the answer is what it was.
    """
    first = marks[0].outage_id
    last = [mark for mark in marks if mark.outage_id == first][-1]
    with book.as_(actor) as page:
        outage, newest = page.as_it_was(first, last.revision), page.outage(first)
    if newest.revision == last.revision and _waits(outage, last):
        validated(book, world, outage, now=now)
        return decide(book=book, world=world, now=now, outage_id=first, asked_by=actor)
    shaken = recheck(book=book, world=world, now=now, moved=outage) if last.verb in SHAKE else None
    with book.as_(actor) as page:
        record = page.decision(outage.decision_id) if outage.decision_id else None
    return Answer(outage=outage, record=record, findings=outage.findings, says=shaken.says if shaken else "")


def _waits(outage: Outage, last: Mark) -> bool:
    return last.verb in AWAIT_DECISION or outage.state == State.SUBMITTED
