"""Run the study of one request on the book, and keep of it what a decision rests on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from moms.decide import Crossing, CutOff, Security
from moms.desk.kept_studies import ROWS_MOST, KeptStudies, fingerprint
from moms.desk.points import points_of, stretches
from moms.desk.progress import Progress, study_over, untold
from moms.grid import Switched, switched
from moms.market import dispatch, repair
from moms.powerflow import DcFactor, Disconnected
from moms.study import KeptPairs, Out, Slice, study
from moms.values import ElementKind, Remembered, digest, mw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from moms.desk.points import Stretch
    from moms.desk.world import World
    from moms.grid import BoolArray, FloatArray, Grid, Hours, IntArray, Network
    from moms.market import Dispatched
    from moms.outages import Outage, Request
    from moms.study import StudyResult
    from moms.values import Window


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Studied:
    """One study: what it found, the slices it ran on, and its condensed form."""

    security: Security
    result: StudyResult
    made: tuple[Slice, ...] | None
    """The slices it ran on; None where it is one that was kept."""
    remade: Callable[[], tuple[Slice, ...]]
    """Makes them again."""
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    cut_off_units: tuple[int, ...]
    """Rows of units that the request itself cuts off."""
    tight_share: float
    """Of rate B: what is caused above it was kept too."""
    key: str | None
    """The fingerprint of all it rests on (`kept_studies`), None where it is not kept."""
    pairs: dict[bytes, KeptPairs]
    """Where to look in another study of the same topologies, kept while rounds of a redispatch need it."""

    @property
    def slices(self) -> tuple[Slice, ...]:
        """The slices it ran on."""
        return self.remade() if self.made is None else self.made


KEPT: Remembered[KeptStudies[Studied]] = Remembered()
"""By grid, rules and contingencies."""


def secure(
    world: World,
    outage: Outage,
    others: Sequence[Outage],
    *,
    book: str,
    window: Window,
    now: datetime,
    group: Sequence[Outage] = (),
    repaired: bool = True,
) -> Studied:
    """Study a request over a window with these others out.

    With a `group` the request and the group are one: all hours of each are studied, each is out in its
    own, and what they cause is what all of them cause together.

    Beyond the near term the points also hold the P90 load, the minimum load and the high wind of the
    same weeks (semantics 1.5). Without `repaired` the base states are taken as dispatched: good for a look
    ahead, never for an answer.
    """
    asked = (replace(outage, window=window), *group)
    points, said = points_of(world, asked, now=now)
    parts = stretches(points=points, asked=asked, others=others, now=now)
    share = world.tight_share([o.request for o in asked])
    return over(world, parts, book=book, said=said, repaired=repaired, tight_share=share)


def over(
    world: World,
    parts: Sequence[Stretch],
    *,
    book: str,
    said: Sequence[str] = (),
    repaired: bool = True,
    tight_share: float | None = None,
) -> Studied:
    """Study what is asked for over these stretches; `said` is what choosing their points had to say.

    A study made before is found again where it rests on the same (`kept_studies`).
    """
    share = world.rules.decision.tight_share if tight_share is None else tight_share
    key = fingerprint(world, parts, book=book, said=said, tight_share=share) if repaired else None
    kept = KEPT.of(world.grid, world.rules, world.contingencies, make=KeptStudies[Studied])
    known = kept.get(key)
    if known is None:
        known = _over(world, parts, book=book, said=said, repaired=repaired, tight_share=share, key=key)
        if len(known.result.violations) + len(known.result.watched) <= ROWS_MOST:
            kept.put(key, replace(known, made=None, pairs={}))
    world.tell(study_over(known.security))
    return known


def _over(
    world: World,
    parts: Sequence[Stretch],
    *,
    book: str,
    said: Sequence[str],
    repaired: bool,
    tight_share: float,
    key: str | None,
) -> Studied:
    lists: dict[frozenset[int], Switched] = {}
    # Each hour is dispatched, then studied.
    done, hours = 0, sum(len(part.points) for part in parts)

    def more(count: int) -> None:
        nonlocal done
        done += count
        world.tell(Progress(part=book, done=done, of=2 * hours))

    more(0)
    made = []
    for part in parts:
        made.append(slice_of(world, part, lists, repaired=repaired))
        more(len(part.points))
    slices = tuple(one for one, _, _ in made)
    pairs: dict[bytes, KeptPairs] = {}
    result = study(slices=slices, rules=world.rules.study, standing=False, tick=more, pairs=pairs)
    missing = list(dict.fromkeys(m for _, several, _ in made for m in several))
    if result.unsolved:
        missing.append(
            f"{len(result.unsolved)} contingencies have no reliable answer ({', '.join(result.unsolved[:3])})"
        )
    notes = tuple(dict.fromkeys([*said, *(n for _, _, several in made for n in several)]))
    return Studied(
        security=condensed(world, result, book=book, slices=slices, tight_share=tight_share),
        result=result,
        made=slices,
        remade=partial(_slices_of, replace(world, tell=untold), parts, repaired=repaired),
        missing=tuple(missing),
        notes=notes,
        cut_off_units=_units(world, result),
        tight_share=tight_share,
        key=key,
        pairs=pairs,
    )


def _slices_of(world: World, parts: Sequence[Stretch], *, repaired: bool) -> tuple[Slice, ...]:
    lists: dict[frozenset[int], Switched] = {}
    return tuple(slice_of(world, part, lists, repaired=repaired)[0] for part in parts)


def taken_out(world: World, request: Request) -> Out:
    """Give what a request takes out: whole equipment, and units that give nothing at all."""
    if not request.takes_out:
        return Out()
    units = world.units(request) if request.derate_to_mw is None else np.empty(0, np.int64)
    return Out(branches=world.branches(request), units=units)


def slice_of(
    world: World, part: Stretch, lists: dict[frozenset[int], Switched], *, repaired: bool = True
) -> tuple[Slice, tuple[str, ...], tuple[str, ...]]:
    """Make one slice, what cannot be known about it, and what is to be said; `lists` is kept between slices."""
    others, asked = [o.request for o in part.out], [o.request for o in part.asked]
    before, after = _listed(world, others, lists), _listed(world, [*others, *asked], lists)
    gone, stopped = _dclines(world, others), np.setdiff1d(_dclines(world, asked), _dclines(world, others))
    normal = without_dclines(world.grid, gone)
    grid = without_dclines(normal, stopped)
    out = _together(world, others, before)
    base, short, notes = _hours(world, normal, part, out, others, repaired=repaired)
    hours = base
    if len(stopped) or any(len(world.units(r)) and r.takes_out for r in asked):
        hours, more_short, more = _hours(world, grid, part, out, [*others, *asked], repaired=repaired)
        short, notes = np.maximum(short, more_short), (*notes, *more)
        base = _loss_as_load(base, world.grid.network, stopped)
    same = after is before
    one = Slice(
        network=grid.rated(part.season),
        hours=hours,
        hours_without=base,
        out=out,
        request=_together(world, asked, after),
        contingencies=after.contingencies,
        contingencies_without=None if same else before.contingencies,
    )
    missing = [*_unclear(before, after), *_not_there(world, [*part.out, *part.asked])]
    if short.max() > 0:
        missing.append(f"up to {short.max():.0f} MW of load cannot be served in {int((short > 0).sum())} hours")
    return one, tuple(missing), notes if same else (*notes, _says(before, after))


def _hours(
    world: World, grid: Grid, part: Stretch, out: Out, requests: Sequence[Request], *, repaired: bool
) -> tuple[Hours, FloatArray, tuple[str, ...]]:
    """Dispatch the points of a stretch with the units of these requests out, and repair the base state."""
    units_out, derate = _units_out(world, requests, len(part.points))
    made = _dispatched(world, grid, part, units_out, derate)
    if not repaired:
        return made.hours, made.shortfall_mw, made.notes
    hours, said = _repaired(world, grid.rated(part.season), made, out, units_out, derate)
    return hours, made.shortfall_mw, (*made.notes, *said)


def _together(world: World, requests: Sequence[Request], switched: Switched) -> Out:
    """Give what several requests take out, with the branches that their open breakers disconnect."""
    out = Out(branches=np.array(switched.opened, np.int64))
    for request in requests:
        out = out.plus(taken_out(world, request))
    return out


def _listed(world: World, requests: Sequence[Request], lists: dict[frozenset[int], Switched]) -> Switched:
    """Give the contingency list with the breakers of these requests open: one object for equals."""
    open_ = frozenset(row for r in requests for row in world.breakers(r))
    if open_ not in lists:
        breakers = world.grid.breakers
        lists[open_] = (
            Switched(contingencies=world.contingencies, changed=(), opened=(), unclear=())
            if breakers is None or not open_
            else switched(world.contingencies, breakers=breakers, lines=world.grid.network.branches, out=open_)
        )
    return lists[open_]


def _unclear(before: Switched, after: Switched) -> tuple[str, ...]:
    """Say which losses would split a bus only because of the request: the model does not tell what hangs where."""
    new = [name for name in after.unclear if name not in before.unclear]
    if not new:
        return ()
    names = ", ".join(new[:3]) + (f" and {len(new) - 3} more" if len(new) > 3 else "")
    return (f"with the breaker open the bus would be split ({names}); the model does not say what hangs on which part",)


def _not_there(world: World, outages: Sequence[Outage]) -> Iterator[str]:
    """Say which outages of the book name equipment that the grid does not have: what is out there is not known."""
    for outage in outages:
        for asset in world.unknown(outage.request):
            yield f"{outage.id} reports {asset} out, which the grid does not have"


def _says(before: Switched, after: Switched) -> str:
    more = [name for name in after.changed if name not in before.changed]
    if not more:
        return "the open breaker changes nothing that trips together"
    names = ", ".join(more[:4]) + (f" and {len(more) - 4} more" if len(more) > 4 else "")
    return f"with the breaker open {len(more)} contingencies take more with them: {names}"


def _dclines(world: World, requests: Sequence[Request]) -> IntArray:
    """Give the rows of the DC lines that these requests stop."""
    rows = [world.dclines(r) for r in requests if r.takes_out]
    return np.unique(np.concatenate([*rows, np.empty(0, np.int64)])).astype(np.int64)


def without_dclines(grid: Grid, rows: IntArray) -> Grid:
    """Give the grid with DC lines stopped: no transfer and no loss.

    The exchange with the outside world stays what it was, so that the transfer goes over the AC ties.
    """
    if not len(rows):
        return grid
    dc = grid.network.dclines
    running = dc.in_service.copy()
    running[rows] = False
    return replace(grid, network=replace(grid.network, dclines=replace(dc, in_service=running)))


def _loss_as_load(hours: Hours, network: Network, stopped: IntArray) -> Hours:
    """Give the hours without the request as the network with it sees them.

    There the stopped lines have no loss; before, what they lose is load where they arrive.
    """
    if not len(stopped):
        return hours
    dc, load = network.dclines, hours.load_mw.copy()
    np.add.at(load, dc.to_bus[stopped], (dc.loss_mw * dc.in_service)[stopped, None])
    return replace(hours, load_mw=load)


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


def _dispatched(world: World, grid: Grid, part: Stretch, out: BoolArray, derate: FloatArray) -> Dispatched:
    return dispatch(
        grid=grid,
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


def condensed(world: World, result: StudyResult, *, book: str, slices: Sequence[Slice], tight_share: float) -> Security:
    """Keep of a study what a decision rests on."""
    crossings = (*_base(result), *_after(result))
    dirty = {c.contingency for c in crossings}
    counts = result.counts
    short = [max(row.shortfall_mw - row.without_mw, 0.0) for row in result.shortfalls]
    return Security(
        book=book,
        crossings=crossings,
        tight=_tight(result, tight_share),
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


def _tight(result: StudyResult, share: float) -> tuple[Crossing, ...]:
    """Give the largest caused loading above the tight share, where it is not over the limit itself."""
    near = result.near
    if near is None or near.percent > 100.0 or near.percent <= 100.0 * share:
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
