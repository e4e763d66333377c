"""What an entry rule is: one function, one id, one source, one test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.grid import NoSuchElement
from moms.outages.hours import Spans, hours_of
from moms.values import ElementKind, Finding, Level, NotAnElement, Refused, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from moms.grid import Grid
    from moms.outages.outage import Outage
    from moms.outages.policy import EntryRules
    from moms.outages.request import Request
    from moms.values import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One asset of a request that the grid has."""

    asset: str
    kind: ElementKind
    row: int
    equipment: tuple[ElementKind, int]
    """What it is the same thing as: windings of one transformer share it (semantics 1.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """All that a rule may look at."""

    request: Request
    elements: tuple[Element, ...]
    strangers: tuple[str, ...]
    """Assets that the grid does not have."""
    hours: Spans
    """The hours asked for; none where the recurrence cannot be read."""
    rivals: tuple[Outage, ...]
    """Other outages of the book on the same equipment."""
    grid: Grid
    book: tuple[Outage, ...]
    """Other outages that matter."""
    rules: EntryRules
    now: datetime
    actor: Actor

    def called(self, other: Outage) -> str:
        """Name another outage, by its id only to its own organisation (semantics 9)."""
        return f"outage {other.id}" if other.request.organisation == self.request.organisation else "another outage"


def ask_of(
    request: Request,
    *,
    grid: Grid,
    book: Iterable[Outage],
    rules: EntryRules,
    now: datetime,
    actor: Actor,
    outage_id: str | None = None,
) -> Ask:
    """Gather what the rules look at; `outage_id` is the outage being changed, which does not rival itself."""
    elements, strangers = elements_of(request.assets, grid=grid)
    others = tuple(one for one in book if one.id != outage_id)
    mine = {one.equipment for one in elements}
    return Ask(
        request=request,
        elements=elements,
        strangers=strangers,
        hours=spans_of(request),
        rivals=tuple(
            one for one in others if mine & {e.equipment for e in elements_of(one.request.assets, grid=grid)[0]}
        ),
        grid=grid,
        book=others,
        rules=rules,
        now=now,
        actor=actor,
    )


def spans_of(request: Request) -> Spans:
    """Give the hours asked for, none where the recurrence falls on a local time that never or twice comes."""
    try:
        return hours_of(request)
    except Refused:
        return ()


def elements_of(assets: Iterable[str], *, grid: Grid) -> tuple[tuple[Element, ...], tuple[str, ...]]:
    """Give the elements the grid has, and the names it has not."""
    found, strangers = [], []
    for asset in assets:
        try:
            kind, _ = parse(asset)
            row = grid.row(asset)
        except (NoSuchElement, NotAnElement):
            strangers.append(asset)
            continue
        whole = int(grid.network.branches.equipment[row]) if kind == ElementKind.BRANCH else row
        found.append(Element(asset=asset, kind=kind, row=row, equipment=(kind, whole)))
    return tuple(found), tuple(strangers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing a rule has to say; the level is the rule's own unless the rule book sets another."""

    says: str
    field: str
    fix: str
    level: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry rule, as docs/rules.md shows it."""

    id: str
    level: Level
    """BLOCK becomes REFER for forced and emergency reports (semantics 2.5)."""
    asks: str
    source: str
    test: str
    find: Callable[[Ask], Iterable[Said]]

    def findings(self, ask: Ask) -> tuple[Finding, ...]:
        """Give what it has to say about a request."""
        return tuple(
            Finding(rule=self.id, level=said.level or self.level, says=said.says, field=said.field, fix=said.fix)
            for said in self.find(ask)
        )


def rule(
    *,
    id: str,  # noqa: A002 - a rule's id is called id
    level: Level,
    source: str,
    test: str,
) -> Callable[[Callable[[Ask], Iterable[Said]]], Rule]:
    """Make a rule of a function; the first line of its docstring is what it asks."""

    def made(find: Callable[[Ask], Iterable[Said]]) -> Rule:
        asks = (find.__doc__ or "").strip().splitlines()[0]
        return Rule(
            id=id, level=level, asks=asks, source=source, test=f"tests/outages/test_rules.py::{test}", find=find
        )

    return made
