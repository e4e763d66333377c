"""Generator maintenance problems: units, weeks, loads by week, crews (`moms plan gms`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.exchange.planfile import a_list, a_text, an_object, bad, load, number, only, part, whole_number
from moms.schedule.gms import Fleet, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KNOWN = {"name", "annual_peak_mw", "weekly_peak_pct", "weekly_peak_mw", "units", "crew_limit", "installed_mw",
         "daily_peak_pct", "objective", "note"}  # fmt: skip
UNIT_KNOWN = {"unit", "mw", "maintenance_weeks", "first_week", "last_week", "crew", "forced_outage_rate"}
LARGEST_MW = 10_000_000.0


def read_fleet(path: Path) -> tuple[Fleet, tuple[float, ...]]:
    """Read the fleet, and the share of a week's peak that each of its days has (one day if the file has none).

    Raises:
        UnreadableProblem: naming the field.
        UnitDoesNotFit: a unit that cannot be placed.
    """
    whole = load(path)
    only(whole, KNOWN, at="")
    load_kw = _loads(whole)
    rows = a_list(part(whole, "units"), at="units")
    units = tuple(_unit(one, at=f"units[{k}]", weeks=len(load_kw)) for k, one in enumerate(rows))
    _each_once(units)
    installed = whole.get("installed_mw")
    built = sum(u.size_kw for u in units)
    fleet = Fleet(
        name=str(whole.get("name") or path.name),
        units=units,
        installed_kw=built if installed is None else _kw(installed, at="installed_mw"),
        load_kw=load_kw,
        crew_limit=None if whole.get("crew_limit") is None
        else whole_number(whole["crew_limit"], at="crew_limit", least=0),
    )  # fmt: skip
    return fleet, _days(whole)


def _kw(value: object, *, at: str) -> int:
    """Give megawatts as whole kilowatts: 0.001 MW is the fixed unit in which answers are kept."""
    return round(1000 * number(value, at=at, least=0, most=LARGEST_MW))


def _loads(whole: Mapping[str, Any]) -> tuple[int, ...]:
    if whole.get("weekly_peak_mw") is not None:
        rows = a_list(whole["weekly_peak_mw"], at="weekly_peak_mw")
        found = tuple(_kw(one, at=f"weekly_peak_mw[{k}]") for k, one in enumerate(rows))
    else:
        peak = number(part(whole, "annual_peak_mw"), at="annual_peak_mw", least=0, most=LARGEST_MW)
        rows = a_list(part(whole, "weekly_peak_pct"), at="weekly_peak_pct")
        found = tuple(
            round(10 * peak * number(one, at=f"weekly_peak_pct[{k}]", least=0, most=1000)) for k, one in enumerate(rows)
        )
    return found or bad("has no week", at="weekly_peak_pct", fix="give one number a week")


def _days(whole: Mapping[str, Any]) -> tuple[float, ...]:
    rows = a_list(whole.get("daily_peak_pct") or [100], at="daily_peak_pct")
    return tuple(number(one, at=f"daily_peak_pct[{k}]", least=0, most=1000) / 100 for k, one in enumerate(rows))


def _unit(value: object, *, at: str, weeks: int) -> Unit:
    row = an_object(value, at=at)
    only(row, UNIT_KNOWN, at=at)
    rate = row.get("forced_outage_rate")
    crew = a_list(row.get("crew") or [], at=f"{at}.crew")
    return Unit(
        id=a_text(part(row, "unit", at=at), at=f"{at}.unit"),
        size_kw=_kw(part(row, "mw", at=at), at=f"{at}.mw"),
        weeks=whole_number(part(row, "maintenance_weeks", at=at), at=f"{at}.maintenance_weeks", least=1),
        first=whole_number(row.get("first_week", 1), at=f"{at}.first_week", least=1, most=weeks) - 1,
        end=whole_number(row.get("last_week", weeks), at=f"{at}.last_week", least=1, most=weeks),
        crew=tuple(whole_number(n, at=f"{at}.crew[{k}]", least=0) for k, n in enumerate(crew)),
        outage_rate=None if rate is None else number(rate, at=f"{at}.forced_outage_rate", least=0, most=1),
    )


def _each_once(units: tuple[Unit, ...]) -> None:
    seen: set[str] = set()
    for k, unit in enumerate(units):
        if unit.id in seen:
            bad(f"is {unit.id!r} again", at=f"units[{k}].unit", fix="give each unit an id of its own")
        seen.add(unit.id)
    if not units:
        bad("is empty", at="units", fix="give at least one unit")


RTS79_RATES = {12: 0.02, 20: 0.10, 50: 0.01, 76: 0.02, 100: 0.04, 155: 0.04, 197: 0.05, 350: 0.08, 400: 0.12}
"""Forced outage rates of the IEEE RTS by size in MW (IEEE Trans. PAS-98, 1979, table 1)."""


def with_rts_rates(fleet: Fleet) -> Fleet | None:
    """Give the fleet with the rates of the IEEE RTS where it names none and all its sizes are the RTS's."""
    from dataclasses import replace

    if any(u.outage_rate is not None or u.size_kw / 1000 not in RTS79_RATES for u in fleet.units):
        return None
    return replace(fleet, units=tuple(replace(u, outage_rate=RTS79_RATES[u.size_kw // 1000]) for u in fleet.units))
