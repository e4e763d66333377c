"""Competing reasons why an outage does not happen: hazards by span of lead, learnt; recall, computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from moms.risk.history import BUCKET_DAYS, CAUSES, GOES, RECALL, exposure, features
from moms.values import Refused

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray
    from moms.risk.history import History

FEATURES = ("winter", "moves", "log planned hours / 100")
OWNER_SPREAD = 0.5
"""Prior standard deviation of an owner's effect on its own cancelling, in log odds: the shrinkage."""
SLOPE_SPREAD = 1.0
INTERCEPT_SPREAD = 3.0
PRIOR_ODDS = -4.5
"""Log odds that a span's intercept is drawn to where the data are silent (models 3.6: some per cent)."""
FEWEST = 200


class TooLittleHistory(Refused):
    """Too few past outages to learn from; the priors of the class tables hold."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hazards:
    """A pooled multinomial logit over spans of lead."""

    intercept: FloatArray
    """(causes, buckets)."""
    slope: FloatArray
    """(causes, features)."""
    owner: FloatArray
    """(owners,); an owner beyond it has none."""

    def chances(self, history: History) -> FloatArray:
        """Give the chance of each cause in each span, if it gets there, (n, buckets, causes)."""
        known = np.append(self.owner, 0.0)[np.minimum(history.owner, len(self.owner))]
        linear = self.intercept.T[None] + (features(history) @ self.slope.T)[:, None, :]
        linear[:, :, 0] += known[:, None]
        odds = np.exp(linear) * exposure(history.lead_days)[:, :, None]
        chance: FloatArray = odds / (1.0 + odds.sum(axis=2, keepdims=True))
        return chance

    def outcomes(self, history: History) -> FloatArray:
        """Give the probability of each outcome, (n, 6): it goes ahead, the four causes, recall. They add up to 1."""
        chance = self.chances(history)
        stays = np.cumprod(1.0 - chance.sum(axis=2), axis=1)
        before = np.column_stack([np.ones(len(history)), stays[:, :-1]])
        causes = (before[:, :, None] * chance).sum(axis=1)
        last = stays[:, -1]
        return np.column_stack([last * (1.0 - history.recall), causes, last * history.recall])


def fit_hazards(history: History) -> Hazards:
    """Learn the hazards by penalised maximum likelihood; the penalty is what shrinks owners to their mean.

    Raises:
        TooLittleHistory: fewer than 200 outages.
    """
    if len(history) < FEWEST:
        raise TooLittleHistory(f"{len(history)} past outages", field="history", fix=f"give {FEWEST} or more")
    row, bucket, event = _at_risk(history)
    share, x, owner = np.log(exposure(history.lead_days)[row, bucket]), features(history)[row], history.owner[row]
    owners = int(history.owner.max()) + 1
    shapes = [(len(CAUSES), len(BUCKET_DAYS)), (len(CAUSES), x.shape[1]), (owners,)]
    sizes = [int(np.prod(shape)) for shape in shapes]
    start = np.concatenate([np.full(sizes[0], PRIOR_ODDS), np.zeros(sum(sizes[1:]))])
    hit = np.zeros((len(row), len(CAUSES)))
    hit[event > 0, event[event > 0] - 1] = 1.0

    def cost(flat: FloatArray) -> tuple[float, FloatArray]:
        alpha, beta, effect = (part.reshape(s) for part, s in zip(np.split(flat, np.cumsum(sizes)[:-1]), shapes,
                                                                  strict=True))  # fmt: skip
        linear = alpha.T[bucket] + x @ beta.T + share[:, None]
        linear[:, 0] += effect[owner]
        top = np.maximum(linear.max(axis=1), 0.0)
        whole = top + np.log(np.exp(-top) + np.exp(linear - top[:, None]).sum(axis=1))
        gap = np.exp(linear - whole[:, None]) - hit
        drawn = (alpha - PRIOR_ODDS) / INTERCEPT_SPREAD**2, beta / SLOPE_SPREAD**2, effect / OWNER_SPREAD**2
        value = whole.sum() - (linear * hit).sum()
        value += 0.5 * sum(float((d * v).sum()) for d, v in zip(drawn, (alpha - PRIOR_ODDS, beta, effect), strict=True))
        slopes = (
            np.stack([np.bincount(bucket, weights=g, minlength=len(BUCKET_DAYS)) for g in gap.T]) + drawn[0],
            gap.T @ x + drawn[1],
            np.bincount(owner, weights=gap[:, 0], minlength=owners) + drawn[2],
        )
        return float(value), np.concatenate([part.ravel() for part in slopes])

    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 300, "ftol": 1e-9})
    alpha, beta, effect = (
        part.reshape(s) for part, s in zip(np.split(found.x, np.cumsum(sizes)[:-1]), shapes, strict=True)
    )
    return Hazards(intercept=alpha, slope=beta, owner=effect)


def _at_risk(history: History) -> tuple[IntArray, IntArray, IntArray]:
    """Give one record for each outage and span it came to: outage, span, and the cause or 0.

    A recall ends an outage that had come through every span of the learnt causes: it tells of them
    that nothing happened.
    """
    reached = exposure(history.lead_days) > 0
    last = np.where((history.outcome == GOES) | (history.outcome == RECALL), len(BUCKET_DAYS) - 1, history.bucket)
    row, bucket = np.nonzero(reached & (np.arange(len(BUCKET_DAYS)) <= last[:, None]))
    learnt = np.where(history.outcome == RECALL, 0, history.outcome)[row]
    return row, bucket, np.where(bucket == history.bucket[row], learnt, 0)
