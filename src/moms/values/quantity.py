"""Rounding to the fixed units in which answers are kept."""

from __future__ import annotations


def mw(value: float) -> float:
    """Round megawatts to 0.001 MW, never minus zero.

    >>> mw(-0.0001)
    0.0
    """
    return round(float(value), 3) + 0.0


def percent(value: float) -> float:
    """Round a percentage to 0.001."""
    return round(float(value), 3) + 0.0
