"""One AC state of a study: an hour before or after a contingency, what it gives, and what it sheds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import BusKind, not_judged
from moms.powerflow import DcFactor, label
from moms.powerflow.ac import HELD, AcRules, AcState, solve_ac, unit_mvar
from moms.powerflow.ac_near import Loss
from moms.powerflow.ac_point import ac_point
from moms.powerflow.admittance import Admittance
from moms.study.ac_rows import Limited, Values, limits_of
from moms.study.pickup import Shape, share_out, weigh
from moms.study.state import injections, main_part
from moms.values import ElementKind

if TYPE_CHECKING:
    from moms.grid import BoolArray, Contingency, FloatArray, IntArray, Network
    from moms.powerflow.ac import AcPoint
    from moms.powerflow.admittance import ComplexArray
    from moms.study.ac_rows import AcLimits
    from moms.study.slices import AcStart, Out, Slice
    from moms.study.state import Case

BASE = AcRules(slack_mw=0.1)
AFTER = AcRules(slack_mw=1.0)
"""The change of losses by a contingency is small: up to a MW of it may stay at the reference."""
NO_HOLD = "no bus of the main island holds its voltage"


@dataclass(slots=True, kw_only=True, eq=False)
class SolvedHour:
    """One hour with the request, or without it: its network, dispatch and base state."""

    case: Case
    hour: int
    out: Out
    net: Admittance
    point: AcPoint
    base: AcState
    limit: FloatArray
    before: Values
    bridges: BoolArray
    regulated: AcState
    """The base state before its banks were locked; the base state itself where there are none."""
    layered: bool = False
    """Whether it stands on an AC layer, whose equivalents give no DC angles to start from."""

    @classmethod
    def of(
        cls, one: Slice, case: Case, hour: int, out: Out, limits: AcLimits, *, near: SolvedHour | None = None
    ) -> SolvedHour | str:
        """Solve one hour before any contingency, or say why it has no solution; `near` is an hour much like it."""
        network = case.network
        point = ac_point(network, island=case.island, load_mw=case.load_mw[:, hour], unit_mw=case.unit_mw[:, hour],
                         units_on=case.units_on)  # fmt: skip
        if point is None:
            return NO_HOLD
        net = Admittance.of(network, island=case.island, out=out.branches)
        regulated = base = _base(net, point, one.ac, near)
        if not base.converged:
            return base.why
        if one.ac is not None:
            found = locked(case, one.ac.banks, hour=hour, net=net, point=point, base=base)
            if found is None:
                return NO_HOLD
            case, net, point, base = found
            network = case.network
        before = values_of(net, base.v, base.v, one.network, None)
        limit = limits_of(network, one.network.branches.rate_b_mw, limits)
        bridges = case.tree.below >= 0
        return cls(case=case, hour=hour, out=out, net=net, point=point, base=base, limit=limit, before=before,
                   bridges=bridges, regulated=regulated, layered=one.ac is not None)  # fmt: skip

    def live(self, contingency: Contingency) -> tuple[int, ...]:
        """Give the branches of a contingency that carry here."""
        return tuple(k for k in contingency.branches if self.net.live[k])

    def running(self, contingency: Contingency) -> list[int]:
        """Give the units of a contingency that run here."""
        return [g for g in contingency.units if self.case.units_on[g]]

    def splits(self, rows: tuple[int, ...]) -> bool:
        """Tell whether the loss of some live branches cuts a part off."""
        if len(rows) == 1:
            return bool(self.bridges[rows[0]])
        if not rows:
            return False
        parts = label(self.case.graph, self.case.island, np.array(rows, np.int64))
        return int(parts.max()) > 0


def locked(
    case: Case, banks: IntArray, *, hour: int, net: Admittance, point: AcPoint, base: AcState
) -> tuple[Case, Admittance, AcPoint, AcState] | None:
    """Lock switched banks at what they give in a solved state: shunts from here on, which hold no voltage.

    The state stays a solution. None where nothing but banks holds a voltage.
    """
    network = case.network
    at = np.unique(network.units.bus[banks[case.units_on[banks]]])
    volt2 = np.abs(base.v[at]) ** 2
    shunt, kind, units_on = network.buses.shunt_mvar.copy(), network.buses.kind.copy(), case.units_on.copy()
    given = unit_mvar(net, point, base)[at] / volt2
    shunt[at] += given
    kind[at] = BusKind.PQ
    units_on[banks] = False
    network = replace(network, buses=replace(network.buses, shunt_mvar=shunt, kind=kind))
    case = replace(case, network=network, units_on=units_on)
    fixed = ac_point(network, island=case.island, load_mw=case.load_mw[:, hour], unit_mw=case.unit_mw[:, hour],
                     units_on=units_on)  # fmt: skip
    held = np.flatnonzero(False if fixed is None else fixed.holds & (base.limited == HELD))
    if fixed is None or not len(held):
        return None
    wide = np.minimum(fixed.q_max_mvar[held] - fixed.q_min_mvar[held], 1e9)
    state = replace(base, limited=np.where(fixed.holds, base.limited, HELD), reference=int(held[np.argmax(wide)]))
    return case, net.with_shunts(network, at, 1j * given), fixed, state


def values_of(
    net: Admittance, v: ComplexArray, before: ComplexArray, network: Network, lost: IntArray | None
) -> Values:
    """Hold a solved state against nothing yet: its values in the order of `Values`."""
    at_from, at_to = net.flows_mva(v, lost=lost)
    vm = np.abs(v)
    on = vm > 0.0
    live = net.live & network.branches.monitored
    moved = np.where(on, np.abs(vm - np.abs(before)), 0.0)
    return Values(value=np.r_[np.maximum(np.abs(at_from), np.abs(at_to)), vm, vm, moved], on=np.r_[live, on, on, on])


def _flat(net: Admittance, point: AcPoint) -> ComplexArray:
    network = net.network
    balanced = np.where(net.place >= 0, point.p_mw, 0.0)
    balanced = balanced - point.share * balanced.sum()
    factor = DcFactor.on_island(network, live=net.live, island=net.place >= 0)
    angle = factor.angles(balanced[:, None])[:, 0]
    return np.asarray(np.where(point.holds, point.v_set, 1.0) * np.exp(1j * angle), np.complex128)


def _base(net: Admittance, point: AcPoint, start: AcStart | None, near: SolvedHour | None) -> AcState:
    """Solve an hour before any contingency, from a state that is known where there is one."""
    if start is None:
        return _solved(net, point, None, None)
    if near is not None:
        found = solve_ac(net, point, start=near.regulated, rules=BASE)
        if found.converged:
            return found
    buses = net.network.buses
    v = np.asarray(buses.vm * np.exp(1j * np.deg2rad(buses.va_deg)), np.complex128)
    known = AcState(converged=False, why="", v=v, limited=start.limited, reference=point.reference,
                    slack_mw=start.slack_mw, left_mw=0.0, rounds=0, newton=0)  # fmt: skip
    return solve_ac(net, point, start=known, rules=BASE)


def _solved(
    net: Admittance, point: AcPoint, lost: IntArray | None, start: AcState | None, *, flat: bool = True
) -> AcState:
    """Solve from the state near by, then from the file's voltages, then from DC angles, at last patiently."""
    buses = net.network.buses
    rules = BASE if start is None else AFTER
    if start is not None:
        state = solve_ac(net, point, start=start, lost=lost, rules=rules)
        if state.converged:
            return state
        state = solve_ac(net, point, start=start.v, lost=lost, rules=rules)
    elif np.all(buses.vm[net.rows] > 0.0):
        start_v = np.asarray(buses.vm * np.exp(1j * np.deg2rad(buses.va_deg)), np.complex128)
        state = solve_ac(net, point, start=start_v, lost=lost, rules=rules)
    else:
        state = solve_ac(net, point, start=_flat(net, point), lost=lost, rules=rules)
    for last in (rules, replace(rules, patient=True)) if flat else ():
        state = state if state.converged else solve_ac(net, point, start=_flat(net, point), lost=lost, rules=last)
    return state


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MadeUp:
    """Loads (n,) and outputs (g,) MW after others made up for what was lost."""

    load_mw: FloatArray
    unit_mw: FloatArray
    units_on: BoolArray
    island: BoolArray
    shed_mw: float
    """Load shed because no headroom was left for it."""

    def point(self, network: Network) -> AcPoint | None:
        """Give the operating point; None if no bus holds its voltage."""
        return ac_point(network, island=self.island, load_mw=self.load_mw, unit_mw=self.unit_mw, units_on=self.units_on)


