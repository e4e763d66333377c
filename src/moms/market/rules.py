"""What the rule book says of dispatch and redispatch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRules:
    """Policy of the dispatch of hours."""

    weather_fuels: tuple[str, ...] = ("wind", "solar")
    """Fuels whose output is capacity times the zone's shape."""
    steady_fuels: tuple[str, ...] = ("nuclear",)
    """Fuels that hold the data's output and do not follow load."""
    base_share: float = 0.9
    """Hours are dispatched so that no branch carries more than this share of rate A before any outage."""
    extremes_after_days: int = 14
    """Hours further ahead than this are also studied at the extremes of their weeks (semantics 1.5)."""
    source: str = "semantics 1.2, 1.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedispatchRules:
    """Policy of redispatch."""

    price_without_cost: float = 100.0
    """$/MWh for a unit whose cost the data do not give: dear, so that it is asked last."""
    least_move_price: float = 10.0
    """$/MWh that a MW up and a MW down are each held to cost beside their energy: few units are asked, and little."""
    least_effect: float = 0.02
    """MW off limits for a MW up, and for a MW down, from which on it is moved to repair a base state: twice as much
    for two units that exchange one."""
    weather_fuels: tuple[str, ...] = ("wind", "solar")
    """Fuels that may go down to nothing and never up."""
    fixed_fuels: tuple[str, ...] = ("nuclear",)
    """Fuels that are not asked."""
    may_start: bool = True
    """Whether a unit that stands still may be started; each such move says that it starts."""
    source: str = "semantics 2.1, models 6.3"
