"""How far units may be moved, written out a second time for the tests."""

from __future__ import annotations

import numpy as np


def room(network, p):
    """Give what each unit may rise and fall by from `p`, (g,) MW each."""
    units = network.units
    asked = (network.buses.zone[units.bus] >= 0) & (units.fuel != "nuclear")
    weather = np.isin(units.fuel, ("wind", "solar"))
    rise = np.where(asked & ~weather & ~units.emergency_only, units.p_max_mw - p, 0.0)
    lowest = np.where(weather | (p < units.p_min_mw - 1e-6), 0.0, units.p_min_mw)
    return rise, np.where(asked & (p > 0), np.maximum(p - lowest, 0.0), 0.0)
