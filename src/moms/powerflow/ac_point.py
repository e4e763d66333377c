"""What an AC power flow asks of a network and an operating point; and whether the network has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.grid import BranchKind, BusKind
from moms.powerflow.ac import AcPoint
from moms.powerflow.islands import live_branches
from moms.values import ElementKind

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, Network


def no_ac(network: Network) -> str | None:
    """Say why a network has no AC power flow, the field and the fix named; None where it has one."""
    buses, lines, units = network.buses, network.branches, network.units
    live = live_branches(network)
    if np.any(live & (lines.kind == BranchKind.EQUIVALENT)):
        return "the outside world is reduced for DC flows only (branches of kind equivalent): give the full model"
    if network.dclines.in_service.any():
        return "dcline: the reactive power of DC lines is not in the model: take them out of service, as units or loads"
    if not live.any():
        return "branch: no branch is in service: put some in service (BR_STATUS 1)"
    if not buses.load_mvar.any() and not lines.b.any():
        return "bus.QD and branch.BR_B are 0 everywhere: give the reactive loads and the line charging"
    if not ((buses.vmax > buses.vmin) & (buses.vmin > 0.0)).any():
        return "bus.VMAX and bus.VMIN: no bus has a voltage band: give both, per unit"
    short = np.flatnonzero(live & (lines.x == 0.0) & (lines.r == 0.0))
    if len(short):
        return f"{network.name_of(ElementKind.BRANCH, int(short[0]))}: r = x = 0: give BR_X, or merge its buses"
    holds = holding(network, units.in_service)
    if not holds.any():
        return "bus.BUS_TYPE: no bus of type 2 or 3 has a unit in service to hold its voltage: give one"
    held = units.in_service & holds[units.bus]
    bad = np.flatnonzero(held & ~(units.v_set > 0.0))
    if len(bad):
        return f"{network.name_of(ElementKind.GEN, int(bad[0]))}: VG is {units.v_set[bad[0]]:g}: give a set point, pu"
    bad = np.flatnonzero(held & ~(units.q_max_mvar >= units.q_min_mvar))
    if len(bad):
        return f"{network.name_of(ElementKind.GEN, int(bad[0]))}: QMAX is below QMIN: give limits in order"
    return None


def holding(network: Network, units_on: BoolArray) -> BoolArray:
    """Tell which buses hold their voltage, (n,): type 2 or 3 with a unit on, (g,)."""
    has = np.zeros(len(network.buses), np.bool_)
    has[network.units.bus[units_on]] = True
    result: BoolArray = has & np.isin(network.buses.kind, (BusKind.PV, BusKind.SLACK))
    return result


def ac_point(
    network: Network, *, island: BoolArray, load_mw: FloatArray, unit_mw: FloatArray, units_on: BoolArray
) -> AcPoint | None:
    """Give an operating point of an island from loads (n,) and outputs (g,) MW; None if no bus holds its voltage.

    Loads keep their power factor; a bus without active load keeps its reactive load. Losses are shared
    by the headroom of the units that pick up (semantics 1.2); without any, the reference gives them.
    """
    buses, units = network.buses, network.units
    on = units_on & island[units.bus]
    holds = holding(network, on) & island
    if not holds.any():
        return None
    n, at = len(buses), units.bus
    scale = np.divide(load_mw, buses.load_mw, out=np.ones(n), where=buses.load_mw != 0.0)
    fixed = on & ~holds[at]
    q = -buses.load_mvar * scale + np.bincount(at[fixed], weights=units.q_mvar[fixed], minlength=n)
    v_set = np.zeros(n)
    v_set[at[on][::-1]] = units.v_set[on][::-1]  # the first unit at a bus says
    reference = _reference(network, holds, on)
    share = np.bincount(at, weights=np.where(on & units.picks_up, np.maximum(units.p_max_mw - unit_mw, 0.0), 0.0),
                        minlength=n)  # fmt: skip
    if not share.sum() > 0.0:
        share[reference] = 1.0
    return AcPoint(
        p_mw=np.bincount(at[on], weights=unit_mw[on], minlength=n) - load_mw,
        q_mvar=q,
        share=share / share.sum(),
        holds=holds,
        v_set=v_set,
        q_max_mvar=_sum(units.q_max_mvar, network, on),
        q_min_mvar=_sum(units.q_min_mvar, network, on),
        reference=reference,
    )


def _sum(column: FloatArray, network: Network, on: BoolArray) -> FloatArray:
    """Sum a column at buses; what is unlimited stays so."""
    result = np.zeros(len(network.buses))
    np.add.at(result, network.units.bus[on], column[on])
    return result


def _reference(network: Network, holds: BoolArray, on: BoolArray) -> int:
    """Give the file's slack bus where it holds its voltage, else the bus of the most capacity that does."""
    slack = np.flatnonzero(holds & (network.buses.kind == BusKind.SLACK))
    if len(slack):
        return int(slack[0])
    capacity = np.where(holds, np.maximum(_sum(network.units.p_max_mw, network, on), 0.0), -1.0)
    return int(np.argmax(capacity))