def made_up(world: SolvedHour, units: list[int], island: BoolArray | None = None) -> MadeUp:
    """Make up for units that are lost, or for all that is off an island (semantics 1.2)."""
    case, h, network = world.case, world.hour, world.case.network
    island = case.island if island is None else island
    on = case.units_on & island[network.units.bus]
    on[units] = False
    load = np.where(island, case.load_mw[:, h], 0.0)[:, None]
    unit = np.where(on, case.unit_mw[:, h], 0.0)[:, None]
    none, stopped = case.dcline_mw[:, [h]], np.zeros(len(network.dclines), np.bool_)
    off = injections(network, load=load, unit=unit, dcline=none, island=island, dcline_on=stopped).sum(axis=0)
    off = off - case.spare_mw[h]
    weights = weigh(network, load_mw=load, unit_mw=unit, units_on=on, island=island)
    factors, short = share_out(off, {shape: weights.total(shape) for shape in Shape})
    unit = unit + sum(factors[s] * weights.of(s)[0] for s in (Shape.UP, Shape.DOWN, Shape.CURTAIL))
    load = load - sum(factors[s] * weights.of(s)[0] for s in (Shape.SHED, Shape.EVEN))
    return MadeUp(load_mw=load[:, 0], unit_mw=unit[:, 0], units_on=on, island=island, shed_mw=float(short[0]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class After:
    """An hour after one contingency."""

    values: Values | None
    """None where it has no solution."""
    why: str = ""
    """What stood against a solution."""
    shed_mw: float = 0.0


def after(world: SolvedHour, contingency: Contingency) -> After | None:
    """Solve one contingency in full; None where nothing of it is in use."""
    rows, units = world.live(contingency), world.running(contingency)
    if not rows and not units:
        return None
    network, lost = world.case.network, np.array(rows, np.int64)
    if not world.splits(rows):
        if not units:
            return _after(world.net, world.point, lost, world, 0.0)
        found = made_up(world, units)
        return _after(world.net, found.point(network), lost, world, found.shed_mw)
    found = made_up(world, units, _main(world, lost))
    net = Admittance.of(network, island=found.island, out=np.r_[world.out.branches, lost])
    return _after(net, found.point(network), None, world, found.shed_mw)


def _after(net: Admittance, point: AcPoint | None, lost: IntArray | None, world: SolvedHour, shed_mw: float) -> After:
    if point is None:
        return After(values=None, why=NO_HOLD, shed_mw=shed_mw)
    state = _solved(net, point, lost, world.base, flat=not world.layered)
    if not state.converged:
        return After(values=None, why=state.why, shed_mw=shed_mw)
    return After(values=values_of(net, state.v, world.base.v, world.case.network, lost), shed_mw=shed_mw)


def shed_mw(world: SolvedHour, contingency: Contingency) -> float:
    """Give the load that a contingency sheds because no headroom is left for it, MW."""
    rows, units = world.live(contingency), world.running(contingency)
    if world.splits(rows):
        return made_up(world, units, _main(world, np.array(rows, np.int64))).shed_mw
    return made_up(world, units).shed_mw if units else 0.0


def _main(world: SolvedHour, rows: IntArray) -> BoolArray:
    """Give the part that goes on when the loss of some branches cuts the island: as in the DC study."""
    case = world.case
    parts = label(case.graph, case.island, rows)
    load = np.bincount(parts[case.island], weights=case.bus_load_mw[case.island])
    size = np.bincount(parts[case.island])
    least = [int(np.flatnonzero(parts == k)[0]) for k in range(len(size))]
    chosen: BoolArray = parts == main_part([(float(load[k]), int(size[k]), least[k]) for k in range(len(size))])
    return chosen


def limited(world: SolvedHour, other: SolvedHour, hour: str, limits: AcLimits) -> tuple[Limited, ...]:
    """Give the buses that hold their voltage without the request, and with it are at a limit and off it."""
    was_held = other.point.holds & (other.base.limited == HELD)
    now = world.point.holds & (world.base.limited != HELD)
    volt, wanted = np.abs(world.base.v), world.point.v_set
    judged = ~not_judged(world.case.network.buses.vmin, world.case.network.buses.vmax)
    rows = np.flatnonzero(judged & now & was_held & (np.abs(volt - wanted) > limits.held_pu))
    if not len(rows):
        return ()
    given, before = (unit_mvar(one.net, one.point, one.base) for one in (world, other))
    network = world.case.network
    return tuple(
        Limited(
            element=network.name_of(ElementKind.BUS, bus),
            hour=hour,
            volt_pu=round(float(volt[bus]), 5),
            set_pu=round(float(wanted[bus]), 5),
            mvar=round(float(given[bus]), 3),
            without_mvar=round(float(before[bus]), 3),
            upper=bool(world.base.limited[bus] > 0),
        )
        for bus in rows.tolist()
    )


def case_of(case: Case, hour: int, out: Out, contingency: Contingency | None = None) -> Network:
    """Give the network as it stands in one hour, with what is out and lost out of service."""
    network = case.network
    branches = network.branches.in_service.copy()
    branches[np.r_[out.branches, np.array(contingency.branches if contingency else (), np.int64)]] = False
    units = case.units_on.copy()
    units[list(contingency.units if contingency else ())] = False
    load = case.load_mw[:, hour]
    scale = np.divide(load, network.buses.load_mw, out=np.ones(len(load)), where=network.buses.load_mw != 0.0)
    return replace(
        network,
        buses=replace(network.buses, load_mw=load, load_mvar=network.buses.load_mvar * scale),
        branches=replace(network.branches, in_service=branches),
        units=replace(network.units, in_service=units, p_mw=case.unit_mw[:, hour]),
    )


def radial(world: SolvedHour, contingency: Contingency) -> Loss | None:
    """Give the loss of one branch that cuts a part off as one that can be solved near the base state; else None.

    The part stays in the equations with nothing that takes or gives, and what its lines and shunts still
    do is undone at the end that goes on.
    """
    rows, units = world.live(contingency), world.running(contingency)
    if len(rows) != 1 or units or not world.splits(rows):
        return None
    network, net = world.case.network, world.net
    main = _main(world, np.array(rows, np.int64))
    dark = world.case.island & ~main
    point = made_up(world, units, main).point(network)
    if point is None or dark[world.base.reference]:
        return None
    lines, buses = network.branches, network.buses
    volt2 = np.abs(world.base.v) ** 2
    gone = net.live & (dark[lines.from_bus] | dark[lines.to_bus])
    charging = 0.5 * lines.b[gone] * (volt2[lines.from_bus[gone]] + volt2[lines.to_bus[gone]]) * network.base_mva
    end = lines.from_bus[rows[0]] if main[lines.from_bus[rows[0]]] else lines.to_bus[rows[0]]
    p, q = np.where(dark, 0.0, point.p_mw), np.where(dark, 0.0, point.q_mvar)
    q[end] -= float(charging.sum()) + float((buses.shunt_mvar * volt2)[dark].sum())
    p[end] += float((buses.shunt_mw * volt2)[dark].sum())
    return Loss(branches=(), point=replace(point, p_mw=p, q_mvar=q), cut=rows, dark=np.flatnonzero(dark))
