"""The rows every benchmark prints (architecture: the command line is a contract)."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured figure. `value` is None where it could not be measured, and `why` says so."""

    id: str
    what: str
    value: float | None
    unit: str
    spread: tuple[float, float] | None = None
    """Least and greatest of the runs."""
    goal: float | None = None
    direction: str = "min"
    peer: float | None = None
    why: str | None = None
    clock: str = "cpu"
    """`cpu` (process and children) or `wall`."""
    runs: int = 0

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal or a value."""
        if self.goal is None or self.value is None:
            return None
        return self.value <= self.goal if self.direction == "min" else self.value >= self.goal

    @property
    def ratio(self) -> float | None:
        """Peer over value: how many times better, for a direction of min."""
        if self.peer is None or not self.value:
            return None
        return self.peer / self.value if self.direction == "min" else self.value / self.peer


def document(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Give the rows as JSON's kinds, with the threads and kernel they ran on."""
    about = {"threads": os.environ.get("OMP_NUM_THREADS", "default"), "cpus": os.cpu_count(), "blas": _blas()}
    return [{**asdict(r), "met": r.met, "ratio": r.ratio, **about} for r in rows]


def _blas() -> str:
    import numpy as np

    found = np.show_config(mode="dicts")
    return str(found["Build Dependencies"]["blas"]["name"])


def timed(work: Callable[[], object], *, runs: int) -> tuple[float, tuple[float, float]]:
    """Give the median CPU seconds of the process over some runs, and the least and greatest."""
    found = []
    for _ in range(runs):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    found.sort()
    return found[len(found) // 2], (found[0], found[-1])
