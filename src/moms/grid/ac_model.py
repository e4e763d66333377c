"""What AC needs of a grid beyond its DC model: the outside reduced for AC, switched banks, solved states to start from.

It is a layer of its own: buses, branches and units of the DC model keep their rows, what is added stands
behind them. DC never reads it, so that a grid with a layer and without one is the same to every DC study.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from moms.grid.network import BranchKind, BusKind

if TYPE_CHECKING:
    from moms.grid.network import BoolArray, FloatArray, IntArray, Network

BANK = "bank"
"""The fuel of a switched bank, which stands among the units of an AC network and gives no MW."""
HELD = "outside"
"""The fuel of what holds a voltage outside: its MW are in the outside's injections."""
NO_BAND = (0.01, 2.0)
"""The band, per unit, of a bus that is not judged: a star point is no place, an added outside bus is in no grid."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcModel:
    """The layer of one grid: n buses and g units of the DC model, N = n + k buses in all, L levels of load."""

    grid: str
    """Digest of the DC model it belongs to."""
    number: IntArray
    """(k,) of the buses that AC adds."""
    base_kv: FloatArray
    """(k,)"""
    vmin: FloatArray
    """(N,) per unit; `NO_BAND` where a bus is not judged."""
    vmax: FloatArray
    shunt_mw: FloatArray
    """(N,) at 1 per unit, switched banks left out."""
    shunt_mvar: FloatArray
    from_bus: IntArray
    """Branches of the reduced outside, by row of the N buses; r and x alike."""
    to_bus: IntArray
    r: FloatArray
    x: FloatArray
    level: FloatArray
    """(L,) falling: the outside's load as a share of the case's."""
    outside_mw: FloatArray
    """(N, L) what the outside takes at its buses; 0 inside."""
    outside_mvar: FloatArray
    vm: FloatArray
    """(N, L) rounded: where a solution begins."""
    va_deg: FloatArray
    slack_mw: FloatArray
    """(L,) what plants inside give beyond their dispatch there."""
    limited: IntArray
    """(N, L) 1 at the upper reactive limit, -1 at the lower."""
    unit_v_set: FloatArray
    """(g,) per unit."""
    unit_reactive: BoolArray
    """(g,) whether a unit gives reactive power: not at the bus of a bank."""
    held_bus: IntArray
    """Outside buses that hold their voltage."""
    held_q_max_mvar: FloatArray
    held_q_min_mvar: FloatArray
    held_v_set: FloatArray
    bank_bus: IntArray
    """Buses with a switched bank: it holds the voltage before a contingency and is locked after one."""
    bank_low_mvar: FloatArray
    """At 1 per unit; reactors are negative."""
    bank_high_mvar: FloatArray
    bank_v_set: FloatArray
    digest: str = ""
    """SHA-256 of the file it was read from."""

    def __post_init__(self) -> None:
        for spec in fields(self):
            column = getattr(self, spec.name)
            if isinstance(column, np.ndarray):
                column.flags.writeable = False

    def between(self, columns: FloatArray, level: float) -> FloatArray:
        """Give (N,) of (N, L) at a level: on straight lines through the levels solved."""
        at = int(np.clip(np.searchsorted(-self.level, -level) - 1, 0, len(self.level) - 2))
        high, low = float(self.level[at]), float(self.level[at + 1])
        weight = (level - low) / (high - low)
        found: FloatArray = weight * columns[:, at] + (1.0 - weight) * columns[:, at + 1]
        return found

    def nearest(self, level: float) -> int:
        """Give the place of the level solved that is nearest."""
        return int(np.argmin(np.abs(self.level - level)))

    def banks(self, network: Network) -> IntArray:
        """Give the rows of the banks among the units that `on` gives a DC model."""
        first = len(network.units) + len(self.held_bus)
        rows: IntArray = np.arange(first, first + len(self.bank_bus))
        return rows

    def on(self, network: Network, *, level: float, load_mw: FloatArray, load_mvar: FloatArray) -> Network:
        """Give the AC network of a DC model, with loads (N,) as given; it starts from the nearest level.

        DC lines are out of service: what they carry has to be among the loads.
        """
        still = np.zeros(len(network.dclines), np.bool_)
        return replace(
            network,
            buses=self._buses(network, self.nearest(level), load_mw, load_mvar),
            branches=self._branches(network),
            units=self._units(network),
            dclines=replace(network.dclines, in_service=still),
        )

    def _buses(self, network: Network, near: int, load_mw: FloatArray, load_mvar: FloatArray) -> Any:  # noqa: ANN401 - the table of `Network`
        had, k = network.buses, len(self.number)
        kind = np.r_[had.kind, np.full(k, int(BusKind.PQ))]
        used = kind != BusKind.ISOLATED
        holds = np.zeros(len(kind), np.bool_)
        holds[np.r_[network.units.bus[self.unit_reactive], self.held_bus, self.bank_bus]] = True
        slack = used & holds & (kind == BusKind.SLACK)
        kind[used] = np.where(holds, int(BusKind.PV), int(BusKind.PQ))[used]
        kind[slack] = BusKind.SLACK
        return replace(
            had, number=np.r_[had.number, self.number], kind=kind, load_mw=load_mw, load_mvar=load_mvar,
            shunt_mw=self.shunt_mw, shunt_mvar=self.shunt_mvar, base_kv=np.r_[had.base_kv, self.base_kv],
            vm=self.vm[:, near], va_deg=self.va_deg[:, near], vmax=self.vmax, vmin=self.vmin,
            zone=np.r_[had.zone, np.full(k, -1)], station=np.r_[had.station, np.full(k, -1)],
        )  # fmt: skip

    def _branches(self, network: Network) -> Any:  # noqa: ANN401 - the table of `Network`
        had, more = network.branches, len(self.from_bus)
        nothing, endless, never = np.zeros(more), np.full(more, np.inf), np.zeros(more, np.bool_)
        added: dict[str, Any] = {
            "from_bus": self.from_bus, "to_bus": self.to_bus, "r": self.r, "x": self.x, "b": nothing,
            "tap": np.ones(more), "shift_deg": nothing, "rate_a_mw": endless, "rate_b_mw": endless,
            "rate_c_mw": endless, "in_service": ~never, "kind": np.full(more, int(BranchKind.AC_EQUIVALENT)),
            "rating_source": np.zeros(more, np.int64), "monitored": never, "contingency": never,
            "equipment": len(had) + np.arange(more),
        }  # fmt: skip
        real = replace(had, in_service=had.in_service & (had.kind != BranchKind.EQUIVALENT))
        return replace(real, **{name: np.r_[getattr(real, name), column] for name, column in added.items()})

    def _units(self, network: Network) -> Any:  # noqa: ANN401 - the table of `Network`
        had, held, banks = network.units, len(self.held_bus), len(self.bank_bus)
        more = held + banks
        nothing, never = np.zeros(more), np.zeros(more, np.bool_)
        volt2 = self.bank_v_set**2
        gives = self.unit_reactive
        own = replace(
            had, q_mvar=np.zeros(len(had)), q_max_mvar=np.where(gives, had.q_max_mvar, 0.0),
            q_min_mvar=np.where(gives, had.q_min_mvar, 0.0), v_set=self.unit_v_set,
        )  # fmt: skip
        added: dict[str, Any] = {
            "bus": np.r_[self.held_bus, self.bank_bus],
            "q_max_mvar": np.r_[self.held_q_max_mvar, self.bank_high_mvar * volt2],
            "q_min_mvar": np.r_[self.held_q_min_mvar, self.bank_low_mvar * volt2],
            "v_set": np.r_[self.held_v_set, self.bank_v_set],
            "in_service": ~never,
            "fuel": np.r_[np.full(held, HELD), np.full(banks, BANK)],
            "outage_rate_known": never,
            "picks_up": never,
            "emergency_only": never,
        }
        named = {spec.name: added.get(spec.name, nothing) for spec in fields(had)}
        return replace(own, **{name: np.r_[getattr(own, name), column] for name, column in named.items()})


def not_judged(vmin: FloatArray, vmax: FloatArray) -> BoolArray:
    """Tell which buses have a band that says they are not judged."""
    found: BoolArray = (vmin == NO_BAND[0]) & (vmax == NO_BAND[1])
    return found
