"""Duties: what has to happen by the clock without anybody asking, told from the book and the rule book alone.

A duty follows from what the book holds: nobody has to have entered it when it arose, so none can be lost.
Its name says what, of which outage, and for which instant; a duty of one name is done once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from moms.desk.forecast import identity, newest
from moms.desk.offers import all_offers
from moms.desk.planning import open_plannings
from moms.desk.ports import Search
from moms.desk.rates import newest_rates
from moms.outages import State, Status
from moms.outages.lifecycle import READY
from moms.records.told import NoticeRules
from moms.values import SYSTEM, market_day, market_day_of, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from moms.desk.calendar import StaleDay
    from moms.desk.clock import ClockRules
    from moms.desk.offer import Offer
    from moms.desk.planning import Planning
    from moms.desk.ports import Page
    from moms.outages import Outage
    from moms.records.notices import Unanswered


class Task(StrEnum):
    """What is to be done."""

    EXPIRE = "expire"
    LAPSE = "lapse"
    LAPSE_OFFER = "lapse_offer"
    REMIND_START = "remind_start"
    REMIND_END = "remind_end"
    OVERDUE_START = "overdue_start"
    OVERDUE_END = "overdue_end"
    ANSWER_OVERDUE = "answer_overdue"
    ESCALATE = "escalate"
    CLOSE = "close"
    DECIDE = "decide"
    RESTUDY = "restudy"
    FIRMNESS = "firmness"
    MARGIN = "margin"
    PLAN = "plan"
    CALENDAR = "calendar"


URGENCY = {task: place for place, task in enumerate(Task)}
"""Of one organisation's duties that are due, which comes first: what takes no time, before what is studied."""
NIGHTLY = (Task.FIRMNESS, Task.MARGIN)
STUDIES = frozenset({Task.DECIDE, Task.RESTUDY, *NIGHTLY, Task.PLAN, Task.CALENDAR})
"""What takes seconds of a core, and is done in a process that can be stopped."""
EXPECTED_S = {task: 5.0 if task in STUDIES else 0.05 for task in Task}
"""What a duty is counted for in its organisation's share until it is known what it took."""
AHEAD = frozenset({State.DECIDED, State.OPPORTUNITY_WAITING})
UNDER_WAY = frozenset({State.ACTIVE})
NOBODY_NEXT = NoticeRules()
UNDECIDED = frozenset({Status.NONE, Status.REVOKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One thing to be done at an instant, on behalf of an organisation."""

    task: Task
    subject: str
    """An outage's id, an offer's, a planning's, or the market day of a night."""
    organisation: str
    """In whose share of the work it counts."""
    at: datetime
    """Not before this instant."""
    cause: str = ""
    """What made it due, where the task and the instant do not say."""
    delay: timedelta = timedelta(0)
    """How long after it was first seen it may begin: somebody may be about to do it."""

    @property
    def name(self) -> str:
        """Name it: the same duty has the same name whoever looks, and whenever."""
        mark = self.cause or f"{self.at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        return f"{self.task}:{self.subject}:{mark}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shake:
    """Something that calls what was granted into question: a forced outage, a new forecast, or a landing."""

    at: datetime
    cause: str
    but: str = ""
    """The outage it is itself."""


def duties(page: Page, *, rules: ClockRules, now: datetime, notices: NoticeRules = NOBODY_NEXT) -> tuple[Duty, ...]:
    """Give all duties of the book, by the instant they are due: those due now, and the next of each kind to come.

    `page` is one that sees the whole book. What has been done is among them: whoever keeps the list knows.
    """
    standing = page.find(Search(holding=True))
    waiting = page.find(Search(states=("submitted", "validated", "in_study", "negotiating")))
    shakes = (*_forced(standing), *_forecast(page), *_landing(page))
    found = [duty for outage in standing for duty in of_standing(outage, rules=rules, now=now, shakes=shakes)]
    for outage in waiting:
        found += of_waiting(outage, _record(page, outage), rules=rules)
    for outage in page.find(Search(states=("completed",))):
        found += of_completed(outage, rules=rules)
    found += [of_offer(offer) for offer in all_offers(page).values() if offer.open]
    found += nights(rules=rules, now=now)
    if notices.escalation:
        found += escalations(page.unanswered(within=remembered(notices)), notices=notices)
    found += [of_planning(one) for one in open_plannings(page)]
    return tuple(sorted(found, key=lambda duty: (duty.at, URGENCY[duty.task], duty.name)))


def _record(page: Page, outage: Outage) -> dict[str, object]:
    needed = outage.decision_id is not None and outage.state in {State.IN_STUDY, State.NEGOTIATING}
    return page.decision(outage.decision_id) if needed and outage.decision_id else {}


def _forced(standing: Sequence[Outage]) -> tuple[Shake, ...]:
    return tuple(
        Shake(at=o.filed_at, cause=o.id, but=o.id)
        for o in standing
        if o.request.urgent_report and o.request.takes_out and o.state == State.ACTIVE
    )


def _landing(page: Page) -> tuple[Shake, ...]:
    """Give the newest landing: what was granted rests on the ratings and rules before it."""
    newest = page.change_sets(landed_after=page.landed() - 1)[-1:]
    return tuple(Shake(at=one.ended_at, cause=one.id) for one in newest if one.ended_at is not None)


def _forecast(page: Page) -> tuple[Shake, ...]:
    issue, rates = newest(page), newest_rates(page)
    told = () if issue is None else (Shake(at=issue.issued, cause=identity(issue)),)
    return told if rates is None else (*told, Shake(at=rates.issued, cause=rates.id))


def of_standing(outage: Outage, *, rules: ClockRules, now: datetime, shakes: Sequence[Shake] = ()) -> tuple[Duty, ...]:
    """Give the duties of an outage that stands."""
    if outage.state in AHEAD:
        return (*_before_start(outage, rules), *_restudies(outage, rules, now, shakes))
    if outage.state in UNDER_WAY:
        return (*_running(outage, rules), *_unstudied(outage))
    return ()


def _before_start(outage: Outage, rules: ClockRules) -> Iterator[Duty]:
    start = outage.window.start
    yield _of(outage, Task.REMIND_START, max(start - _hours(rules.start_reminder_h), outage.filed_at))
    yield _of(outage, Task.OVERDUE_START, start)
    if outage.status in READY:  # a risk to it has to be settled first
        yield _of(outage, Task.EXPIRE, last_start(outage))


def last_start(outage: Outage) -> datetime:
    """Give from when on it can no longer be done: LIFE-16, the last start that ends in time."""
    latest = outage.request.latest_end
    deadline = latest - outage.request.duration if latest else outage.window.end
    return max(deadline, outage.window.start)


def _running(outage: Outage, rules: ClockRules) -> Iterator[Duty]:
    begun = outage.actual_start or outage.window.start
    yield _of(outage, Task.REMIND_END, max(outage.window.end - _hours(rules.end_reminder_h), begun))
    yield _of(outage, Task.OVERDUE_END, outage.window.end)


def _unstudied(outage: Outage) -> Iterator[Duty]:
    """Decide what was reported and whose study its machine did not live to see."""
    if outage.decision_id is None:
        yield _decide(outage, outage.filed_at, delay=timedelta(minutes=1))


def _restudies(outage: Outage, rules: ClockRules, now: datetime, shakes: Sequence[Shake]) -> tuple[Duty, ...]:
    """Give the newest study again that is due, and the next to come: a later one answers all before it."""
    start = outage.window.start
    if not outage.request.takes_out or start <= now:
        return ()
    found = [
        _of(outage, Task.RESTUDY, at, cause=f"{days:g}d:{start.astimezone(UTC):%Y%m%dT%H%MZ}")
        for days in rules.restudy_days
        if (at := start - timedelta(days=days)) > outage.filed_at
    ]
    found += [
        _of(outage, Task.RESTUDY, one.at, cause=one.cause)
        for one in shakes
        if one.but != outage.id and one.at > outage.filed_at and start - now <= timedelta(days=rules.shaken_days)
    ]
    past = [duty for duty in found if duty.at <= now]
    ahead = [duty for duty in found if duty.at > now]
    return (*_one(past, last=True), *_one(ahead, last=False))


def _one(found: list[Duty], *, last: bool) -> tuple[Duty, ...]:
    ordered = sorted(found, key=lambda duty: (duty.at, duty.name))
    return tuple(ordered[-1:] if last else ordered[:1])


def of_waiting(outage: Outage, record: dict[str, object], *, rules: ClockRules) -> tuple[Duty, ...]:
    """Give the duties of an outage that waits for its decision, or for its owner; `record` is its last decision's."""
    found = list[Duty]()
    outcome = record.get("outcome")
    if outage.state in {State.SUBMITTED, State.VALIDATED} or (outage.state == State.IN_STUDY and outcome != "refer"):
        asked = outage.wish or outage
        found.append(_decide(outage, asked.stamp, delay=timedelta(minutes=rules.decide_after_min)))
    if outage.state == State.NEGOTIATING:
        return _lapses(outage, record, rules)
    due = rules.answer_due(filed=(outage.wish or outage).stamp, start=outage.asked.window.start)
    if due is not None:
        found.append(_of(outage, Task.ANSWER_OVERDUE, due))
    return tuple(found)


def _decide(outage: Outage, at: datetime, *, delay: timedelta) -> Duty:
    return _of(outage, Task.DECIDE, at, cause=f"r{outage.revision}", delay=delay)


def _lapses(outage: Outage, record: dict[str, object], rules: ClockRules) -> tuple[Duty, ...]:
    """Let an offer lapse that was made to a request; what had been granted before is the engineer's to settle."""
    if record.get("outcome") != "counter" or outage.status not in UNDECIDED:
        return ()
    made = parse_instant(str(record["decided_at"]), field="decided_at")
    return (_of(outage, Task.LAPSE, made + _hours(rules.offer_lapses_h)),)


def of_offer(offer: Offer) -> Duty:
    """Give when an open offer lapses, in the share of who made it."""
    return Duty(task=Task.LAPSE_OFFER, subject=offer.id, organisation=offer.maker, at=offer.until)


def of_planning(planning: Planning) -> Duty:
    """Give that a plan which was asked for is made, in the operator's share: it is of all owners."""
    return Duty(task=Task.PLAN, subject=planning.id, organisation=SYSTEM.organisation, at=planning.at)


def of_completed(outage: Outage, *, rules: ClockRules) -> tuple[Duty, ...]:
    """Give when an outage that has ended is closed."""
    if outage.actual_end is None or outage.status == Status.RECALLED:
        return ()  # one that was called back may still be negotiated again
    return (_of(outage, Task.CLOSE, outage.actual_end + timedelta(days=rules.close_after_days)),)


def remembered(notices: NoticeRules) -> timedelta:
    """Give for how long what nobody acknowledges is looked at: till the last was told, and a day for dead workers."""
    return timedelta(minutes=notices.longest_min) + timedelta(days=1)


def escalations(unanswered: Sequence[Unanswered], *, notices: NoticeRules) -> tuple[Duty, ...]:
    """Give when who is next is to be told of what nobody has acknowledged.

    Each once for a line of the journal, a side, and a role: the name of the duty says all three.
    """
    return tuple(
        Duty(task=Task.ESCALATE, subject=one.outage_id, organisation=SYSTEM.organisation,
             at=one.at + timedelta(minutes=row.after_min), cause=f"{row.role}:{one.matter}")
        for one in unanswered
        for row in notices.escalation
        if (row.silent, row.severity) == (one.side, one.severity)
    )  # fmt: skip


def nights(*, rules: ClockRules, now: datetime) -> tuple[Duty, ...]:
    """Give what is told each night: that of the market day now, and of the next."""
    today = market_day_of(now)
    return tuple(
        Duty(
            task=task, subject=day.isoformat(), organisation=SYSTEM.organisation, cause="night",
            at=market_day(day).start + _hours(rules.night_at_h),
        )
        for day in (today, today + timedelta(days=1))
        for task in NIGHTLY
    )  # fmt: skip


def calendar_days(stale: Sequence[StaleDay], *, now: datetime) -> tuple[Duty, ...]:
    """Give the days of the calendar that are to be computed, nearest first.

    Each once for what it would rest on and each time it was kept: a day may come to rest again on what it did before
    (a grant that is cancelled), and a duty of one name is done once. And once each market day: what is kept may be
    lost where the list of work is not.
    """
    today = market_day_of(now)
    return tuple(
        Duty(task=Task.CALENDAR, subject=one.day.isoformat(), organisation=SYSTEM.organisation,
             cause=f"{one.mark[:16]}.{one.times}.{today:%Y%m%d}", at=now)
        for one in stale
    )  # fmt: skip


def _of(outage: Outage, task: Task, at: datetime, *, cause: str = "", delay: timedelta = timedelta(0)) -> Duty:
    return Duty(task=task, subject=outage.id, organisation=outage.request.organisation, at=at, cause=cause, delay=delay)


def _hours(h: float) -> timedelta:
    return timedelta(hours=h)
