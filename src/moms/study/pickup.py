"""Who makes up for what is lost, in proportion to what (semantics 1.2, case convention C5).

MW that vanish from an island are picked up in proportion to headroom (Pmax - Pg) by the units that
the rule book names; what headroom cannot cover is shortfall, and load is shed in proportion for it
so that flows can still be told. MW that are too many are taken off the same units in proportion to
output, then off all other units. Where nothing of these is left, all buses share evenly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, Network

NEAR_ZERO_MW = 1e-6


class Shape(IntEnum):
    """In proportion to what MW are made up for."""

    UP = 0
    DOWN = 1
    SHED = 2
    CURTAIL = 3
    EVEN = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """What each unit or bus of one island weighs in each shape, MW."""

    up: FloatArray
    """(g, H) headroom of units that pick up."""
    down: FloatArray
    """(g, H) their output."""
    curtail: FloatArray
    """(g, H) output of the others."""
    shed: FloatArray
    """(n, H) load."""
    even: FloatArray
    """(n, 1) 1 on the island."""
    totals: dict[Shape, FloatArray] = field(default_factory=dict)
    """Sums already made: thousands of contingencies ask for the same five."""

    def of(self, shape: Shape) -> tuple[FloatArray, bool]:
        """Give the weights of a shape, and whether they are by unit (else by bus)."""
        match shape:
            case Shape.UP:
                return self.up, True
            case Shape.DOWN:
                return self.down, True
            case Shape.CURTAIL:
                return self.curtail, True
            case Shape.SHED:
                return self.shed, False
            case Shape.EVEN:
                return self.even, False

    def total(self, shape: Shape) -> FloatArray:
        """Give the sum over the island, (H,)."""
        if shape not in self.totals:
            weights, _ = self.of(shape)
            self.totals[shape] = np.broadcast_to(weights.sum(axis=0), self.up.shape[1:])
        return self.totals[shape]

    def by_bus(self, shape: Shape, network: Network) -> FloatArray:
        """Give the weights summed at buses, (n, H)."""
        weights, by_unit = self.of(shape)
        if by_unit:
            return at_buses(network, weights)
        return np.ascontiguousarray(np.broadcast_to(weights, (len(network.buses), self.up.shape[1])))


def at_buses(network: Network, by_unit: FloatArray) -> FloatArray:
    """Sum amounts of units, (g, H), at their buses, (n, H)."""
    total = np.zeros((len(network.buses), by_unit.shape[1]))
    np.add.at(total, network.units.bus, by_unit)
    return total


def weigh(
    network: Network, *, load_mw: FloatArray, unit_mw: FloatArray, units_on: BoolArray, island: BoolArray
) -> Weights:
    """Weigh the units and buses of an island at its operating points, (g, H) and (n, H)."""
    units = network.units
    picks = (units_on & units.picks_up)[:, None]
    output = np.maximum(unit_mw, 0.0)
    return Weights(
        up=np.where(picks, np.maximum(units.p_max_mw[:, None] - unit_mw, 0.0), 0.0),
        down=np.where(picks, output, 0.0),
        curtail=np.where(~picks & units_on[:, None], output, 0.0),
        shed=np.where(island[:, None], np.maximum(load_mw, 0.0), 0.0),
        even=island[:, None].astype(np.float64),
    )


def share_out(appears_mw: FloatArray, room: dict[Shape, FloatArray]) -> tuple[dict[Shape, FloatArray], FloatArray]:
    """Share out what appears (+) or vanishes (-), any shape ending in H, over what room is left.

    Gives, by shape used, the factor on its weights that makes the sum zero, and the shortfall in MW
    (what vanished beyond all headroom).
    """
    left = -appears_mw
    factors: dict[Shape, FloatArray] = {}
    shortfall = np.zeros_like(left)
    for shape in (Shape.UP, Shape.SHED, Shape.DOWN, Shape.CURTAIL, Shape.EVEN):
        space = np.where(room[shape] > NEAR_ZERO_MW, room[shape], 0.0)
        match shape:
            case Shape.UP | Shape.SHED:
                taken = np.minimum(np.maximum(left, 0.0), space)
            case Shape.DOWN | Shape.CURTAIL:
                taken = -np.minimum(np.maximum(-left, 0.0), space)
            case Shape.EVEN:
                taken = np.where(space > 0.0, left, 0.0)
        left = left - taken
        if shape is Shape.UP:
            shortfall = np.maximum(left, 0.0)
        factors[shape] = np.divide(taken, space, out=np.zeros_like(taken), where=space > 0.0)
    return factors, np.where(shortfall > NEAR_ZERO_MW, shortfall, 0.0)
