"""The quick answer: what can be said of a request while it is typed, without a study.

It holds what every entry rule finds, the lead-time class, and for one branch the days of the calendar that were
computed ahead and still hold, with up to three other starts that they show free. It writes nothing and approves
nothing: "free" is the calendar's word for a whole day out, which the decision studies again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from moms.desk.answer import outage_id
from moms.desk.calendar import calendar
from moms.desk.submit import entry_findings
from moms.desk.windows import FREE, NOT, STUDY
from moms.outages import Category
from moms.outages.document import request_from
from moms.outages.lifecycle import begin
from moms.values import MARKET, ElementKind, Level, Refused, Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from moms.desk.calendar import AssetDay
    from moms.desk.kept_days import KeptDays
    from moms.desk.ports import Book
    from moms.desk.world import World
    from moms.outages import Outage, Request
    from moms.values import Actor, Finding

DAY = timedelta(days=1)
AROUND_DAYS = 14
"""How far other starts are looked for on either side."""
MOST_DAYS = 31
"""Days of a window that are looked up; the rest is left to the study."""
STARTS = 3


class Says(StrEnum):
    """What the quick answer comes to."""

    RETURNED = "returned"
    """An entry rule sends it back as it stands."""
    NOT = "not available"
    PERSON = "needs a person"
    """An entry rule leaves it to somebody of the operator, whatever the study says."""
    STUDY = "needs a study"
    FREE = "free"


class NotAsked(Refused):
    """Too little of a request to say anything of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """What is known at once."""

    comes_to: Says
    says: str
    findings: tuple[Finding, ...]
    lead: str
    """The lead-time class."""
    due: datetime | None
    """Until when a request of this kind and start should have come; None where the rule book asks for no notice."""
    days: tuple[AssetDay, ...]
    """Of the days of the window those that were computed ahead and hold."""
    days_asked: int
    starts: tuple[Window, ...]
    """Other starts, nearest first, whose day was computed ahead and is free."""
    computed_at: datetime | None
    """When the oldest of these days was computed."""
    now: datetime


def draft(words: Mapping[str, Any], *, world: World, actor: Actor, now: datetime) -> Request | tuple[Finding, ...]:
    """Read a request as far as it is typed, or give what is wrong with it.

    What is not typed yet is taken as the rule book's complete request has it. An owner asks for itself, the operator
    for whose equipment it is.

    Raises:
        NotAsked: no equipment.
    """
    assets = [str(one) for one in words["assets"]]
    if not assets:
        raise NotAsked("no equipment is chosen", field="assets", fix="name a line, transformer or unit")
    generation = any(a.startswith(f"{ElementKind.GEN}:") for a in assets)
    given = {name: value for name, value in words.items() if value is not None}
    owner = world.owner(tuple(assets)) if actor.sees_all else None
    found = request_from(
        {
            "external_id": "quick", "kind": "planned", "nature": "OV" if generation else "LM",
            "category": (Category.GENERATION if generation else Category.TRANSMISSION).value,
            "organisation": owner or actor.organisation, **given,
        },
        now=now,
    )  # fmt: skip
    if isinstance(found, list):
        return tuple(found)
    asked = {name: value for name, value in world.rules.template.items() if name not in given}
    return replace(found, **asked)


def quick(
    *,
    book: Book,
    world: World,
    kept: KeptDays | None,
    actor: Actor,
    now: datetime,
    request: Request,
    starts: bool = False,
) -> Quick:
    """Say what is known of a request at once; nothing is studied, nothing is written.

    With `starts` it also looks for other starts: around a full month of days, so it takes several times as long.
    """
    outage = begin(request, outage_id=outage_id(request.organisation, request.external_id), actor=actor, now=now)
    with book.as_(actor) as page:
        findings = entry_findings(page, world=world, now=now, outage=outage, actor=actor)
    asked = _days(request.window)
    starts = starts and len(asked) == 1
    there, oldest = _known(book, world, kept, request, now=now, around=AROUND_DAYS if starts else 0)
    days = tuple(there[day] for day in asked if day in there)
    notice = None if request.urgent_report else world.rules.entry.notice_for(request)
    comes_to, says = _comes_to(findings, days, len(asked))
    return Quick(
        comes_to=comes_to,
        says=says,
        findings=findings,
        lead=str(world.rules.entry.lead.class_of(start=request.window.start, now=now)),
        due=None if notice is None else request.window.start - timedelta(days=notice.days),
        days=days,
        days_asked=len(asked),
        starts=tuple(_starts(book, world, actor, outage, there, now=now)) if starts else (),
        computed_at=oldest,
        now=now,
    )


