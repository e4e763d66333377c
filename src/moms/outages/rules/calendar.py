"""Are these days open? Dated blackouts, and the peak seasons of every year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.outages.hours import common
from moms.outages.rules.rule import Ask, Element, Rule, Said, rule
from moms.values import ElementKind, Level, shown

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    id="CALENDAR-1",
    level=Level.BLOCK,
    source="rule book (blackouts); domain 4.6",
    test="test_a_bad_request_is_told_what_is_wrong",
)
def clear_of_blackouts(ask: Ask) -> Iterator[Said]:
    """Hold the hours against the rule book's blackouts, by zone."""
    if not ask.request.takes_out:
        return
    places = zones_of(ask)
    for span in ask.rules.blackouts:
        here = not span.zones or places is None or places & set(span.zones)
        if ask.request.category in span.categories and here and common(ask.hours, (span.window,)):
            yield Said(
                says=f"no outages in {span.name}, {shown(span.window.start)} to {shown(span.window.end)}",
                field="window",
                fix=f"end before {shown(span.window.start)} or start after {shown(span.window.end)}",
                level=span.level,
            )


@rule(
    id="CALENDAR-2",
    level=Level.REFER,
    source="rule book (peaks); domain 1.2 (PJM peak-period guidance [S])",
    test="test_a_long_outage_in_the_peak_season_is_referred",
)
def clear_of_peaks(ask: Ask) -> Iterator[Said]:
    """Refer longer outages in a peak season, as the rule book says."""
    if not ask.request.takes_out or ask.request.urgent_report:
        return
    for peak in ask.rules.peaks:
        meant = ask.request.category in peak.categories and ask.request.window.hours > peak.over_h
        for season in peak.seasons(over=ask.request.window) if meant else ():
            if common(ask.hours, (season,)):
                yield Said(
                    says=f"longer than {peak.over_h:g} h in {peak.name} ({peak.first} to {peak.last})",
                    field="window",
                    fix="avoid the season, or shorten it",
                    level=peak.level,
                )


def zones_of(ask: Ask) -> set[str] | None:
    """Give the zones and regions the equipment lies in; None where the grid does not know."""
    zones = ask.grid.zones
    if zones is None:
        return None
    rows = {int(ask.grid.network.buses.zone[bus]) for one in ask.elements for bus in _buses(ask, one)}
    if -1 in rows or not rows:
        return None
    return {zones.name[row] for row in rows} | {zones.region[row] for row in rows}


def _buses(ask: Ask, one: Element) -> tuple[int, ...]:
    network = ask.grid.network
    if one.kind == ElementKind.BUS:
        return (one.row,)
    if one.kind == ElementKind.BREAKER and ask.grid.breakers is not None:
        return (int(ask.grid.breakers.bus[one.row]),)
    if one.kind == ElementKind.GEN:
        return (int(network.units.bus[one.row]),)
    table = network.branches if one.kind == ElementKind.BRANCH else network.dclines
    return int(table.from_bus[one.row]), int(table.to_bus[one.row])


RULES: tuple[Rule, ...] = (clear_of_blackouts, clear_of_peaks)
