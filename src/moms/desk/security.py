"""Run the study of one request on the book, and keep of it what a decision rests on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.decide import Crossing, CutOff, Security
from moms.desk.points import points_of, stretches
from moms.market import dispatch, repair
from moms.powerflow import DcFactor, Disconnected
from moms.study import Out, Slice, study
from moms.values import ElementKind, digest, mw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.desk.points import Stretch
    from moms.desk.world import World
    from moms.grid import BoolArray, FloatArray, Hours, Network
    from moms.market import Dispatched
    from moms.outages import Outage, Request
    from moms.study import StudyResult
    from moms.values import Window


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Studied:
    """One study: what it found, the slices it ran on, and its condensed form."""

    security: Security
    result: StudyResult
    slices: tuple[Slice, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    cut_off_units: tuple[int, ...]
    """Rows of units that the request itself cuts off."""


def secure(
    world: World, outage: Outage, others: Sequence[Outage], *, book: str, window: Window, now: datetime
) -> Studied:
    """Study a request over a window with these others out.

    Beyond the near term the points also hold the P90 load, the minimum load and the high wind of the
    same weeks (semantics 1.5).
    """
    points, said = points_of(world, outage, window=window, now=now)
    parts = stretches(points=points, others=others, now=now)
    made = [_slice(world, outage.request, part) for part in parts]
    slices = tuple(one for one, _, _ in made)
    result = study(slices=slices, rules=world.rules.study, standing=False)
    missing = list(dict.fromkeys(m for _, m, _ in made if m))
    if result.unsolved:
        missing.append(
            f"{len(result.unsolved)} contingencies have no reliable answer ({', '.join(result.unsolved[:3])})"
        )
    notes = tuple(dict.fromkeys([*said, *(n for _, _, several in made for n in several)]))
    security = condensed(world, result, book=book, slices=slices)
    return Studied(
        security=security,
        result=result,
        slices=slices,
        missing=tuple(missing),
        notes=notes,
        cut_off_units=_units(world, result),
    )


def taken_out(world: World, request: Request) -> Out:
    """Give what a request takes out: whole equipment, and units that give nothing at all."""
    if not request.takes_out:
        return Out()
    units = world.units(request) if request.derate_to_mw is None else np.empty(0, np.int64)
    return Out(branches=world.branches(request), units=units)


def _slice(world: World, request: Request, part: Stretch) -> tuple[Slice, str, tuple[str, ...]]:
    grid = world.grid
    count = len(part.points)
    out, derate = _units_out(world, [o.request for o in part.out], count)
    network = grid.rated(part.season)
    background = [taken_out(world, o.request) for o in part.out]
    background_out = Out(
        branches=np.concatenate([b.branches for b in background] or [np.empty(0, np.int64)]),
        units=np.concatenate([b.units for b in background] or [np.empty(0, np.int64)]),
    )
    without = _dispatched(world, part, out, derate)
    base, repaired = _repaired(world, network, without, background_out, out, derate)
    asked = taken_out(world, request)
    hours, short = base, without.shortfall_mw
    if len(world.units(request)) and request.takes_out:
        more_out, more_derate = _units_out(world, [*(o.request for o in part.out), request], count)
        with_it = _dispatched(world, part, more_out, more_derate)
        short = np.maximum(short, with_it.shortfall_mw)
        hours, more = _repaired(world, network, with_it, background_out, more_out, more_derate)
        repaired = (*repaired, *more)
    missing = (
        f"up to {short.max():.0f} MW of load cannot be served in {int((short > 0).sum())} hours"
        if short.max() > 0
        else ""
    )
    one = Slice(
        network=network,
        hours=hours,
        hours_without=base,
        out=background_out,
        request=asked,
        contingencies=world.contingencies,
    )
    return one, missing, (*without.notes, *repaired)


def _repaired(  # noqa: PLR0917 - one caller, a few lines away
    world: World, network: Network, made: Dispatched, out: Out, units_out: BoolArray, derate: FloatArray
) -> tuple[Hours, tuple[str, ...]]:
    """Bring the base state within a share of rate A where it is not, and say how much that moved (semantics 1.2).

    Not to the rating itself: a branch left exactly at it, with rate B equal to rate A, would be over
    after every contingency that moves it by a hair, and drown the study in violations nobody caused.
    """
    lines, share = network.branches, world.rules.dispatch.base_share
    calmer = network.with_ratings(a=lines.rate_a_mw * share, b=lines.rate_b_mw, c=lines.rate_c_mw)
    try:
        factor = DcFactor.of(calmer, out=out.branches)
    except Disconnected:
        return made.hours, ("the base state was not repaired: the book splits the grid",)
    found = repair(factor=factor, hours=made.hours, units_out=units_out, derate_mw=derate, rules=world.rules.redispatch)
    if not found.over_before.any():
        return made.hours, ()
    says = (
        f"base state repaired in {int((found.over_before > 0).sum())} hours, up to {found.moved_mw.max():.0f} MW moved"
    )
    return found.hours, (says,)


def _dispatched(world: World, part: Stretch, out: BoolArray, derate: FloatArray) -> Dispatched:
    return dispatch(
        grid=world.grid,
        starts=[p.start for p in part.points],
        weather_at=[p.weather_at for p in part.points],
        load_factor=np.array([p.load_factor for p in part.points]),
        labels=[p.label for p in part.points],
        units_out=out,
        derate_mw=derate,
        rules=world.rules.dispatch,
    )


def _units_out(world: World, requests: Sequence[Request], count: int) -> tuple[BoolArray, FloatArray]:
    """Give which units are out and by how much others are derated, (g, H) each."""
    units = world.grid.network.units
    out = np.zeros((len(units), count), np.bool_)
    derate = np.zeros((len(units), count))
    for request in requests:
        rows = world.units(request)
        if not len(rows) or not request.takes_out:
            continue
        if request.derate_to_mw is None:
            out[rows] = True
        else:
            derate[rows] = np.maximum(derate[rows], (units.p_max_mw[rows] - request.derate_to_mw)[:, None])
    return out, derate


def condensed(world: World, result: StudyResult, *, book: str, slices: Sequence[Slice]) -> Security:
    """Keep of a study what a decision rests on."""
    crossings = (*_base(result), *_after(result))
    dirty = {c.contingency for c in crossings}
    counts = result.counts
    short = [max(row.shortfall_mw - row.without_mw, 0.0) for row in result.shortfalls]
    return Security(
        book=book,
        crossings=crossings,
        tight=_tight(result, world),
        cut_off=tuple(
            CutOff(
                contingency=row.contingency,
                load_mw=row.load_mw,
                generation_mw=row.generation_mw,
                buses=row.buses,
                units=row.units,
                hours=row.hours,
                critical_load=world.critical(row.buses),
                clean_after=row.contingency not in dirty,
                zone_largest_mw=world.largest_unit_mw(row.units),
            )
            for row in result.islanding
            if row.caused != "old"
        ),
        self_cut=_self_cut(world, result),
        old=round(counts.old / max(counts.hours, 1)),
        contingencies=counts.contingencies,
        monitored=counts.monitored,
        unrated=counts.unrated,
        synthetic=counts.synthetic,
        points=counts.hours,
        slices=len(slices),
        shortfall_mw=mw(max(short, default=0.0)),
        skipped=tuple(f"{n} {why}" for why, n in sorted(counts.skipped.items()) if n),
        digest=digest([crossings, result.islanding, result.near, counts]),
    )


def _base(result: StudyResult) -> tuple[Crossing, ...]:
    worst: dict[str, Crossing] = {}
    for row in result.base_rows():
        seen = worst.get(row.element)
        hours = 1 + (seen.hours if seen else 0)
        if seen is not None and seen.percent >= row.percent:
            worst[row.element] = replace(seen, hours=hours)
            continue
        worst[row.element] = Crossing(
            contingency=None,
            element=row.element,
            hour=row.hour,
            flow_mw=row.flow_mw,
            limit_mw=row.limit_mw,
            percent=row.percent,
            base_mw=row.flow_mw,
            without_mw=row.without_mw,
            caused=str(row.caused),
            hours=hours,
        )
    return tuple(worst.values())


def _after(result: StudyResult) -> tuple[Crossing, ...]:
    return tuple(
        Crossing(
            contingency=one.worst.contingency,
            element=one.worst.element,
            hour=one.worst.hour,
            flow_mw=one.worst.flow_mw,
            limit_mw=one.worst.limit_mw,
            percent=one.worst.percent,
            base_mw=one.worst.base_mw,
            without_mw=one.worst.without_mw,
            caused=str(one.worst.caused),
            hours=one.hours,
        )
        for one in result.worst_rows()
        if one.worst.caused != "old"
    )


def _tight(result: StudyResult, world: World) -> tuple[Crossing, ...]:
    """Give the largest caused loading above the tight share, where it is not over the limit itself."""
    near = result.near
    if near is None or near.percent > 100.0 or near.percent <= 100.0 * world.rules.decision.tight_share:
        return ()
    return (
        Crossing(
            contingency=near.contingency,
            element=near.element,
            hour=near.hour,
            flow_mw=near.flow_mw,
            limit_mw=near.limit_mw,
            percent=near.percent,
            base_mw=near.base_mw,
            without_mw=near.without_mw,
            caused=str(near.caused),
            hours=1,
        ),
    )


def _self_cut(world: World, result: StudyResult) -> CutOff | None:
    if not result.request_cuts_off:
        return None
    rows = result.request_cuts_off
    buses = tuple(dict.fromkeys(b for r in rows for b in r.buses))
    units = tuple(dict.fromkeys(u for r in rows for u in r.units))
    return CutOff(
        contingency=None,
        load_mw=mw(float(result.request_load_mw.max())),
        generation_mw=mw(float(result.request_generation_mw.max())),
        buses=buses,
        units=units,
        hours=max(r.hours for r in rows),
        critical_load=world.critical(buses),
        clean_after=True,
        zone_largest_mw=world.largest_unit_mw(units),
    )


def _units(world: World, result: StudyResult) -> tuple[int, ...]:
    names = {u for r in result.request_cuts_off for u in r.units}
    rows = [world.grid.network.row(u) for u in names if u.startswith(f"{ElementKind.GEN}:")]
    return tuple(sorted(rows))
