"""How long an outage will really take: log-normal, by class and owner, with those still running counted as such."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

from moms.risk.hazards import FEWEST, TooLittleHistory
from moms.risk.history import CLASSES, GOES
from moms.values import Refused

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray
    from moms.risk.history import History

PRIOR_RATIO = (1.00, 1.03, 1.02, 1.02)
PRIOR_SIGMA = (0.20, 0.30, 0.22, 0.18)
"""Median of actual over planned hours and spread of its logarithm by class (models 3.6 [M])."""
RATIO_SPREAD, SIGMA_SPREAD, OWNER_SPREAD = 0.1, 0.3, 0.1
"""How far from these, and from each other, classes and owners are expected to lie: the shrinkage."""


class NotACost(Refused):
    """Costs of late and early return from which no booking follows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Durations:
    """ln(actual / planned) is normal with mean log_ratio[class] + owner effect and spread sigma[class]."""

    log_ratio: FloatArray
    """(classes,)."""
    sigma: FloatArray
    """(classes,)."""
    owner: FloatArray
    """(owners,); an owner beyond it has none."""

    def centre(self, kind: IntArray, owner: IntArray) -> FloatArray:
        """Give the mean of the logarithm of actual over planned hours."""
        middle: FloatArray = self.log_ratio[kind] + np.append(self.owner, 0.0)[np.minimum(owner, len(self.owner))]
        return middle

    def quantile_h(self, *, planned_h: FloatArray, kind: IntArray, owner: IntArray, share: float) -> FloatArray:
        """Give the hours that a share of such outages do not exceed."""
        hours: FloatArray = planned_h * np.exp(self.centre(kind, owner) + self.sigma[kind] * norm.ppf(share))
        return hours

    def overrun(self, *, booked_h: FloatArray, planned_h: FloatArray, kind: IntArray, owner: IntArray) -> FloatArray:
        """Give the probability that an outage takes longer than booked."""
        chance: FloatArray = norm.sf((np.log(booked_h / planned_h) - self.centre(kind, owner)) / self.sigma[kind])
        return chance

    def longer(
        self, *, than_h: FloatArray, gone_h: FloatArray, planned_h: FloatArray, kind: IntArray, owner: IntArray
    ) -> FloatArray:
        """Give the probability that one that has run `gone_h` will take longer than `than_h`: S(t) / S(u)."""
        so_far = self.overrun(booked_h=np.maximum(gone_h, 1e-9), planned_h=planned_h, kind=kind, owner=owner)
        beyond = self.overrun(booked_h=than_h, planned_h=planned_h, kind=kind, owner=owner)
        chance: FloatArray = np.where(than_h <= gone_h, 1.0, beyond / np.maximum(so_far, 1e-300))
        return chance


def booking_share(*, late_cost: float, early_cost: float) -> float:
    """Give the quantile to book: late / (late + early), where an hour more or less costs the same (newsvendor).

    Raises:
        NotACost: a cost is negative, or both are nothing.
    """
    if not (late_cost >= 0 and early_cost >= 0 and late_cost + early_cost > 0):
        raise NotACost(
            f"costs of {late_cost} and {early_cost}", field="cost", fix="give costs of 0 or more, not both 0"
        )
    return late_cost / (late_cost + early_cost)


def prior_durations() -> Durations:
    """Give what is assumed before there is a history."""
    return Durations(log_ratio=np.log(PRIOR_RATIO), sigma=np.array(PRIOR_SIGMA), owner=np.zeros(0))


def fit_durations(history: History) -> Durations:
    """Learn durations by penalised maximum likelihood; for one still running only that it takes longer is known.

    Raises:
        TooLittleHistory: fewer than 200 outages that ran (models 3.6).
    """
    ran = history.part(history.outcome == GOES)
    if len(ran) < FEWEST:
        raise TooLittleHistory(f"{len(ran)} outages that ran", field="history", fix=f"give {FEWEST} or more")
    y, open_ended, kind, owner = np.log(ran.actual_h / ran.planned_h), ran.running, ran.kind, ran.owner
    owners, k = int(owner.max()) + 1, len(CLASSES)
    prior = np.concatenate([np.log(PRIOR_RATIO), np.log(PRIOR_SIGMA), np.zeros(owners)])
    spread = np.concatenate([np.full(k, RATIO_SPREAD), np.full(k, SIGMA_SPREAD), np.full(owners, OWNER_SPREAD)])

    def cost(flat: FloatArray) -> tuple[float, FloatArray]:
        log_sigma = flat[k : 2 * k][kind]
        z = (y - flat[:k][kind] - flat[2 * k :][owner]) * np.exp(-log_sigma)
        beyond = norm.logsf(z)
        # For a normal, d ln S / dz = -phi / S: the hazard, in logarithms so that far tails keep their digits.
        hazard = np.exp(-0.5 * z * z - 0.5 * math.log(2 * math.pi) - beyond)
        dz = np.where(open_ended, hazard, z)
        value = np.where(open_ended, -beyond, 0.5 * z * z + log_sigma).sum()
        by_mean, by_sigma = -dz * np.exp(-log_sigma), np.where(open_ended, -dz * z, 1.0 - z * z)
        gap = (flat - prior) / spread
        slopes = [
            np.bincount(kind, weights=by_mean, minlength=k),
            np.bincount(kind, weights=by_sigma, minlength=k),
            np.bincount(owner, weights=by_mean, minlength=owners),
        ]
        return float(value + 0.5 * gap @ gap), np.concatenate(slopes) + gap / spread

    found = minimize(cost, prior, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-12})
    return Durations(log_ratio=found.x[:k], sigma=np.exp(found.x[k : 2 * k]), owner=found.x[2 * k :])
