"""What became of past outages: the table that certainty is learnt from, and a simulated one with known truth."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray

CAUSES = ("owner", "weather", "forced", "resource")
"""Causes whose hazards are learnt. Recall is computed from scenarios, never learnt (models 3.1)."""
GOES, RECALL = 0, 5
"""Outcomes: 0 it went ahead, 1 to 4 the causes in order, 5 it was recalled."""
BUCKET_DAYS = ((180, 730), (90, 180), (30, 90), (7, 30), (0, 7))
"""Spans of lead, far to near, in which hazards are taken as constant."""
CLASSES = ("line", "transformer", "thermal", "nuclear")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """Past outages in order of filing, (n,) each."""

    lead_days: FloatArray
    """From filing to the planned start."""
    kind: IntArray
    """Index into `CLASSES`."""
    owner: IntArray
    planned_h: FloatArray
    moves: FloatArray
    """Times it had been moved when it was filed as it is."""
    winter: BoolArray
    recall: FloatArray
    """The probability of recall that was computed for it."""
    outcome: IntArray
    """GOES, a cause, or RECALL."""
    bucket: IntArray
    """In which span of lead it was cancelled; -1 if it was not."""
    actual_h: FloatArray
    """How long it really took, or so far where `running`; 0 where it never ran."""
    running: BoolArray

    def __len__(self) -> int:
        return len(self.lead_days)

    def part(self, rows: slice | BoolArray) -> History:
        """Give some of the rows."""
        return replace(self, **{spec.name: getattr(self, spec.name)[rows] for spec in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What a simulated history was drawn from: the answers that a model should find."""

    intercept: FloatArray
    """(causes, buckets) log odds against going on, of a whole span."""
    slope: FloatArray
    """(causes, features) of winter, moves and log planned hours over 100."""
    owner_effect: FloatArray
    """(owners,) on the log odds of the owner's own cancelling."""
    median_ratio: FloatArray
    """(classes,) of actual over planned hours."""
    sigma: FloatArray
    """(classes,) of its logarithm."""
    owner_duration: FloatArray
    """(owners,) on the logarithm of hours."""
    goes: FloatArray
    """(n,) true probability of going ahead."""


def features(history: History) -> FloatArray:
    """Give what hazards depend on besides owner and lead, (n, 3)."""
    return np.column_stack([history.winter.astype(np.float64), history.moves, np.log(history.planned_h / 100.0)])


def exposure(lead_days: FloatArray) -> FloatArray:
    """Give which share of each span an outage of that lead passes through, (n, buckets)."""
    low, high = (np.array([one[k] for one in BUCKET_DAYS], dtype=np.float64) for k in (0, 1))
    share: FloatArray = np.clip((lead_days[:, None] - low) / (high - low), 0.0, 1.0)
    return share


def simulated(*, count: int, rng: np.random.Generator, owners: int = 30) -> tuple[History, Truth]:
    """Draw a history of so many outages, with the truth it came from. Synthetic: no owner is a real one."""
    truth = _truth(rng, owners)
    lead = np.exp(rng.uniform(np.log(3.0), np.log(700.0), count))
    kind, owner = rng.choice(4, count, p=(0.55, 0.15, 0.27, 0.03)), rng.integers(0, owners, count)
    planned = np.exp(rng.normal(np.log([48.0, 96.0, 400.0, 700.0])[kind], 0.6))
    history = History(
        lead_days=lead, kind=kind, owner=owner, planned_h=planned, moves=rng.poisson(0.4, count).astype(np.float64),
        winter=rng.random(count) < 0.25, recall=rng.beta(0.6, 30.0, count), outcome=np.zeros(count, dtype=np.int64),
        bucket=np.full(count, -1), actual_h=np.zeros(count), running=np.zeros(count, dtype=np.bool_),
    )  # fmt: skip
    hazard = true_hazards(history, truth)
    outcome, bucket = _drawn(hazard, history.recall, rng)
    logs = (
        np.log(truth.median_ratio)[kind] + truth.owner_duration[owner] + truth.sigma[kind] * rng.standard_normal(count)
    )
    ran = outcome == GOES
    goes = np.prod(1.0 - hazard.sum(axis=2), axis=1) * (1.0 - history.recall)
    # The table is made while some still run: of those it is known only how long they have run so far.
    so_far = planned * np.where(rng.random(count) < 0.04, rng.uniform(0.1, 1.5, count), np.inf)
    actual = np.where(ran, planned * np.exp(logs), 0.0)
    running = ran & (actual > so_far)
    actual = np.minimum(actual, so_far)
    return replace(history, outcome=outcome, bucket=bucket, actual_h=actual, running=running), replace(truth, goes=goes)


def _truth(rng: np.random.Generator, owners: int) -> Truth:
    base = np.array([[-1.6, -2.2, -2.6, -2.9, -3.6], [-9.0, -9.0, -7.0, -4.5, -3.9], [-6.0, -5.5, -5.0, -4.8, -4.5],
                     [-5.0, -4.5, -4.0, -4.0, -4.2]])  # fmt: skip
    slope = np.array([[0.1, 0.35, 0.1], [0.8, 0.0, 0.15], [0.3, 0.0, 0.1], [0.0, 0.3, 0.25]])
    return Truth(
        intercept=base + rng.normal(0, 0.1, base.shape),
        slope=slope + rng.normal(0, 0.05, slope.shape),
        owner_effect=rng.normal(0, 0.4, owners),
        median_ratio=np.array([1.0, 1.03, 1.02, 1.02]) * np.exp(rng.normal(0, 0.02, 4)),
        sigma=np.array([0.20, 0.30, 0.22, 0.18]) * np.exp(rng.normal(0, 0.05, 4)),
        owner_duration=rng.normal(0, 0.08, owners),
        goes=np.zeros(0),
    )


def true_hazards(history: History, truth: Truth) -> FloatArray:
    """Give the true chance of each cause in each span, (n, buckets, causes)."""
    linear = truth.intercept.T[None] + (features(history) @ truth.slope.T)[:, None, :]
    linear = np.broadcast_to(linear, (len(history), len(BUCKET_DAYS), len(CAUSES))).copy()
    linear[:, :, 0] += truth.owner_effect[history.owner][:, None]
    odds = np.exp(linear) * exposure(history.lead_days)[:, :, None]
    chance: FloatArray = odds / (1.0 + odds.sum(axis=2, keepdims=True))
    return chance


def _drawn(hazard: FloatArray, recall: FloatArray, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Take each outage through its spans of lead, then through the recall of its last days."""
    count = len(hazard)
    outcome, bucket = np.zeros(count, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    for b in range(hazard.shape[1]):
        u = rng.random(count)
        edges = np.cumsum(hazard[:, b], axis=1)
        hit = (outcome == GOES) & (u < edges[:, -1])
        outcome[hit] = 1 + (u[hit, None] >= edges[hit]).sum(axis=1)
        bucket[hit] = b
    called = (outcome == GOES) & (rng.random(count) < recall)
    outcome[called], bucket[called] = RECALL, hazard.shape[1] - 1
    return outcome, bucket
