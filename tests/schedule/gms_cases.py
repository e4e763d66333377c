"""Two published maintenance problems."""

from __future__ import annotations

from moms.schedule.gms import Fleet, Unit
from tests.adequacy.rts79 import CLASSES, LARGE, PEAK_MW, WEEKLY

RTS_WEEKS = {12: 2, 20: 2, 50: 2, 76: 3, 100: 3, 155: 4, 197: 4, 350: 5, 400: 6}
"""Weeks of scheduled maintenance by size, IEEE RTS (1979) table 1."""


def rts79() -> Fleet:
    """The 32 units of the IEEE RTS over 52 weeks, no windows and no crews."""
    units = tuple(
        Unit(id=f"U{mw}_{k}", size_kw=1000 * mw, weeks=RTS_WEEKS[mw], first=0, end=52, outage_rate=q)
        for mw, count, q in CLASSES + LARGE
        for k in range(1, count + 1)
    )
    loads = tuple(round(10 * PEAK_MW * share) for share in WEEKLY)
    return Fleet(name="RTS-79", units=units, installed_kw=3_405_000, load_kw=loads)


# Unit: MW, first and last week, crew by week. Yamayee 1983, Dahal & McDonald 1997 (as recalled there and here).
TWENTY_ONE = """
1 555 1 26 10 10 5 5 5 5 3 | 2 555 27 52 10 10 10 5 5 | 3 180 1 26 15 15 | 4 180 1 26 20 | 5 640 27 52 10 10 10 10 10
6 640 1 26 15 15 15 | 7 640 1 26 15 15 15 | 8 555 27 52 10 10 10 5 5 5 | 9 276 1 26 3 2 2 2 2 2 2 2 2 3
10 140 1 26 10 10 5 5 | 11 90 1 26 20 | 12 76 27 52 10 15 15 | 13 76 1 26 15 15 | 14 94 1 26 10 10 10 10
15 39 1 26 15 15 | 16 188 1 26 15 15 | 17 58 27 52 20 | 18 48 27 52 15 15 | 19 137 27 52 15 | 20 469 27 52 10 10 10 10
21 52 1 26 10 10 10
"""
TWENTY_ONE_BEST = 13_669_295
"""Sum of squared reserves of the best plan known when this was written, MW^2."""
TWENTY_ONE_STARTS = {
    "1": 6, "3": 22, "4": 1, "6": 2, "7": 24, "9": 13, "10": 14, "11": 5, "13": 12, "14": 16, "15": 10, "16": 20,
    "21": 6, "2": 32, "5": 27, "8": 46, "12": 43, "17": 52, "18": 36, "19": 42, "20": 38,
}  # fmt: skip
"""That plan."""


def twenty_one() -> Fleet:
    """The 21-unit system: 20 people a week, 4,739 MW of load, 5,688 MW built."""
    units = []
    for row in TWENTY_ONE.replace("\n", "|").split("|"):
        if row.strip():
            name, mw, first, last, *crew = row.split()
            units.append(Unit(id=name, size_kw=1000 * int(mw), weeks=len(crew), first=int(first) - 1, end=int(last),
                              crew=tuple(int(n) for n in crew)))  # fmt: skip
    return Fleet(name="21 units", units=tuple(units), installed_kw=5_688_000, load_kw=(4_739_000,) * 52, crew_limit=20)
