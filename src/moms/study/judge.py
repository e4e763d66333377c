"""What the request has to do with it: new, worse or old (semantics 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.study.result import NEW, OLD, WORSE
from moms.study.screen import EDGE_MW

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray


def judge(
    flow: FloatArray, without: FloatArray, compared: BoolArray, limit: FloatArray, *, worse_mw: FloatArray
) -> IntArray:
    """Tell new, worse and old apart for flows that are over their limit; all (e,) MW.

    New: without the request at or under the limit, or not there at all (`compared` False). Worse:
    over it without the request too, and grown by at least `worse_mw`. A watt over or under a limit
    counts as at the limit.
    """
    fresh = ~compared | (np.abs(without) <= limit + EDGE_MW)
    grown = np.abs(flow) - np.abs(without) >= worse_mw - EDGE_MW
    caused: IntArray = np.where(fresh, NEW, np.where(grown, WORSE, OLD)).astype(np.int64)
    return caused


def judge_cut_off(buses: IntArray, without: IntArray) -> IntArray:
    """Tell what a request has to do with contingencies that cut off so many buses, (c,).

    New: without the request they cut nothing off (`without` 0). Worse: they cut off more buses. Their
    load and output are reported and do not count here: output also moves with every new dispatch.
    """
    caused: IntArray = np.where(without == 0, NEW, np.where(buses > without, WORSE, OLD)).astype(np.int64)
    return caused
