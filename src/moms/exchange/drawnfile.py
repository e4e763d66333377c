"""Scenarios drawn in the night, kept as a file of this machine: a copy to save time, never the only one."""

from __future__ import annotations

import zipfile
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy import Drawn

if TYPE_CHECKING:
    from pathlib import Path

FORM = 3
"""Another way of drawing is another form: a file of the old one would be made good with paths it does not have."""
ARRAYS = ("year", "stress", "running_mw", "lost_unit", "lost_mw", "error")


def write_drawn(path: Path, drawn: Drawn, *, grid: str) -> None:
    """Write scenarios of the grid with this digest, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    head = np.array([FORM, drawn.day[0].toordinal(), len(drawn.day), drawn.seed, drawn.lead_days])
    with fresh.open("wb") as file:
        np.savez(
            file,
            head=head,
            grid=np.array(grid),
            rates=np.array(drawn.rates),
            **{name: getattr(drawn, name) for name in ARRAYS},
        )
    fresh.replace(path)


def read_drawn(path: Path, *, grid: str) -> Drawn | None:
    """Give the scenarios kept; None where there are none of this grid, or the file cannot be read.

    They can be drawn again at any time, so what cannot be used is left aside.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            form, first, days, seed, lead = (int(k) for k in found["head"])
            if form != FORM or str(found["grid"]) != grid:
                return None
            return Drawn(
                day=tuple(date.fromordinal(first) + timedelta(days=k) for k in range(days)), seed=seed,
                lead_days=lead, rates=str(found["rates"]), **{name: found[name] for name in ARRAYS},
            )  # fmt: skip
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
