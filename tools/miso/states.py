"""AC states of the whole interconnection in the hours of `miso`: its plants, its dispatch, its exchange.

The data's solved case has other plants running and another exchange. From it the model is walked to
the dispatch of `miso` at a load level, Newton's method solving every step from the one before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from miso import assemble
from miso.eastern import Eastern
from moms.grid import Network
from moms.powerflow.ac import AcPoint, AcRules, AcState, solve_ac, unit_mvar
from moms.powerflow.admittance import Admittance

LEVELS = (1.0, 0.7, 0.5)
FIRST_STEP = 0.125
SMALLEST_STEP = 0.005
ENDLESS_MVAR = 1e6
WALKING = AcRules(slack_mw=1.0)
ARRIVED = AcRules(slack_mw=0.01)
FIRST_SHARE = 0.2
"""Of the losses of the interconnection, those of plants inside, where the search for their share begins."""
SHARES_AT_MOST = 10
IMPORT_MW = 1.0
"""How near to what the grid buys its net import has to come."""


class NoStateError(RuntimeError):
    """A level of load for which no state was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The interconnection with the plants of `miso` inside and the data's outside."""

    e: Eastern
    start: AcState
    """The data's own solved state."""
    point: AcPoint
    """The data's own operating point."""
    network: Network
    on: np.ndarray
    """(g,) plants that run."""
    p_mw: np.ndarray
    """(g,) at the peak hour."""
    picks_up: np.ndarray
    """(g,) plants that share losses."""
    bank: np.ndarray
    """(n,) buses with a switched bank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A solved level of load."""

    level: float
    net: Admittance
    """The banks are not in it: what they give is an injection."""
    point: AcPoint
    state: AcState
    bank_mvar: np.ndarray
    """(n,) susceptance that each bank takes to hold its voltage, MVAr at 1 per unit; 0 elsewhere."""
    import_mw: float
    """What flows into the footprint."""
    inside: float
    """Of all losses, those that plants inside bear."""


def setting(e: Eastern, *, network: Network, point: AcPoint, start: AcState, grid: Network) -> Setting:
    """Put the plants of `miso` (`grid`, peak hour) into the interconnection, and the outside as `miso` has it.

    The outside sells what the footprint buys: its running plants stand as `assemble.injections` raises
    them. A bank stands at each bus with a shunt in the data whose voltage no plant holds in the data; where
    `miso` runs a plant there that the data do not, the bank holds and the plant gives no reactive power.
    """
    inside = np.flatnonzero(e.inside[e.plant_bus])
    on, picks_up = e.running.copy(), np.ones(len(e.plant), bool)
    on[inside], picks_up[inside] = grid.units.in_service, grid.units.picks_up
    p_mw = _outside_mw(e)
    p_mw[inside] = np.where(grid.units.in_service, grid.units.p_mw, 0.0)
    bank = (e.shunt_mvar != 0.0) & ~point.holds
    return Setting(e=e, start=start, point=point, network=network, on=on, p_mw=p_mw, picks_up=picks_up, bank=bank)


def _outside_mw(e: Eastern) -> np.ndarray:
    """Give each outside plant's output as `assemble.injections` has it, MW; 0 inside."""
    _, injected = assemble.injections(e)
    out = ~e.inside[e.plant_bus]
    fixed = e.dc_mw - e.load_mw
    scaled = np.where(out, e.p_mw * (-fixed.sum() / e.p_mw.sum()), 0.0)
    room = np.where(out & e.running, np.maximum(e.p_max - scaled, 0.0), 0.0)
    missing = (injected - fixed)[~e.inside].sum() - scaled.sum()
    given: np.ndarray = scaled + room * (missing / room.sum())
    return given


def _at(e: Eastern, column: np.ndarray, plants: np.ndarray) -> np.ndarray:
    """Sum a column of plants at their buses."""
    found: np.ndarray = np.bincount(e.plant_bus[plants], weights=column[plants], minlength=len(e.number))
    return found


def levels(s: Setting, wanted: tuple[float, ...] = LEVELS) -> list[Level]:
    """Solve all levels."""
    return [arrived(s, level, _walked(s, level)) for level in wanted]


def _net(s: Setting) -> Admittance:
    shunt = np.where(s.bank, 0.0, s.e.shunt_mvar)
    network = replace(s.network, buses=replace(s.network.buses, shunt_mvar=shunt))
    return Admittance.of(network, island=np.ones(len(s.e.number), bool))


