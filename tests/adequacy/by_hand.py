"""Loss of load by trying every state of every unit, in exact fractions: slow, and hard to get wrong."""

from __future__ import annotations

from fractions import Fraction
from itertools import product


def exactly(number) -> Fraction:
    return Fraction(str(number))


def states(units):
    """Give MW available and probability of every combination; a unit is its list of (MW available, probability)."""
    for combination in product(*units):
        p = Fraction(1)
        for _, share in combination:
            p *= share
        yield sum((mw for mw, _ in combination), Fraction(0)), p


def two_state(capacity, rate):
    return [(exactly(capacity), 1 - exactly(rate)), (Fraction(0), exactly(rate))]


def losses(units, loads):
    """Give LOLP and unserved energy of each load."""
    known = list(states(units))
    lolp = [float(sum(p for mw, p in known if mw < exactly(load))) for load in loads]
    unserved = [float(sum(p * (exactly(load) - mw) for mw, p in known if mw < exactly(load))) for load in loads]
    return lolp, unserved


def helped(units, load, others, others_load, limit):
    """Give LOLP and energy of an area that gets what the others have to spare, up to a limit."""
    lolp = unserved = Fraction(0)
    for mine, p in states(units):
        for theirs, q in states(others):
            spare = max(min(exactly(limit), theirs - exactly(others_load)), Fraction(0))
            short = exactly(load) - mine - spare
            if short > 0:
                lolp, unserved = lolp + p * q, unserved + p * q * short
    return float(lolp), float(unserved)
