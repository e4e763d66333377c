"""Ratings where the data have none, emergency ratings, seasons (semantics 10.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MARGIN_OVER_FLOW = 1.25
CLASSES = 4
SPREAD = 1e-9
EQUIVALENT = 3
LINE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Rates A, B, C in MW, (m,), where each comes from (1 data, 2 synthetic), and season factors (3, m)."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    source: np.ndarray
    factor: np.ndarray


def base_ratings(
    *, rate: np.ndarray, kv: np.ndarray, x: np.ndarray, device: np.ndarray, flow_mw: np.ndarray
) -> np.ndarray:
    """Give rate A in MW for every branch: the data's, else by voltage, device and reactance class.

    An unrated branch takes the median rating of the rated branches of its voltage (of its higher
    end), device and quartile of |x| (all quartiles where one is empty, all devices where none of
    that voltage is rated), and at least 1.25 times its flow in the data's own dispatch, since a
    branch is built for what it carries. Rounded to 0.1 MW.
    """
    found = rate.copy()
    for level in np.unique(kv[rate <= 0]):
        same = kv == level
        if not (same & (rate > 0)).any():
            nearest = np.unique(kv[rate > 0])
            same = kv == nearest[np.argmin(np.abs(np.log(nearest / level)))]
        for kind in np.unique(device[(kv == level) & (rate <= 0)]):
            pool = same & (rate > 0) & (device == kind)
            pool = pool if pool.any() else same & (rate > 0)
            edges = np.quantile(np.abs(x[pool]), [0.25, 0.5, 0.75])
            missing = np.flatnonzero((kv == level) & (rate <= 0) & (device == kind))
            known = np.digitize(np.abs(x[pool]), edges)
            for quarter in range(CLASSES):
                here = missing[np.digitize(np.abs(x[missing]), edges) == quarter]
                alike = rate[pool][known == quarter]
                found[here] = np.median(alike if len(alike) else rate[pool])
    floor = np.where(rate > 0, 0.0, MARGIN_OVER_FLOW * np.abs(flow_mw))
    return np.round(np.maximum(found, floor), 1)


def ratings(*, a: np.ndarray, data: np.ndarray, device: np.ndarray, group: np.ndarray, seed: int) -> Ratings:
    """Draw emergency and seasonal ratings, one draw for each equipment (`group`).

    Lines: a third are limited by terminal equipment, B = A; the others B = 1.05 to 1.25 A.
    Transformers and windings: B = 1.10 to 1.30 A. C = B to 1.15 B. Summer is the data's rating;
    winter multiplies by 1.10 to 1.20 for lines (colder air), 1.05 to 1.10 for transformers, 1.00 to
    1.05 where terminal equipment limits; the shoulder season lies half way. Sections in series share
    the draw and hence the ratios, not the ratings.
    """
    rng = np.random.default_rng([seed, 2])
    u = rng.random((4, len(a)))[:, group]
    line = device == LINE
    terminal = line & (u[0] < 1 / 3)
    over = np.where(terminal, 1.0, np.where(line, 1.05 + 0.20 * u[1], 1.10 + 0.20 * u[1]))
    b = np.round(a * over, 1)
    b = np.maximum(b, a)
    c = np.maximum(np.round(b * (1.0 + 0.15 * u[2]), 1), b)
    cold = np.where(terminal, 1.0 + 0.05 * u[3], np.where(line, 1.10 + 0.10 * u[3], 1.05 + 0.05 * u[3]))
    winter = np.round(cold, 3)
    shoulder = np.round((1.0 + winter) / 2.0, 3)
    return Ratings(a=a, b=b, c=c, source=np.where(data, 1, 2), factor=np.stack([np.ones(len(a)), winter, shoulder]))
