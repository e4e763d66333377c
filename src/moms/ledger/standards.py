"""What an asset's class says it needs and uses: published tables, so that nobody's own filing moves its turn.

Semantics 8: need comes from what is owned, and what a line outage uses from the class of the line.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStandard:
    """Days a year that a unit of one fuel is out for its maintenance."""

    fuel: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStandard:
    """What a branch of at least this voltage needs and uses."""

    from_kv: float
    days: int
    """Days a year."""
    use_mw: int
    """What a day of it out counts for: a use of the headroom after contingencies, by class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """Both tables. The defaults are the design's own: no operator's numbers."""

    units: tuple[UnitStandard, ...] = (
        UnitStandard(fuel="nuclear", days=22),
        UnitStandard(fuel="coal", days=28),
        UnitStandard(fuel="ng", days=21),
        UnitStandard(fuel="hydro", days=14),
        UnitStandard(fuel="wind", days=5),
        UnitStandard(fuel="solar", days=3),
    )
    other_unit_days: int = 14
    lines: tuple[LineStandard, ...] = (
        LineStandard(from_kv=500, days=4, use_mw=1200),
        LineStandard(from_kv=345, days=4, use_mw=700),
        LineStandard(from_kv=230, days=4, use_mw=350),
        LineStandard(from_kv=161, days=3, use_mw=200),
        LineStandard(from_kv=100, days=3, use_mw=120),
    )
    """Highest voltage first."""
    other_line: LineStandard = LineStandard(from_kv=0, days=2, use_mw=60)

    def unit_days(self, fuel: str) -> int:
        """Give the days a year of a unit.

        >>> Standards().unit_days("coal"), Standards().unit_days("geothermal")
        (28, 14)
        """
        return next((row.days for row in self.units if row.fuel == fuel), self.other_unit_days)

    def line(self, kv: float | None) -> LineStandard:
        """Give the row of a voltage; of an unknown one the lowest.

        >>> Standards().line(345.0).use_mw, Standards().line(None).use_mw
        (700, 60)
        """
        return next((row for row in self.lines if kv is not None and kv >= row.from_kv), self.other_line)
