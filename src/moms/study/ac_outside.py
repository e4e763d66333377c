"""A slice of a grid whose outside is reduced for DC, carried over to the model that AC has of it.

Rows of branches and units stay, so that what is out, the contingencies and the names of elements are
the same. The hours' units and loads inside are what DC studied; the outside's injections are those of
its AC states at the hour's level of load. Losses are left to the units that share them, all inside.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from moms.study.security import some_hours
from moms.study.slices import AcStart

if TYPE_CHECKING:
    from moms.grid import AcModel, BoolArray, FloatArray, Hours, Network
    from moms.study.slices import Slice

ONE_LEVEL_MW = 1e-3
"""How far an outside bus may stand from one level of load of all, MW."""


def carried(one: Slice, model: AcModel) -> tuple[Slice, ...] | str:
    """Give a slice an hour on the AC model, or say why there is none."""
    found = []
    for hour in range(len(one.hours)):
        index = np.array([hour])
        before = _hour(one, some_hours(one.hours_without, index), model)
        if isinstance(before, str):
            return before
        network, without, start = before
        with_it = without
        if one.hours is not one.hours_without:
            after = _hour(one, some_hours(one.hours, index), model)
            if isinstance(after, str):
                return after
            with_it = after[1]
        found.append(replace(one, network=network, hours=with_it, hours_without=without, ac=start))
    return tuple(found)


def _hour(one: Slice, hours: Hours, model: AcModel) -> tuple[Network, Hours, AcStart] | str:
    """Give the AC network and the operating point of one hour."""
    network = one.network
    outside = _outside(network)
    level = _level(network, hours.load_mw[:, 0], outside)
    if level is None:
        return f"{hours.label[0]}: the outside's loads follow no one level of load, and its AC states are for such"
    load_mw, load_mvar = _loads(network, hours, model, outside, level)
    ac = model.on(network, level=level, load_mw=load_mw, load_mvar=load_mvar)
    more = len(ac.units) - len(network.units)
    unit_mw = np.r_[hours.unit_mw, np.zeros((more, 1))]
    made = replace(hours, load_mw=load_mw[:, None], unit_mw=unit_mw, dcline_mw=np.zeros_like(hours.dcline_mw))
    near = model.nearest(level)
    start = AcStart(banks=model.banks(network), limited=model.limited[:, near],
                    slack_mw=float(model.slack_mw[near]), dc=one)  # fmt: skip
    return ac, made, start


def _outside(network: Network) -> BoolArray:
    outside: BoolArray = (network.buses.zone < 0) & (network.buses.load_mw != 0.0)
    return outside


def _level(network: Network, load_mw: FloatArray, outside: BoolArray) -> float | None:
    """Give the level of the outside's load; None where its buses do not follow one."""
    had, now = network.buses.load_mw[outside], load_mw[outside]
    if not len(had):
        return None
    level = float(had @ now / (had @ had))
    return level if level > 0.0 and np.all(np.abs(now - level * had) <= ONE_LEVEL_MW) else None


def _loads(
    network: Network, hours: Hours, model: AcModel, outside: BoolArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Give loads (N,) MW and MVAr: inside the hour's at their power factor, DC lines as loads, outside the model's."""
    buses, lines = network.buses, network.dclines
    mw = np.where(outside, 0.0, hours.load_mw[:, 0])
    scale = np.divide(mw, buses.load_mw, out=np.ones(len(mw)), where=buses.load_mw != 0.0)
    mvar = buses.load_mvar * scale
    np.add.at(mw, lines.from_bus, hours.dcline_mw[:, 0])
    np.add.at(mw, lines.to_bus, np.where(lines.in_service, lines.loss_mw, 0.0) - hours.dcline_mw[:, 0])
    more = np.zeros(len(model.number))
    return (
        np.r_[mw, more] + model.between(model.outside_mw, level),
        np.r_[mvar, more] + model.between(model.outside_mvar, level),
    )
