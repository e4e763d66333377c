"""Two published maintenance problems, as the benchmark runs them."""

from __future__ import annotations

from moms.schedule.gms import Fleet, Unit

# IEEE Reliability Test System (IEEE Trans. PAS-98, 1979), tables 1, 2: MW, count, weeks of maintenance; weekly peaks.
RTS = ((12, 5, 2), (20, 4, 2), (50, 6, 2), (76, 4, 3), (100, 3, 3), (155, 4, 4), (197, 3, 4), (350, 1, 5), (400, 2, 6))
WEEKLY_PCT = (
    86.2, 90.0, 87.8, 83.4, 88.0, 84.1, 83.2, 80.6, 74.0, 73.7, 71.5, 72.7, 70.4,
    75.0, 72.1, 80.0, 75.4, 83.7, 87.0, 88.0, 85.6, 81.1, 90.0, 88.7, 89.6, 86.1,
    75.5, 81.6, 80.1, 88.0, 72.2, 77.6, 80.0, 72.9, 72.6, 70.5, 78.0, 69.5, 72.4,
    72.4, 74.3, 74.4, 80.0, 88.1, 88.5, 90.9, 94.0, 89.0, 94.2, 97.0, 100.0, 95.2,
)  # fmt: skip
PEAK_MW = 2850

# Unit: MW, first and last week, crew by week. Yamayee 1983, Dahal & McDonald 1997 (as recalled).
TWENTY_ONE = """
1 555 1 26 10 10 5 5 5 5 3 | 2 555 27 52 10 10 10 5 5 | 3 180 1 26 15 15 | 4 180 1 26 20 | 5 640 27 52 10 10 10 10 10
6 640 1 26 15 15 15 | 7 640 1 26 15 15 15 | 8 555 27 52 10 10 10 5 5 5 | 9 276 1 26 3 2 2 2 2 2 2 2 2 3
10 140 1 26 10 10 5 5 | 11 90 1 26 20 | 12 76 27 52 10 15 15 | 13 76 1 26 15 15 | 14 94 1 26 10 10 10 10
15 39 1 26 15 15 | 16 188 1 26 15 15 | 17 58 27 52 20 | 18 48 27 52 15 15 | 19 137 27 52 15 | 20 469 27 52 10 10 10 10
21 52 1 26 10 10 10
"""


def rts79() -> Fleet:
    """Give the 32 units of the IEEE RTS over 52 weeks."""
    units = tuple(
        Unit(id=f"U{mw}_{k}", size_kw=1000 * mw, weeks=weeks, first=0, end=52)
        for mw, count, weeks in RTS
        for k in range(1, count + 1)
    )
    loads = tuple(round(10 * PEAK_MW * share) for share in WEEKLY_PCT)
    return Fleet(name="RTS-79", units=units, installed_kw=sum(u.size_kw for u in units), load_kw=loads)


def twenty_one() -> Fleet:
    """Give the 21-unit system: 20 people a week, 4,739 MW of load, 5,688 MW built."""
    units = []
    for row in TWENTY_ONE.replace("\n", "|").split("|"):
        if row.strip():
            name, mw, first, last, *crew = row.split()
            units.append(Unit(id=name, size_kw=1000 * int(mw), weeks=len(crew), first=int(first) - 1, end=int(last),
                              crew=tuple(int(n) for n in crew)))  # fmt: skip
    return Fleet(name="21 units", units=tuple(units), installed_kw=5_688_000, load_kw=(4_739_000,) * 52, crew_limit=20)
