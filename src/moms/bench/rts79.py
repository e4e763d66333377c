"""The IEEE Reliability Test System of 1979: its 32 units and its year of hourly load.

IEEE RTS Task Force, "IEEE Reliability Test System", IEEE Trans. PAS-98 (1979), tables 1-4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from moms.grid import FloatArray

PEAK_MW = 2850.0

CLASSES = ((12, 5, 0.02), (20, 4, 0.10), (50, 6, 0.01), (76, 4, 0.02), (100, 3, 0.04), (155, 4, 0.04), (197, 3, 0.05))
LARGE = ((350, 1, 0.08), (400, 2, 0.12))

WEEKLY = (
    86.2, 90.0, 87.8, 83.4, 88.0, 84.1, 83.2, 80.6, 74.0, 73.7, 71.5, 72.7, 70.4,
    75.0, 72.1, 80.0, 75.4, 83.7, 87.0, 88.0, 85.6, 81.1, 90.0, 88.7, 89.6, 86.1,
    75.5, 81.6, 80.1, 88.0, 72.2, 77.6, 80.0, 72.9, 72.6, 70.5, 78.0, 69.5, 72.4,
    72.4, 74.3, 74.4, 80.0, 88.1, 88.5, 90.9, 94.0, 89.0, 94.2, 97.0, 100.0, 95.2,
)  # fmt: skip
DAILY = (93, 100, 98, 96, 94, 77, 75)
HOURLY = {
    "winter weekday": "67 63 60 59 59 60 74 86 95 96 96 95 95 95 93 94 99 100 100 96 91 83 73 63",
    "winter weekend": "78 72 68 66 64 65 66 70 80 88 90 91 90 88 87 87 91 100 99 97 94 92 87 81",
    "summer weekday": "64 60 58 56 56 58 64 76 87 95 99 100 99 100 100 97 96 96 93 92 92 93 87 72",
    "summer weekend": "74 70 66 65 64 62 62 66 81 86 91 93 93 92 91 91 92 94 95 95 100 93 88 80",
    "other weekday": "63 62 60 58 59 65 72 85 95 99 100 99 93 92 90 88 90 92 96 98 96 90 80 70",
    "other weekend": "75 73 69 66 65 65 68 74 83 89 92 94 91 90 90 86 85 88 92 100 97 95 90 85",
}


FLEET = tuple((float(mw), q) for mw, count, q in CLASSES + LARGE for _ in range(count))


def daily_peaks_mw() -> FloatArray:
    """Give the 364 daily peaks."""
    peaks: FloatArray = PEAK_MW * np.outer(WEEKLY, DAILY).reshape(-1) / 1e4
    return peaks


REPAIR_H = {
    12.0: 60.0, 20.0: 50.0, 50.0: 20.0, 76.0: 40.0, 100.0: 50.0, 155.0: 40.0, 197.0: 50.0, 350.0: 100.0, 400.0: 150.0,
}  # fmt: skip


def hourly_mw() -> FloatArray:
    """Give the 8,736 hours."""
    rows = []
    for week in range(1, 53):
        season = "winter" if week <= 8 or week >= 44 else "summer" if 18 <= week <= 30 else "other"
        rows += [HOURLY[f"{season} {'weekend' if day >= 5 else 'weekday'}"].split() for day in range(7)]
    hours: FloatArray = (daily_peaks_mw()[:, None] * np.array(rows, dtype=float) / 100.0).reshape(-1)
    return hours
