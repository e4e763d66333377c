"""The AC layer of `miso`: the outside reduced by Ward at several levels of load, the banks, where solutions begin."""

from __future__ import annotations

import numpy as np

from miso import states, ward
from miso.eastern import Eastern
from miso.states import Level, Setting
from moms.grid import NO_BAND, AcModel, BranchKind, Network
from moms.powerflow.ac import unit_mvar

HOPS = 20
"""Outside buses that hold their voltage stay if so many branches from the footprint or fewer."""
STAR_KV = 1.0


def model(s: Setting, found: list[Level], *, grid: Network, digest: str, hops: int | None = HOPS) -> AcModel:
    """Make the layer of a grid from the whole interconnection's states at its levels."""
    e = s.e
    place = _places(e, grid, s, hops)
    bus = place.argsort(kind="stable")[(place < 0).sum() :]
    made = ward.reduced(found[0].net.matrix, np.stack([one.state.v for one in found], axis=1), keep=place >= 0)
    left = _with_left(place, bus, made.left)
    place = np.full(len(e.number), -1)
    place[left] = np.arange(len(left))
    real = _real_branches(e, found[0], grid, place)
    own = np.zeros(len(e.number), complex)
    np.add.at(own, e.f[real], found[0].net.yff[real])
    np.add.at(own, e.t[real], found[0].net.ytt[real])
    rest = ward.equivalent(made, f=e.f[real], t=e.t[real], mutual=found[0].net.yft[real], own=own)
    z, shunt = 1.0 / rest.y, rest.shunt[left] * 100.0
    low, high = states.ranges(s, found)
    bank = np.flatnonzero(s.bank[left])
    plants = np.flatnonzero(e.inside[e.plant_bus])
    holds = found[0].point.holds & ~s.bank & ~e.inside
    held = np.flatnonzero(holds[left])
    taken = [_taken(s, one, made.current[:, k], holds) for k, one in enumerate(found)]
    point, first = found[0].point, len(grid.buses)
    judged = (e.kv[left] != STAR_KV) & (np.arange(len(left)) < first)
    return AcModel(
        grid=digest,
        number=e.number[left][first:],
        base_kv=e.kv[left][first:],
        vmin=np.where(judged, e.vmin[left], NO_BAND[0]),
        vmax=np.where(judged, e.vmax[left], NO_BAND[1]),
        shunt_mw=_single(shunt.real),
        shunt_mvar=_single(shunt.imag),
        from_bus=place[rest.f],
        to_bus=place[rest.t],
        r=_single(z.real),
        x=_single(z.imag),
        level=np.array([one.level for one in found]),
        outside_mw=np.stack([np.round(one.real[left], 3) for one in taken], axis=1),
        outside_mvar=np.stack([np.round(one.imag[left], 3) for one in taken], axis=1),
        vm=np.stack([np.round(np.abs(one.state.v[left]), 4) for one in found], axis=1),
        va_deg=np.stack([np.round(np.angle(one.state.v[left], deg=True), 2) for one in found], axis=1),
        slack_mw=np.round([one.inside * one.state.slack_mw for one in found], 1),
        limited=np.stack([one.state.limited[left] for one in found], axis=1),
        unit_v_set=point.v_set[e.plant_bus[plants]],
        unit_reactive=~s.bank[e.plant_bus[plants]],
        held_bus=held,
        held_q_max_mvar=point.q_max_mvar[left[held]],
        held_q_min_mvar=point.q_min_mvar[left[held]],
        held_v_set=point.v_set[left[held]],
        bank_bus=bank,
        bank_low_mvar=low[left[bank]],
        bank_high_mvar=high[left[bank]],
        bank_v_set=point.v_set[left[bank]],
    )


def _single(column: np.ndarray) -> np.ndarray:
    """Give a column in single precision, which takes half the file: seven digits of an equivalent are enough."""
    return column.astype(np.float32).astype(np.float64)


def _places(e: Eastern, grid: Network, s: Setting, hops: int | None) -> np.ndarray:
    """Give the row of each bus that has to stay: the grid's first, then outside ones that hold a voltage; else -1."""
    row = {int(k): i for i, k in enumerate(e.number)}
    own = np.array([row[int(k)] for k in grid.buses.number])
    place = np.full(len(e.number), -1)
    place[own] = np.arange(len(own))
    near = s.point.holds & ~e.inside
    if hops is not None:
        near &= ward.hops(e.inside, e.f, e.t) <= hops
    more = np.flatnonzero(near & (place < 0))
    place[more] = len(own) + np.arange(len(more))
    return place


def _with_left(place: np.ndarray, bus: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Give the rows of all buses left: those that had to stay in their order, then those left for their degree."""
    found: np.ndarray = np.r_[bus, np.flatnonzero(left & (place < 0))]
    return found


def _real_branches(e: Eastern, one: Level, grid: Network, place: np.ndarray) -> np.ndarray:
    """Tell which of the interconnection's branches the grid has as real ones.

    Raises:
        ValueError: they do not stand in the grid in their order.
    """
    lines = grid.branches
    had = np.flatnonzero(lines.kind != BranchKind.EQUIVALENT)
    ends = np.zeros(len(place) + 1, bool)
    ends[: len(grid.buses)] = grid.buses.zone >= 0
    ends[np.r_[lines.from_bus[had], lines.to_bus[had]]] = True
    both = ends[place[e.f]] & ends[place[e.t]]  # place -1 is the last, which is no end
    rows = np.flatnonzero(both)
    same = len(rows) == len(had) and np.array_equal(place[e.f[rows]], lines.from_bus[had])
    if not same or not np.array_equal(e.x[rows], lines.x[had]) or not one.net.live[rows].all():
        msg = "the grid's real branches are not the interconnection's between its buses"
        raise ValueError(msg)
    return both


def _taken(s: Setting, one: Level, current: np.ndarray, holds: np.ndarray) -> np.ndarray:
    """Give what the outside takes at each bus left, MVA, without what holds voltages and banks give."""
    q = unit_mvar(one.net, one.point, one.state)
    given = one.state.v * np.conj(current) * 100.0
    given = given - 1j * np.where((holds | s.bank) & (one.point.holds), q, 0.0)
    return np.where(s.e.inside, 0.0, -given)
