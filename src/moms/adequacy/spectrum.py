"""A second way to the outage table, by the product of spectra: a cross-check, not a faster one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from moms.adequacy.table import OutageTable

LARGEST = 1 << 21
"""States up to which the check is made; its cost grows with states times units."""


def spectral_difference(table: OutageTable) -> float | None:
    """Give the largest difference between the table and the inverse FFT of its units' spectra.

    A unit's spectrum is the sum of its states' probabilities times exp(-i w out). None off a grid or
    where the table is too large for it. The transform is as long as the table: what lies beyond its
    end wraps round and is of the order of what was cut off.
    """
    if table.step_mw is None or not table.exact or len(table.out_mw) > LARGEST:
        return None
    size = len(table.out_mw)
    omega = np.arange(size // 2 + 1) * (-2j * np.pi / size)
    spectrum = np.ones(len(omega), dtype=np.complex128)
    partial = [[(p.out_mw, p.probability) for p in table.partial if p.unit == k] for k in range(len(table.capacity_mw))]
    for capacity, q, inner in zip(table.capacity_mw, table.outage_rate, partial, strict=True):
        factor = np.full(len(omega), 1.0 - q - sum(p for _, p in inner), dtype=np.complex128)
        for mw, p in ((capacity, q), *inner):
            factor += p * np.exp(omega * round(mw / table.step_mw))
        spectrum *= factor
    return float(np.abs(np.fft.irfft(spectrum, size) - table.probability).max())
