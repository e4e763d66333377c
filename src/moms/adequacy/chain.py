"""Units that fail and are repaired: two-state Markov paths from counter-based random numbers.

The stream of a unit in a scenario is a place in Philox's counter, so that any one path can be made
again without the others and needs no room in memory (Salmon et al., SC 2011; models 3.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import expm

if TYPE_CHECKING:
    import numpy.typing as npt

    from moms.grid import BoolArray, FloatArray

    Single = npt.NDArray[np.float32]
    States = npt.NDArray[np.uint8]

DRAWS_A_COUNT = 4
"""Philox 4x64 gives four numbers of 64 bits for each value of its counter."""
SINGLES_A_COUNT = 2 * DRAWS_A_COUNT
"""Single-precision numbers use half of one each."""

COLD_C, HOT_C = -10.0, 35.0
BY_DEGREE = 0.06
"""Failure rates grow by exp(0.06) a degree beyond these (models 3.2 [M]: to be estimated again)."""


def generator(*, seed: int, key: int, scenario: int = 0, width: int = 0) -> np.random.Generator:
    """Give the random numbers of one key, from where a scenario begins that takes `width` numbers."""
    stream = np.random.Philox(key=np.array([seed, key], dtype=np.uint64))
    stream.advance(scenario * (width // DRAWS_A_COUNT))
    return np.random.Generator(stream)


def _width(steps: int) -> int:
    return -(-steps // SINGLES_A_COUNT) * SINGLES_A_COUNT


def draws(*, seed: int, key: int, first: int = 0, scenarios: int, steps: int) -> Single:
    """Give uniform numbers by step and scenario, (T, S), float32; scenario k is the same in any batch."""
    width = _width(steps)
    stream = np.random.Philox(key=np.array([seed, key], dtype=np.uint64))
    stream.advance(first * (width // SINGLES_A_COUNT))
    numbers = np.random.Generator(stream).random((scenarios, width), dtype=np.float32)
    return np.ascontiguousarray(numbers[:, :steps].T)


def weather_stress(temperature_c: FloatArray) -> FloatArray:
    """Give by how much cold and heat multiply failure rates."""
    beyond = np.maximum(COLD_C - temperature_c, 0.0) + np.maximum(temperature_c - HOT_C, 0.0)
    stress: FloatArray = np.exp(BY_DEGREE * beyond)
    return stress


def step_probabilities(
    *, outage_rate: float, repair_h: float, step_h: float, stress: FloatArray | float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Give the chance of failing and of being repaired in a step, exact for exponential times.

    P(up -> down) = q (1 - exp(-(a + b) h)), P(down -> up) = (1 - q)(1 - exp(-(a + b) h)), with a = failures
    an hour of a running unit, b = 1 / repair time, q = a / (a + b). Stress multiplies a.
    """
    b = 1.0 / repair_h
    a = np.asarray(stress, dtype=np.float64) * (outage_rate * b / (1.0 - outage_rate))
    moved = 1.0 - np.exp(-(a + b) * step_h)
    return a / (a + b) * moved, b / (a + b) * moved


def down_path(*, uniform: Single, outage_rate: float, repair_h: float, step_h: float) -> BoolArray:
    """Give when a unit is down, (T, S), from uniform numbers; it starts as it is found in the long run."""
    down = np.empty(uniform.shape, dtype=np.bool_)
    if outage_rate in {0.0, 1.0}:
        down[:] = outage_rate == 1.0
        return down
    fails, mends = step_probabilities(outage_rate=outage_rate, repair_h=repair_h, step_h=step_h)
    stays, goes = uniform >= np.float32(mends), uniform < np.float32(fails)
    down[0] = uniform[0] < np.float32(outage_rate)
    for t in range(1, len(uniform)):
        down[t] = np.where(down[t - 1], stays[t], goes[t])
    return down


def state_path(*, uniform: Single, probability: FloatArray, stay_h: FloatArray, step_h: float) -> States:
    """Give in which state a unit is, (T, S), from uniform numbers; it starts as it is found in the long run.

    State 0 is whole; it passes between that and each other one, k, and not from one of those to another: to k
    p_k / (p_0 stay_k) times an hour and back 1 / stay_k. `probability` and `stay_h` are (K,); the stay of the
    whole unit follows from the others and is not read.
    """
    rates = np.zeros((len(probability), len(probability)))
    rates[0, 1:], rates[1:, 0] = probability[1:] / (probability[0] * stay_h[1:]), 1.0 / stay_h[1:]
    np.fill_diagonal(rates, -rates.sum(axis=1))
    # A number below the k-th of these sums, and not below the one before, means state k.
    sums = np.cumsum(expm(rates * step_h), axis=1)[:, :-1].astype(np.float32)
    states: States = np.empty(uniform.shape, dtype=np.uint8)
    states[0] = np.searchsorted(np.cumsum(probability)[:-1], uniform[0], side="right")
    for t in range(1, len(uniform)):
        states[t] = (uniform[t][:, None] >= sums[states[t - 1]]).sum(axis=1)
    return states