def arrived(s: Setting, level: float, state: AcState, inside: float = FIRST_SHARE) -> Level:
    """Solve a level from a state near by, until losses fall where they arise and the import is what `miso` buys.

    Raises:
        NoStateError: there is no solution.
    """
    net = _net(s)
    for _ in range(SHARES_AT_MOST):
        point = _point(s, level, 1.0, inside)
        state = solve_ac(net, point, start=state, rules=ARRIVED)
        if not state.converged:
            raise NoStateError(f"level {level}: {state.why}")
        bought = _import(s, net, state)
        off = bought - level * assemble.FIRM_IMPORT_MW
        if abs(off) <= IMPORT_MW:
            q = unit_mvar(net, point, state)
            bank_mvar = np.where(s.bank, q / np.abs(state.v) ** 2, 0.0)
            return Level(level=level, net=net, point=point, state=state, bank_mvar=bank_mvar, import_mw=bought,
                         inside=inside)  # fmt: skip
        inside += off / state.slack_mw
    raise NoStateError(f"level {level}: the import did not settle ({bought:,.0f} MW)")


def _import(s: Setting, net: Admittance, state: AcState) -> float:
    """Give what lines bring into the footprint, measured at its own ends, MW."""
    e = s.e
    at_from, at_to = net.flows_mva(state.v)
    into_from, into_to = e.inside[e.f] & ~e.inside[e.t], e.inside[e.t] & ~e.inside[e.f]
    return float(-at_from[into_from].real.sum() - at_to[into_to].real.sum())


def _walked(s: Setting, level: float) -> AcState:
    """Walk from the data's state to a level of load, output and exchange.

    Raises:
        NoStateError: the walk ended before.
    """
    net, inside = _net(s), FIRST_SHARE
    state, at, step = s.start, 0.0, FIRST_STEP
    while at < 1.0:
        there = min(1.0, at + step)
        found = solve_ac(net, _point(s, level, there, inside), start=state, rules=WALKING)
        if found.converged:
            state, at, step = found, there, 1.5 * step
        else:
            step /= 2.0
        if step < SMALLEST_STEP:
            raise NoStateError(f"level {level}: no solution beyond {at:.0%} of the way: {found.why}")
    return state


def _point(s: Setting, level: float, at: float, inside: float) -> AcPoint:
    """Give the operating point part of the way; `inside` is the share of losses borne by plants inside."""
    e, had = s.e, s.point
    mw = level * (_at(e, s.p_mw, s.on) - e.load_mw + e.dc_mw)
    np.add.at(mw, e.dc_from, -e.dc_sent)
    np.add.at(mw, e.dc_to, e.dc_sent - e.dc_lost)
    room = np.where(s.picks_up, np.maximum(e.p_max - level * s.p_mw, 0.0), 0.0)
    part = e.inside[e.plant_bus]
    room = room * np.where(part, inside / room[part & s.on].sum(), (1.0 - inside) / room[~part & s.on].sum())
    endless = np.where(s.bank, ENDLESS_MVAR, 0.0)
    reactive = s.on & ~s.bank[e.plant_bus]
    holds = had.holds | (_at(e, np.ones(len(s.on)), s.on) > 0) | s.bank

    def between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return (1.0 - at) * one + at * other

    return replace(
        had,
        p_mw=between(had.p_mw, mw),
        q_mvar=between(had.q_mvar, -level * e.load_mvar),
        share=between(had.share, _at(e, room, s.on)),
        holds=holds,
        v_set=np.where(had.holds, had.v_set, e.vm),
        q_max_mvar=between(_at(e, e.q_max, e.running), _at(e, e.q_max, reactive)) + endless,
        q_min_mvar=between(_at(e, e.q_min, e.running), _at(e, e.q_min, reactive)) - endless,
    )


def ranges(s: Setting, found: list[Level]) -> tuple[np.ndarray, np.ndarray]:
    """Give what each bank can take and give, (n,) MVAr at 1 per unit: lowest, highest.

    The rule: a bank has what the data give at its bus, and as much more as holding the data's voltage
    takes with nothing out at the levels solved, in whole MVAr.
    """
    need = np.array([one.bank_mvar for one in found])
    low = np.floor(np.minimum(np.minimum(need.min(axis=0), s.e.shunt_mvar), 0.0))
    high = np.ceil(np.maximum(np.maximum(need.max(axis=0), s.e.shunt_mvar), 0.0))
    return np.where(s.bank, low, 0.0), np.where(s.bank, high, 0.0)
