"""Ask the margin about one request on the book as it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from moms.adequacy import Taken, margin_with_request
from moms.decide import Adequacy, MarginDay
from moms.desk.situation import spans
from moms.outages.hours import hours_of, merged
from moms.values import market_day_of, mw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.adequacy import HurtDay, MarginChange
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.values import Window


def taken(world: World, outage: Outage, window: Window, *, cut_off: Sequence[int] = ()) -> tuple[Taken, ...]:
    """Give what an outage takes from the margin over a window: its units, and those it cuts off."""
    request = outage.request
    units = world.grid.network.units
    own = [
        Taken(
            unit=int(row),
            window=window,
            derate_mw=None
            if request.derate_to_mw is None
            else max(float(units.p_max_mw[row]) - request.derate_to_mw, 0.0),
            outage_id=outage.id,
        )
        for row in world.units(request)
    ]
    by, mine = request.assets[0], set(world.units(request).tolist())
    lost = [
        Taken(unit=int(row), window=window, cut_off_by=by, outage_id=outage.id) for row in cut_off if row not in mine
    ]
    return tuple(own + lost)


def booked(world: World, holding: Sequence[Outage], *, now: datetime, until: datetime) -> tuple[Taken, ...]:
    """Give what the outages of the book take from the margin before `until`."""
    rows: list[Taken] = []
    for outage in holding:
        cut_off = world.cut_off_units(outage.request)
        for window in spans(outage, now=now, until=until):
            rows += taken(world, outage, window, cut_off=cut_off)
    return tuple(rows)


def adequate(
    world: World,
    outage: Outage,
    holding: Sequence[Outage],
    *,
    window: Window,
    now: datetime,
    cut_off: Sequence[int],
    group: Sequence[Outage] = (),
) -> Adequacy:
    """Give what the request does to the margin in its hours, condensed: as `margin_around`."""
    return condensed(margin_around(world, outage, holding, window=window, now=now, cut_off=cut_off, group=group))


def margin_around(
    world: World,
    outage: Outage,
    holding: Sequence[Outage],
    *,
    window: Window,
    now: datetime,
    cut_off: Sequence[int],
    group: Sequence[Outage] = (),
) -> MarginChange:
    """Give the margin with and without the request in its hours (semantics 5.1), with its group if it has one.

    What any of a group cuts off is taken for cut off while each of them is out: never too little.
    """
    whole = merged([window, *(o.window for o in group)])
    asked = [
        row
        for one in (replace(outage, window=window), *group)
        for span in hours_of(one.request, window=one.window)
        for row in taken(world, one, span, cut_off=cut_off)
    ]
    return margin_with_request(
        grid=world.rated,
        starts=[hour for one in whole for hour in one.clock_hours()],
        taken=booked(world, holding, now=now, until=whole[-1].end),
        asked=asked,
        rules=world.rules.margin,
    )


def condensed(change: MarginChange) -> Adequacy:
    """Keep of a margin what a decision rests on."""
    unknown = tuple(dict.fromkeys((*change.before.unknown, *change.after.unknown)))
    cost = change.cost_mw()
    least = change.after.least()
    before = None
    if least is not None:
        row = change.before.row_named(least.row.name)
        day = change.before.day.index(market_day_of(least.hour))
        before = change.before.of(row=row, day=day)
    return Adequacy(
        removed_mw=mw(float(cost.max())) if cost.size else 0.0,
        least=None
        if least is None or before is None
        else MarginDay(
            day=least.day.isoformat(),
            row=least.row.name,
            without_mw=mw(before.margin_mw),
            with_mw=mw(least.margin_mw),
        ),
        hurt=tuple(_hurt(h) for h in change.hurt),
        unknown=unknown,
    )


def _hurt(day: HurtDay) -> MarginDay:
    return MarginDay(
        day=day.after.day.isoformat(),
        row=day.after.row.name,
        without_mw=mw(day.before.margin_mw),
        with_mw=mw(day.after.margin_mw),
    )
