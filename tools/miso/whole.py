"""The whole interconnection as a network, and its solved state: the one that the data come with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from miso.eastern import Eastern
from moms.grid import Branches, Buses, DcLines, Network, Units
from moms.powerflow.ac import AcPoint, AcState, solve_ac
from moms.powerflow.ac_point import ac_point
from moms.powerflow.admittance import Admittance


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A model with its solved state."""

    network: Network
    net: Admittance
    point: AcPoint
    state: AcState


def network_of(e: Eastern) -> Network:
    """Give the interconnection as a network, the DC lines that end outside left out."""
    n, m, g = len(e.number), len(e.f), len(e.plant)
    rate = np.where(e.rate > 0, e.rate, np.inf)
    none, nothing, every, at = np.empty(0, np.int64), np.empty(0), np.ones(m, bool), np.zeros(n)
    return Network(
        base_mva=100.0,
        buses=Buses(
            number=e.number, kind=e.kind, load_mw=e.load_mw, load_mvar=e.load_mvar, shunt_mw=at,
            shunt_mvar=e.shunt_mvar, base_kv=e.kv, vm=e.vm, va_deg=e.va, vmax=e.vmax, vmin=e.vmin, zone=e.zone,
            station=np.full(n, -1),
        ),
        branches=Branches(
            from_bus=e.f, to_bus=e.t, r=e.r, x=e.x, b=e.b, tap=e.tap, shift_deg=np.zeros(m), rate_a_mw=rate,
            rate_b_mw=rate, rate_c_mw=rate, in_service=every, kind=np.zeros(m, np.int64),
            rating_source=np.ones(m, np.int64), monitored=every, contingency=every, equipment=np.arange(m),
        ),
        units=Units(
            bus=e.plant_bus, p_mw=e.p_mw, q_mvar=e.q_mvar, p_max_mw=e.p_max, p_min_mw=e.p_min, q_max_mvar=e.q_max,
            q_min_mvar=e.q_min, v_set=e.v_set, in_service=e.running, fuel=e.fuel, cost_c2=e.c2, cost_c1=e.c1,
            cost_c0=e.c0, outage_rate=np.zeros(g), outage_rate_known=np.zeros(g, bool), picks_up=np.ones(g, bool),
            emergency_only=np.zeros(g, bool),
        ),
        dclines=DcLines(from_bus=none, to_bus=none, p_mw=nothing, loss_mw=nothing, in_service=np.empty(0, bool)),
    )  # fmt: skip


def start(e: Eastern) -> np.ndarray:
    """Give the source's voltages; buses added after it was solved (angle exactly 0) take their neighbour's angle."""
    angle = np.deg2rad(e.va)
    added = (e.va == 0) & (e.kind != 3)
    for one, other in ((e.f, e.t), (e.t, e.f)):
        rows = added[one] & ~added[other]
        angle[one[rows]] = angle[other[rows]]
    return e.vm * np.exp(1j * angle)


def whole(e: Eastern, network: Network) -> Solved:
    """Solve the full model."""
    island = np.ones(len(e.number), bool)
    net, units = Admittance.of(network, island=island), network.units
    point = ac_point(
        network, island=island, load_mw=network.buses.load_mw, unit_mw=units.p_mw, units_on=units.in_service
    )
    assert point is not None
    return Solved(network=network, net=net, point=point, state=solve_ac(net, point, start=start(e)))