def _comes_to(findings: Sequence[Finding], days: Sequence[AssetDay], asked: int) -> tuple[Says, str]:
    """Weigh what is known: what sends it back, then what the calendar refuses, then what leaves it to a person."""
    for one in findings:
        if one.level == Level.BLOCK:
            return Says.RETURNED, f"It would be returned: {one.says}"
    closed = next((one for one in days if one.state == NOT), None)
    if closed is not None:
        return Says.NOT, f"{closed.day} is not available: {closed.reason}"
    for one in findings:
        if one.level == Level.REFER:
            return Says.PERSON, f"A person would look at it: {one.says}"
    held = next((one for one in days if one.state == STUDY), None)
    if held is not None:
        return Says.STUDY, f"{held.day} needs a study: {held.reason}"
    if len(days) < asked:
        return Says.STUDY, "Nothing known speaks against it. What the network makes of it only the study says."
    if asked > 1:
        return Says.STUDY, f"Each of the {asked} days is free by itself; together they need a study."
    return Says.FREE, f"{days[0].day} is free as the book stands: a whole day out would be approved now."


def _known(
    book: Book, world: World, kept: KeptDays | None, request: Request, *, now: datetime, around: int
) -> tuple[dict[date, AssetDay], datetime | None]:
    """Give the kept days in and around the window, of a request for one branch; of others none is kept."""
    one = request.assets[0]
    if kept is None or len(request.assets) != 1 or not one.startswith(f"{ElementKind.BRANCH}:"):
        return {}, None
    days = _days(request.window)
    first, last = max(days[0] - around * DAY, now.astimezone(MARKET).date()), days[-1] + around * DAY
    if last < first:
        return {}, None
    found = calendar(book=book, world=world, now=now, assets=(one,), first=first, last=last, kept=kept, kept_only=True)
    return {cell.day: cell for cell in found.rows[0].days}, min((r.at for r in found.reckoned), default=None)


def _starts(
    book: Book, world: World, actor: Actor, outage: Outage, there: Mapping[date, AssetDay], *, now: datetime
) -> Iterator[Window]:
    """Give the nearest other starts at the same time of day, free as computed ahead and past the entry rules."""
    asked, request, found = outage.window.start.astimezone(MARKET).date(), outage.request, 0
    free = (day for day, cell in there.items() if cell.state == FREE and day != asked)
    with book.as_(actor) as page:
        for day in sorted(free, key=lambda day: (abs(day - asked), day)):
            moved = Window(start=request.window.start + (day - asked), end=request.window.end + (day - asked))
            if _outside(request, moved):
                continue
            one = replace(outage, request=replace(request, window=moved), window=moved)
            rules = entry_findings(page, world=world, now=now, outage=one, actor=actor)
            if found < STARTS and not any(f.level in {Level.BLOCK, Level.REFER} for f in rules):
                found += 1
                yield moved
            if found == STARTS:
                return


def _outside(request: Request, window: Window) -> bool:
    early = request.earliest_start is not None and window.start < request.earliest_start
    return early or (request.latest_end is not None and window.end > request.latest_end)


def _days(window: Window) -> tuple[date, ...]:
    """Give the market days that a window touches, the first `MOST_DAYS` of them.

    >>> from moms.values import parse_instant
    >>> day = Window(start=parse_instant("2027-03-01T08:00-05:00"), end=parse_instant("2027-03-02T00:00-05:00"))
    >>> [str(one) for one in _days(day)]
    ['2027-03-01']
    """
    first = window.start.astimezone(MARKET).date()
    last = (window.end - timedelta(microseconds=1)).astimezone(MARKET).date()
    return tuple(first + k * DAY for k in range(min((last - first).days + 1, MOST_DAYS)))
