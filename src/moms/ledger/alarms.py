"""How often the detectors cry wolf: seasons of honest owners, and the same seasons with one who plays tricks.

All is synthetic. Honest owners do a fifth of their work in two stages under one work order, wish for the
same popular weeks and follow each other by chance, so that there is something to be mistaken about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.ledger.detect import Filed, one_hand, split

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from moms.ledger.detect import Suspicion

DAYS, OWNERS, JOBS_EACH, SECOND_STAGE = 182, 12, 10, 0.2
PIECES = 3
"""Into so many pieces a job is split, and so much work two names of one owner lay end to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRate:
    """One detector over many seasons."""

    rule: str
    trick: str
    seasons: int
    requests: int
    """Honest ones, over all seasons."""
    false_alarms: int
    """Suspicions of honest owners, over all seasons."""
    false_seasons: int
    """Honest seasons with any suspicion."""
    found: int
    """Seasons with the trick in which it was found, its owner named."""


def honest(rng: np.random.Generator) -> tuple[Filed, ...]:
    """Draw a season of honest owners: half of all wishes in six popular weeks, some work in two stages."""
    filed: list[Filed] = []
    for o in range(OWNERS):
        job = 0
        for k in range(JOBS_EACH):
            days = int(rng.integers(1, 15))
            start = int(rng.integers(56, 98)) if rng.random() < 0.5 else int(rng.integers(0, DAYS - days))
            job = job if k and rng.random() < SECOND_STAGE else k
            filed.append(Filed(request=f"r{o}-{k}", owner=f"o{o}", asset=f"a{o}-{job}", work_order=f"w{o}-{job}",
                               start=start, end=start + days, firm=True))  # fmt: skip
    return tuple(filed)


def splits(filed: Sequence[Filed], rng: np.random.Generator) -> tuple[Filed, ...]:
    """One owner files its longest work as several pieces, a day or two apart."""
    long = max((f for f in filed if f.owner == "o0"), key=lambda f: f.end - f.start)
    part = max((long.end - long.start) // PIECES, 1)
    pieces, at = [], long.start
    for k in range(PIECES):
        pieces.append(replace(long, request=f"{long.request}.{k}", start=at, end=at + part))
        at += part + int(rng.integers(0, 3))
    return (*(f for f in filed if f is not long), *pieces)


def two_names(filed: Sequence[Filed], rng: np.random.Generator) -> tuple[Filed, ...]:
    """One owner files under two names: the second takes over where the first ends."""
    mine = [f for f in filed if f.owner == "o0"]
    told = list(filed)
    for k, one in enumerate(mine[: 2 * PIECES]):
        start = one.end + int(rng.integers(0, 2))
        asset = f"b-{k}"
        told.append(Filed(request=f"s-{k}", owner="o0'", asset=asset, work_order=f"w-{asset}", start=start,
                          end=start + one.end - one.start, firm=True))  # fmt: skip
    return tuple(told)


DETECTORS: Mapping[str, tuple[str, Callable[..., tuple[Suspicion, ...]], Callable[..., tuple[Filed, ...]]]] = {
    "LEDGER-SPLIT": (f"one job filed as {PIECES}", split, splits),
    "LEDGER-ONE": (f"one owner, two names, {2 * PIECES} works end to end", one_hand, two_names),
}


def alarm_rates(*, seasons: int, rng: np.random.Generator) -> tuple[AlarmRate, ...]:
    """Try each detector on honest seasons, and on the same with its trick."""
    counts, requests = {rule: [0, 0, 0] for rule in DETECTORS}, 0
    for _ in range(seasons):
        filed = honest(rng)
        requests += len(filed)
        for rule, (_, detect, trick) in DETECTORS.items():
            wrong = detect(filed)
            counts[rule][0] += len(wrong)
            counts[rule][1] += bool(wrong)
            counts[rule][2] += any("o0" in s.owner.split(" and ") for s in detect(trick(filed, rng)))
    return tuple(
        AlarmRate(rule=rule, trick=DETECTORS[rule][0], seasons=seasons, requests=requests, false_alarms=wrong,
                  false_seasons=dirty, found=right)
        for rule, (wrong, dirty, right) in counts.items()
    )  # fmt: skip
