"""What AC verification found: rows with limit and what the request has to do with them, counts, failures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import not_judged
from moms.values import ElementKind

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, Network
    from moms.study.result import Caused


UNLIMITED = 1e30
"""Stands for no limit where limits are subtracted."""


class AcStatus(StrEnum):
    """The outcome of an AC verification: only `clean` may stand behind an approval."""

    CLEAN = "clean"
    VIOLATIONS = "violations"
    NOT_CONVERGED = "not converged"
    NOT_AVAILABLE = "not available"


class Quantity(StrEnum):
    """What is held against a limit."""

    LOADING = "loading_mva"
    LOW = "low_voltage_pu"
    HIGH = "high_voltage_pu"
    DEVIATION = "voltage_deviation_pu"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcLimits:
    """The rule book's numbers of an AC verification, and the screen's."""

    deviation_pu: float = 0.08
    """How far a contingency may move a voltage."""
    worsened_share: float = 0.01
    """What stands over its limit already counts as worse when it grows by this share of the limit."""
    near_loading: float = 0.003
    """A contingency is solved in full when its near solution comes this close, as a share of a limit in MVA ..."""
    near_pu: float = 0.0006
    """... or this close to a voltage limit. More than the near solution's error (docs/formulations)."""
    held_pu: float = 0.005
    """A bus whose units reach a reactive limit counts as held while it is this close to its set point."""
    hours_most: int = 6
    """How many hours a decision verifies by AC; a request with more topologies than that is a person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcRow:
    """One value beyond its limit, before (`contingency` None) or after a contingency."""

    contingency: str | None
    element: str
    hour: str
    quantity: Quantity
    value: float
    limit: float
    without: float | None
    """The same without the request; None where it is not energised or did not converge then."""
    caused: Caused


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcFailure:
    """A state that has no solution; `case` is it, to be saved and studied by a person."""

    contingency: str | None
    hour: str
    why: str
    without_why: str | None
    """Why it has none without the request either; None if it has one."""
    caused: Caused
    case: Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """A bus that holds its voltage without the request, and with it is at a reactive limit and off its set point.

    Before any contingency.
    """

    element: str
    hour: str
    volt_pu: float
    set_pu: float
    mvar: float
    """What its units give: their limit."""
    without_mvar: float
    upper: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AcShed:
    """Load shed so that flows can be told: no headroom is left to make up for what was lost."""

    contingency: str | None
    """None: what the request itself cuts off is not made up for."""
    hour: str
    shed_mw: float
    without_mw: float | None
    """The same without the request; None where that hour has no solution then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcCounts:
    """What an AC verification covered, over all hours; a contingency counts once an hour."""

    hours: int = 0
    contingencies: int = 0
    skipped: int = 0
    """Part of the request, already out, or leaves no island that holds a voltage."""
    screened_out: int = 0
    """Solved near the base state, and no limit is near."""
    near_limit: int = 0
    """Solved in full: the near solution comes near a limit."""
    not_settled: int = 0
    """Solved in full: the near solution did not settle."""
    islanding: int = 0
    """Solved in full: a part is cut off."""
    untouched: int = 0
    """Not looked at: it and the request exchange too little (`ac_choice`)."""
    left_out: int = 0
    """Of these, those that exchange enough and were beyond the most that is looked at."""
    unbanded: int = 0
    """Energised buses without a voltage band: not held against one."""
    unrated: int = 0

    def plus(self, **more: int) -> AcCounts:
        """Add to some counts."""
        return AcCounts(**{name: getattr(self, name) + more.get(name, 0) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcResult:
    """What AC says of a request; `clean` only where everything was answered and the request causes nothing."""

    status: AcStatus
    why: str
    rows: tuple[AcRow, ...] = ()
    failures: tuple[AcFailure, ...] = ()
    limited: tuple[Limited, ...] = ()
    sheds: tuple[AcShed, ...] = ()
    hours: tuple[str, ...] = ()
    """Labels of the hours verified."""
    answered: int = 0
    """Contingencies that took anything in at least one hour."""
    counts: AcCounts = AcCounts()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Values:
    """One solved state held against limits: quantities in a fixed order, (e,) each; what is dark has `on` False."""

    value: FloatArray
    """MVA of the monitored branches, then V of all buses (low), again (high), then |V - V before|."""
    on: BoolArray


def limits_of(network: Network, rating_mva: FloatArray, limits: AcLimits) -> FloatArray:
    """Give the limits in the order of `Values`; a bus without a band is limited by nothing."""
    buses = network.buses
    banded = (buses.vmax > buses.vmin) & (buses.vmin > 0.0)
    rated = np.where(network.branches.monitored & np.isfinite(rating_mva), rating_mva, UNLIMITED)
    low, high = np.where(banded, buses.vmin, 0.0), np.where(banded, buses.vmax, UNLIMITED)
    moved = np.where(not_judged(buses.vmin, buses.vmax), UNLIMITED, limits.deviation_pu)
    result: FloatArray = np.r_[rated, low, high, moved]
    return result


def beyond(values: Values, limit: FloatArray, *, buses: int) -> FloatArray:
    """Give by how much each value is beyond its limit, (e,); negative inside, far so where dark."""
    m = len(limit) - 3 * buses
    sign = np.ones(len(limit))
    sign[m : m + buses] = -1.0  # a low voltage is beyond below its limit
    result: FloatArray = np.where(values.on, sign * (values.value - limit), -UNLIMITED)
    return result


def named(network: Network, place: int) -> tuple[str, Quantity]:
    """Name the element and the quantity at a place of `Values`."""
    m, n = len(network.branches), len(network.buses)
    if place < m:
        return network.name_of(ElementKind.BRANCH, place), Quantity.LOADING
    kind, bus = divmod(place - m, n)
    return network.name_of(ElementKind.BUS, bus), (Quantity.LOW, Quantity.HIGH, Quantity.DEVIATION)[kind]
