"""What is out in an hour, where it lies on the map, and what binds the decisions behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moms.desk.ports import Search
from moms.desk.situation import spans
from moms.desk.storms import UNCALIBRATED, risk_of
from moms.gis import Trace, trace
from moms.outages.hours import hours_of
from moms.risk import PERILS
from moms.values import HOUR, Refused, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.desk.storms import Storm
    from moms.desk.world import World
    from moms.gis import Features
    from moms.outages import Outage
    from moms.risk import StormRisk
    from moms.values import Actor

BACK = timedelta(days=62)
"""How much earlier an outage may have been due that is over by now and was still out in the hour asked for."""
GONE = ("completed", "closed")
NOWHERE = Trace(lines=(), places=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What binds the decision of an outage: the worst crossing of its record, and where it is."""

    element: str
    contingency: str | None
    caused: str
    percent: float | None
    """Of the limit in MW; None where a voltage binds."""
    where: Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An outage of the hour."""

    outage: Outage
    out: bool
    """Whether it is out then; else it is asked for, or offered, and would be."""
    where: Trace
    """Both empty: what it takes out is not on the caller's map."""
    binding: Binding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One hour of the book on a map."""

    at: datetime
    placed: tuple[Placed, ...]
    """Those that are out first, each kind by id."""
    book_version: int


def shown_at(
    *, book: Book, world: World, actor: Actor, now: datetime, at: datetime, features: Features | None
) -> Shown:
    """Give what the actor sees of an hour, as planned and reported by now; the hour holds `at`.

    An hour that has passed shows what was out then as far as the book knows today.
    """
    start = at.replace(minute=0, second=0, microsecond=0)
    hour = Window(start=start, end=start + HOUR)
    with book.as_(actor) as page:
        found = sorted(_in(page, hour, now=now), key=lambda pair: (not pair[1], pair[0].id))
        placed = tuple(_placed(page, world, outage, out=out, features=features) for outage, out in found)
        return Shown(at=start, placed=placed, book_version=page.version())


def _in(page: Page, hour: Window, *, now: datetime) -> Iterator[tuple[Outage, bool]]:
    """Give the outages of the hour, and whether each is out: holding, late, over since, or asked for."""
    wide = Window(start=hour.start - BACK, end=hour.end)
    searches = (
        Search(window=hour, holding=True), Search(holding=True, states=("active", "pending_complete")),
        Search(window=wide, states=GONE),
    )  # fmt: skip
    there = {o.id: o for search in searches for o in page.find(search) if o.request.takes_out}
    for outage in there.values():
        if any(one.overlaps(hour) for one in spans(outage, now=now, until=hour.end)):
            yield outage, True
    for outage in page.find(Search(window=hour, pending=True)):
        if outage.asked.takes_out and any(one.overlaps(hour) for one in hours_of(outage.asked, window=outage.window)):
            yield outage, False


def _placed(page: Page, world: World, outage: Outage, *, out: bool, features: Features | None) -> Placed:
    where = _where(world, outage.request.assets, features)
    return Placed(outage=outage, out=out, where=where, binding=_binding(page, world, outage, features))


def _where(world: World, assets: Iterable[str], features: Features | None) -> Trace:
    """Give where elements lie; nowhere where there is no map, or for what this grid does not have."""
    if features is None:
        return NOWHERE
    try:
        return trace(features, world.grid, assets)
    except Refused:  # the book outlives a grid: what it took out then may be gone
        return NOWHERE


def _binding(page: Page, world: World, outage: Outage, features: Features | None) -> Binding | None:
    """Read what binds from the decision record, where that is an element of the network."""
    record = page.decision(outage.decision_id) if outage.decision_id else {}
    found: Any = record.get("binding")
    if not found or found.get("kind") not in {"flow", "ac"}:
        return None
    return Binding(
        element=found["element"], contingency=found["contingency"], caused=found["caused"],
        percent=found.get("percent"), where=_where(world, (found["element"],), features),
    )  # fmt: skip


MOST_LINES = 1500
"""Of a storm's lines that a map is sent, the likeliest; of how many is said."""
LEAST = 0.001
"""A line that is less likely to fail in the whole storm is left out."""


def storm_layer(*, world: World, storm: Storm, actor: Actor, features: Features) -> dict[str, object]:
    """Give what a storm is likely to take of the lines on the actor's map, hour by hour, likeliest first.

    An owner has its own lines, and the sums over those.
    """
    found = risk_of(grid=world.grid, storm=storm)
    there = features.line_of[found.lines.row] >= 0
    order = [k for k in found.ranked().tolist() if there[k] and found.probability[k] >= LEAST]
    weather = storm.weather
    return {
        "id": storm.id, "source": weather.source, "issued": weather.issued,
        "hours": weather.hour, "calibrated": found.calibrated, "warning": None if found.calibrated else UNCALIBRATED,
        "own_only": not actor.sees_all, "lines_seen": int(there.sum()), "more": max(len(order) - MOST_LINES, 0),
        "expected_lost": [round(float(x), 3) for x in found.by_hour[there].sum(axis=0)],
        "lines": [_threatened(world, found, features, k) for k in order[:MOST_LINES]],
    }  # fmt: skip


def _threatened(world: World, found: StormRisk, features: Features, k: int) -> dict[str, object]:
    row = int(found.lines.row[k])
    return {
        "asset": f"branch:{row + 1}", "line": int(features.line_of[row]),
        "name": "" if world.grid.register is None else str(world.grid.register.branch_name[row]),
        "peril": PERILS[int(found.peril[k].argmax())], "gust_ms": round(float(found.gust_ms[k]), 1),
        "by_hour": [round(float(p), 4) for p in found.by_hour[k]],
    }  # fmt: skip


def document_of(shown: Shown) -> dict[str, object]:
    """Write an hour as a document: outages without the words of their requests, and where they are."""
    return {"at": shown.at, "book_version": shown.book_version, "outages": [_row(one) for one in shown.placed]}


def _row(one: Placed) -> dict[str, object]:
    outage, request = one.outage, one.outage.request
    return {
        "id": outage.id, "state": outage.state, "status": outage.status, "window": outage.window,
        "actual_start": outage.actual_start, "actual_end": outage.actual_end, "organisation": request.organisation,
        "category": request.category, "kind": request.kind, "assets": request.assets, "out": one.out,
        "lines": one.where.lines, "places": one.where.places,
        "binding": None if one.binding is None else _bound(one.binding),
    }  # fmt: skip


def _bound(found: Binding) -> dict[str, object]:
    return {
        "element": found.element, "contingency": found.contingency, "caused": found.caused, "percent": found.percent,
        "lines": found.where.lines, "places": found.where.places,
    }  # fmt: skip
