"""Do what the clock asks for: one function for each task, each read, think, and write once.

A task looks again at what it finds and does nothing where the book has moved on: so it may be done
again by whoever takes it over from a machine that died. What a person has to be told is one event in
the journal, with its notices in the same transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk.assess import assess
from moms.desk.duties import AHEAD, UNDECIDED, Duty, Task, last_start, remembered
from moms.desk.offers import lapse as lapse_offer
from moms.desk.operate import lapse, put_at_risk, run_out, still_clean, validated
from moms.desk.ports import NoSuchOutage
from moms.desk.restudy import remedy_of
from moms.desk.settle import NotWaiting, decide
from moms.desk.situation import read
from moms.desk.submit import event
from moms.outages import State, Status
from moms.outages.lifecycle import Verb
from moms.records.notices import Next, Telling
from moms.records.told import ESCALATE
from moms.values import SYSTEM, instant_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.outages import Outage

MOVED_ON = "nothing was left to do"


def do(duty: Duty, *, book: Book, world: World, now: datetime) -> str:
    """Do one duty and say what came of it.

    Raises:
        KeyError: a task that is not an outage's (a night is the office's to tell).
        Refused: what kept it from being done.
    """
    try:
        return DONE_BY[duty.task](duty, book, world, now)
    except NoSuchOutage:
        return MOVED_ON


def _expire(duty: Duty, book: Book, world: World, now: datetime) -> str:
    gone = run_out(book=book, world=world, now=now, outage_id=duty.subject, verb=Verb.EXPIRE)
    return "expired: it can no longer be done" if gone else MOVED_ON


def _close(duty: Duty, book: Book, world: World, now: datetime) -> str:
    wait = timedelta(days=world.rules.clock.close_after_days)
    closed = run_out(book=book, world=world, now=now, outage_id=duty.subject, verb=Verb.CLOSE, wait=wait)
    return "closed for corrections" if closed else MOVED_ON


def _lapse(duty: Duty, book: Book, world: World, now: datetime) -> str:
    with book.as_(SYSTEM) as page:
        outage = page.outage(duty.subject)
    if outage.decision_id is None or outage.status not in UNDECIDED:
        return MOVED_ON
    found = lapse(book=book, world=world, now=now, outage_id=duty.subject, made=outage.decision_id)
    return MOVED_ON if found is None or found.record is None else str(found.record["says"])


def _lapse_offer(duty: Duty, book: Book, world: World, now: datetime) -> str:
    found = lapse_offer(book=book, world=world, now=now, offer=duty.subject)
    return MOVED_ON if found is None else found.said


def _decide(duty: Duty, book: Book, world: World, now: datetime) -> str:
    with book.as_(SYSTEM) as page:
        outage = page.outage(duty.subject)
    try:
        if outage.state == State.SUBMITTED:
            validated(book, world, outage, now=now)
        found = decide(book=book, world=world, now=now, outage_id=duty.subject, asked_by=SYSTEM)
    except NotWaiting:
        return MOVED_ON
    return str(found.record["says"]) if found.record else MOVED_ON


def _restudy(duty: Duty, book: Book, world: World, now: datetime) -> str:
    """Study one granted outage again on the book as it is; where no remedy holds it, put it at risk."""
    with book.as_(SYSTEM) as page:
        outage = page.outage(duty.subject)
        if outage.state not in AHEAD or outage.window.start <= now:
            return MOVED_ON
        situation = read(page, outage, window=outage.window, now=now)
    found = assess(world=world, situation=replace(situation, queue=()), window=outage.window, now=now)
    if still_clean(found.evidence):
        return _tell(duty, book, world, now, outage, says="studied again: it stands")
    mended = remedy_of(book, world, now, outage)
    if mended.holds:
        return _tell(duty, book, world, now, outage, says=" ".join(("studied again: it stands.", *mended.conditions)))
    says = f"studied again: {mended.says}"
    if outage.status != Status.AT_RISK and put_at_risk(
        book=book, world=world, now=now, outage_id=outage.id, reason=says
    ):
        return f"put at risk: {says}"
    return _tell(duty, book, world, now, outage, says=says)


def _remind_start(duty: Duty, book: Book, world: World, now: datetime) -> str:
    def says(outage: Outage) -> str | None:
        ahead = outage.state in AHEAD and outage.window.start > now
        return f"begins {instant_text(outage.window.start)}" if ahead else None

    return _remind(duty, book, world, now, says, until=lambda outage: outage.window.start)


def _remind_end(duty: Duty, book: Book, world: World, now: datetime) -> str:
    def says(outage: Outage) -> str | None:
        running = outage.state == State.ACTIVE and outage.window.end > now
        return f"to be back {instant_text(outage.window.end)}" if running else None

    return _remind(duty, book, world, now, says, until=lambda outage: outage.window.end)


def _overdue_start(duty: Duty, book: Book, world: World, now: datetime) -> str:
    def says(outage: Outage) -> str | None:
        late = outage.state in AHEAD and outage.window.start <= now < last_start(outage)
        until = instant_text(last_start(outage))
        return f"not begun, granted from {instant_text(outage.window.start)}; lapses {until}" if late else None

    return _remind(duty, book, world, now, says, until=last_start)


def _overdue_end(duty: Duty, book: Book, world: World, now: datetime) -> str:
    def says(outage: Outage) -> str | None:
        late = outage.state == State.ACTIVE and outage.window.end <= now
        return f"not back: planned until {instant_text(outage.window.end)}, no end reported" if late else None

    return _remind(duty, book, world, now, says)


def _answer_overdue(duty: Duty, book: Book, world: World, now: datetime) -> str:
    def says(outage: Outage) -> str | None:
        waits = outage.state in {State.SUBMITTED, State.VALIDATED, State.IN_STUDY}
        begins = instant_text(outage.asked.window.start)
        due = f"the rule book asks for an answer by {instant_text(duty.at)}, and there is none"
        return f"{due}; it is to begin {begins}" if waits else None

    return _remind(duty, book, world, now, says)


def _remind(
    duty: Duty, book: Book, world: World, now: datetime, says: Callable[[Outage], str | None], *,
    until: Callable[[Outage], datetime] | None = None,
) -> str:  # fmt: skip
    """Tell of an outage what is so in the transaction that tells it, or nothing; `until` then it is of use."""
    with book.as_(SYSTEM) as page:
        outage = page.outage(duty.subject)
        text = says(outage)
        if text is None:
            return MOVED_ON
        line = event(outage, actor=SYSTEM, now=now, verb=str(duty.task), world=world, reason=text)
        ends = None if until is None else until(outage)
        page.note(line, told=Telling(outage=outage, word=str(duty.task), reason=text, until=ends))
    return text


STILL_SO: dict[str, frozenset[State]] = {
    "overdue_start": AHEAD,
    "overdue_end": frozenset({State.ACTIVE}),
    "answer_overdue": frozenset({State.SUBMITTED, State.VALIDATED, State.IN_STUDY}),
    "refer": frozenset({State.SUBMITTED, State.VALIDATED, State.IN_STUDY}),
}
"""In which states what was told of an outage is still so; of any other word, whatever has become of it."""


def _escalate(duty: Duty, book: Book, world: World, now: datetime) -> str:
    """Tell who is next of what nobody has acknowledged; looked at and told in one transaction."""
    role, side, sequence, chain = duty.cause.split(":", 3)
    rules = world.rules.notices
    with book.as_(SYSTEM) as page:
        found = page.unanswered(within=remembered(rules), of=(chain, int(sequence)))
        there = next((one for one in found if one.side == side), None)
        row = next(
            (r for r in rules.escalation if there and (r.silent, r.severity, r.role) == (side, there.severity, role)),
            None,
        )
        if there is None or row is None:
            return MOVED_ON
        outage = page.outage(duty.subject)
        if outage.state not in STILL_SO.get(there.word, frozenset(State)):
            return MOVED_ON
        text = f"{there.word.replace('_', ' ')}: nobody of the {side} has acknowledged it for {row.after_min:g} min"
        line = event(outage, actor=SYSTEM, now=now, verb=ESCALATE, world=world, reason=text)
        step = Next(role=row.role, severity=there.severity, matter=there.matter)
        page.note(line, told=Telling(outage=outage, word=ESCALATE, reason=text, next=step))
    return f"{row.role} told: {text}"


def _tell(duty: Duty, book: Book, world: World, now: datetime, outage: Outage, *, says: str) -> str:
    with book.as_(SYSTEM) as page:
        tell(page, duty, world, now, outage, says=says)
    return says


def tell(page: Page, duty: Duty, world: World, now: datetime, outage: Outage, *, says: str) -> None:
    """Write what the clock brought into the journal; nobody has to be told of it."""
    page.note(event(outage, actor=SYSTEM, now=now, verb=str(duty.task), world=world, reason=says))


DONE_BY: dict[Task, Callable[[Duty, Book, World, datetime], str]] = {
    Task.EXPIRE: _expire,
    Task.LAPSE: _lapse,
    Task.LAPSE_OFFER: _lapse_offer,
    Task.REMIND_START: _remind_start,
    Task.REMIND_END: _remind_end,
    Task.OVERDUE_START: _overdue_start,
    Task.OVERDUE_END: _overdue_end,
    Task.ANSWER_OVERDUE: _answer_overdue,
    Task.ESCALATE: _escalate,
    Task.CLOSE: _close,
    Task.DECIDE: _decide,
    Task.RESTUDY: _restudy,
}
