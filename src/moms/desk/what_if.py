"""Study a request as if the book were another: outages left out or added, other dates, other limits (ADR 0032).

The book is read like for a decision and changed as it was supposed; then the same steps are taken with it as a
decision takes (`assess`, and the rules of `decide`). With nothing supposed the findings are those of the decision.
Nothing is written: a person may keep a study with its outage by `attach`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.decide import settle, would_change
from moms.desk.assess import as_asked, assess
from moms.desk.forecast import issue_named
from moms.desk.margins import margin_around
from moms.desk.points import points_of, stretches
from moms.desk.ports import NotYours
from moms.desk.rates import rates_named, with_rates
from moms.desk.situation import read
from moms.desk.submit import entry_findings
from moms.desk.supposed import AFTER, Supposed, changed_book, changed_limits
from moms.desk.what_if_hours import Hourly, hourly
from moms.values import SYSTEM, Refused, Role, digest, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from moms.decide import Check, Evidence
    from moms.desk.assess import Assessed
    from moms.desk.ports import Book, Page
    from moms.desk.situation import Situation
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.values import Actor, Finding, Window

ROLES = frozenset({Role.ENGINEER, Role.PLANNER})
LONGEST = timedelta(days=120)
"""A supposed window is at most this long, or as long as the one asked for."""


class NothingDecided(Refused):
    """A study as it was decided, of what has no decision of MOMS."""


class OtherDates(Refused):
    """Other dates on the book as it was decided: what was out around them then is not kept."""


class TooLong(Refused):
    """A supposed window of more hours than one study takes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One outage that was out in the study, by what identifies it."""

    id: str
    revision: int
    organisation: str
    assets: tuple[str, ...]
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """How the study compares with the decision on record."""

    decision: str
    outcome: str
    same: bool
    """Whether it found what the decision found: the same digests."""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """One study of a request on a supposed book."""

    outage: Outage
    supposed: Supposed
    window: Window
    now: datetime
    book_version: int
    outcome: str
    """What the rule book says of it on that book; no other windows are looked for."""
    checks: tuple[Check, ...]
    decisive: tuple[str, ...]
    would_change: tuple[str, ...]
    evidence: Evidence
    hourly: Hourly | None
    """None where it was not studied: `evidence.missing` says why."""
    studied: tuple[tuple[str, int], ...]
    """How many contingencies of each kind were studied, and left out and why."""
    holding: tuple[Beside, ...]
    queue: tuple[Beside, ...]
    group: tuple[Beside, ...]
    notes: tuple[str, ...]
    against: Against | None
    """None where nothing was decided, or by a person alone."""
    versions: Mapping[str, str]

    @property
    def id(self) -> str:
        """Name the study by what was asked, what it rested on and what it found: the same always, the same name.

        Neither the clock nor the book's version is part of it: it stays the same while the book moves elsewhere.
        """
        asked = [self.outage.id, self.outage.request, self.window, self.supposed]
        return "W-" + digest([asked, self.holding, self.queue, self.group, self.found, self.versions])[:16]

    @property
    def found(self) -> str:
        """Give the fingerprint of what it found alone, without what only tells how late it was."""
        forecast = self.evidence.forecast
        aged = None if forecast is None else replace(forecast, age_h=0.0)
        rates = self.evidence.rates
        rated = None if rates is None else replace(rates, age_d=0.0)
        bare = replace(self.evidence, begins_in_days=None, forecast=aged, rates=rated)
        return digest([self.outcome, bare, self.hourly])


def may_ask(actor: Actor) -> None:
    """Refuse anybody but the operator's engineers and planners: the answer shows what others take out (semantics 9).

    Raises:
        NotYours: somebody else.
    """
    if not actor.sees_all or actor.role not in ROLES:
        fix = "ask an outage engineer or a planner of the operator"
        raise NotYours(f"{actor} may not study on a supposed book", field="role", fix=fix)


def what_if(
    *, book: Book, world: World, actor: Actor, now: datetime, supposed: Supposed, outage: Outage | str
) -> WhatIf:
    """Study an outage of the book by its id, or a drafted one, on a supposed book; nothing is written.

    Raises:
        NotYours: not an engineer or planner of the operator.
        NoSuchOutage: it, or one that is left out or added, is not in the book.
        NothingDecided: `as_decided`, and MOMS has decided nothing.
        NotAround: an outage is left out that is not out around it, or added that is.
        OtherDates, TooLong, NotALimit: what is supposed cannot be.
    """
    may_ask(actor)
    return what_if_as(book=book, world=world, now=now, supposed=supposed, outage=outage)


def what_if_as(*, book: Book, world: World, now: datetime, supposed: Supposed, outage: Outage | str) -> WhatIf:
    """Study it as `what_if` does, for a caller that has looked already at who asks."""
    if supposed.as_decided and supposed.window is not None:
        fix = "leave out the window, or study it on the book as it is"
        raise OtherDates("the book as it was decided is that around the dates decided", field="window", fix=fix)
    with book.as_(SYSTEM) as page:
        stored = page.outage(outage) if isinstance(outage, str) else outage
        record = record_of(page, stored)
        if supposed.as_decided:
            stored, situation, now = _as_decided(page, stored, record)
        mine = _asked(stored, supposed)
        if not supposed.as_decided:
            situation = read(page, mine, window=mine.window, now=now)
        findings = entry_findings(page, world=world, now=stored.stamp, outage=mine)
        there, said = changed_book(page, world, replace(situation, outage=mine), supposed, now=now)
    found = _studied(changed_limits(world, supposed.after), there, findings, supposed, said, now=now)
    return replace(found, against=_against(found, record, now=now))


def _asked(stored: Outage, supposed: Supposed) -> Outage:
    """Give the outage as it is asked for, on the supposed dates."""
    mine = as_asked(stored)
    window = supposed.window
    if window is None:
        return mine
    if window.end - window.start > max(LONGEST, mine.window.end - mine.window.start):
        raise TooLong(f"{window.hours:.0f} hours", field="window", fix=f"give {LONGEST.days} days at most")
    return replace(mine, request=replace(mine.request, window=window), window=window)


def record_of(page: Page, outage: Outage) -> Mapping[str, object] | None:
    """Give the last decision that MOMS made of an outage: what a person settled after it rests on it."""
    record = page.decision(outage.decision_id) if outage.decision_id else None
    while record is not None and "settled_by" in record:
        record = page.decision(str(record["after"])) if record.get("after") else None
    return record


def _as_decided(page: Page, outage: Outage, record: Mapping[str, object] | None) -> tuple[Outage, Situation, datetime]:
    """Give the outage, the book around it and the instant of its decision, revision by revision."""
    if record is None:
        raise NothingDecided(f"MOMS has not decided {outage.id or 'the draft'}", field="as_decided",
                             fix="study it on the book as it is")  # fmt: skip
    inputs: dict[str, list[dict[str, object]]] = record["inputs"]  # type: ignore[assignment]  # as `settle` writes it
    if "revision" not in record or "holding" not in inputs:
        says = f"the last decision on {outage.id} was of added hours, and the book around it then is not kept"
        raise NothingDecided(says, field="as_decided", fix="study it on the book as it is")
    then = page.as_it_was(outage.id, int(str(record["revision"])))
    at = parse_instant(str(record["decided_at"]), field="decided_at")
    around = read(page, as_asked(then), window=as_asked(then).window, now=at)
    forecast, rates = (_named(record, part) for part in ("forecast", "rates"))
    around = replace(
        around, issue=None if forecast is None else issue_named(page, forecast),
        rates=None if rates is None else rates_named(page, rates),
    )  # fmt: skip
    return then, replace(
        around, holding=_then(page, inputs["holding"]), queue=_then(page, inputs["queue"]),
        group=_then(page, inputs["group"]), apart=(), left=(),
    ), at  # fmt: skip


def _named(record: Mapping[str, object], part: str) -> str | None:
    """Give the id of the issue that a decision was made on; None where none was kept then."""
    evidence = record["evidence"]
    found = evidence.get(part) if isinstance(evidence, dict) else None
    return str(found["id"]) if isinstance(found, dict) else None


def _then(page: Page, rows: Sequence[dict[str, object]]) -> tuple[Outage, ...]:
    return tuple(page.as_it_was(str(row["id"]), int(str(row["revision"]))) for row in rows)


def _studied(
    world: World, there: Situation, findings: tuple[Finding, ...], supposed: Supposed, said: tuple[str, ...], *,
    now: datetime,
) -> WhatIf:  # fmt: skip
    outage, rules = there.outage, world.rules.decision
    assessed = assess(world=world, situation=there, window=outage.window, now=now, redispatch=supposed.redispatch)
    settled = settle(
        request=outage.request, evidence=assessed.evidence, findings=findings, rules=rules, windows_left=False
    )
    return WhatIf(
        outage=outage,
        supposed=supposed,
        window=outage.window,
        now=now,
        book_version=there.version,
        outcome=str(settled.outcome),
        checks=settled.checks,
        decisive=settled.decisive,
        would_change=tuple(would_change(settled)),
        evidence=assessed.evidence,
        hourly=_hourly(world, there, assessed, now=now),
        studied=_counted(assessed),
        holding=_beside(there.holding),
        queue=_beside(there.queue),
        group=_beside(there.group),
        notes=(*said, *assessed.notes, *world.grid.notes),
        against=None,
        versions={**world.versions, "rule_book": world.rules.name, "grid": world.grid.digest},
    )


def _hourly(world: World, there: Situation, assessed: Assessed, *, now: datetime) -> Hourly | None:
    if assessed.book is None:
        return None
    outage, group = there.outage, tuple(as_asked(o) for o in there.group)
    world = with_rates(world, there.rates)
    margin = margin_around(
        world, outage, there.holding, window=outage.window, now=now, cut_off=assessed.book.cut_off_units, group=group
    )
    points, _ = points_of(world, (outage, *group), now=now)
    parts = stretches(points=points, asked=(outage, *group), others=there.holding, now=now)
    out = {point.label: len(part.out) for part in parts for point in part.points}
    return hourly(world, assessed.book, margin=margin, out=out)


def _counted(assessed: Assessed) -> tuple[tuple[str, int], ...]:
    if assessed.book is None:
        return ()
    counts = assessed.book.result.counts
    rows = [("all", counts.contingencies), ("of a branch", counts.branch), ("of a unit", counts.unit),
            ("of several elements", counts.several), ("that cut something off", counts.islanding)]  # fmt: skip
    return (*rows, *((f"left out: {why}", n) for why, n in sorted(counts.skipped.items()) if n))


def _beside(outages: tuple[Outage, ...]) -> tuple[Beside, ...]:
    return tuple(
        Beside(id=o.id, revision=o.revision, organisation=o.request.organisation, assets=o.request.assets,
               window=o.window)
        for o in outages
    )  # fmt: skip


def _against(found: WhatIf, record: Mapping[str, object] | None, *, now: datetime) -> Against | None:
    """Compare with what the decision on record found, by the digests of its studies."""
    if record is None:
        return None
    evidence: dict[str, dict[str, object] | None] = record["evidence"]  # type: ignore[assignment]  # as `make_record` writes it
    theirs = tuple(_digest(evidence[name]) for name in ("security", "queue", "alone"))
    ours = tuple(None if s is None else s.digest
                 for s in (found.evidence.security, found.evidence.queue, found.evidence.alone))  # fmt: skip
    same = theirs == ours and theirs[0] is not None
    says = "it finds what the decision found" if same else _why_other(found, record, now=now)
    return Against(decision=str(record["id"]), outcome=str(record["outcome"]), same=same, says=says)


def _digest(study: dict[str, object] | None) -> str | None:
    return None if study is None else str(study["digest"])


def _why_other(found: WhatIf, record: Mapping[str, object], *, now: datetime) -> str:
    """Say what is not as it was when the decision was made."""
    inputs: dict[str, list[dict[str, object]]] = record["inputs"]  # type: ignore[assignment]  # as above
    then = {(str(r["id"]), int(str(r["revision"]))) for r in (*inputs["holding"], *inputs["queue"])}
    here = {(b.id, b.revision) for b in (*found.holding, *found.queue)}
    gone, come = sorted({i for i, _ in then - here}), sorted({i for i, _ in here - then})
    parts = [f"{', '.join(names)} {what}" for names, what in
             ((gone, "not out as then"), (come, "out beside it now or otherwise")) if names]  # fmt: skip
    parts += [part for part, is_so in _otherwise(found, record, now=now) if is_so]
    return "it finds something else than the decision: " + ("; ".join(parts) or "the reason is not known")


def _otherwise(found: WhatIf, record: Mapping[str, object], *, now: datetime) -> tuple[tuple[str, bool], ...]:
    versions: dict[str, str] = record["versions"]  # type: ignore[assignment]  # as above
    window: dict[str, str] = record["window"]  # type: ignore[assignment]  # as above
    asked = tuple(parse_instant(window[name], field=name) for name in ("start", "end"))
    return (
        ("other dates", asked != (found.window.start, found.window.end)),
        (f"other limits ({AFTER[found.supposed.after]})", found.supposed.after != "B"),
        ("another grid", versions["grid"] != found.versions["grid"]),
        ("another rule book", versions["rule_book"] != found.versions["rule_book"]),
        ("studied at another instant", parse_instant(str(record["decided_at"]), field="decided_at") != now),
    )


__all__ = [
    "Against", "Beside", "NothingDecided", "OtherDates", "TooLong", "WhatIf", "may_ask", "record_of", "what_if",
    "what_if_as",
]  # fmt: skip
