"""Small seasons, and every plan of one of them."""

from __future__ import annotations

from itertools import product

from hypothesis import strategies as st

from moms.schedule.season import AtMost, Before, Bundle, Conflict, Job, Problem, Resource, Zone

DAYS = 6


def a_job(name="a", **changes):
    given = {"owner": "o", "zone": "z", "need": 2, "size_mw": 10.0, "days": 2, "earliest": 0, "latest_end": DAYS,
             "preferred": 0, **changes}  # fmt: skip
    return Job(id=name, **given)


def a_zone(mw=10.0, name="z", **changes):
    return Zone(id=name, headroom_mw=(mw,) * DAYS if isinstance(mw, float | int) else tuple(mw), **changes)


def a_problem(*jobs, zones=None, **changes):
    return Problem(days=DAYS, jobs=jobs, zones=(a_zone(),) if zones is None else zones, **changes)


@st.composite
def problems(draw, *, most=4):
    """Seasons of up to four jobs on six days with everything in them."""
    count = draw(st.integers(1, most))
    names = [f"j{k}" for k in range(count)]
    scenarios = draw(st.sampled_from([0, 3]))
    jobs = []
    for name in names:
        days = draw(st.integers(1, 3))
        earliest = draw(st.integers(0, DAYS - days))
        latest = draw(st.integers(earliest + days, DAYS))
        approved = draw(st.sampled_from([None, None, None, earliest]))
        jobs.append(
            a_job(
                name,
                owner=draw(st.sampled_from("pq")),
                zone=draw(st.sampled_from(["in", "all"])),
                need=draw(st.integers(1, 3)),
                size_mw=float(draw(st.integers(0, 5))),
                days=days,
                earliest=earliest,
                latest_end=latest,
                preferred=draw(st.integers(earliest, latest - days)),
                days_by_start=draw(st.sampled_from([(), ((earliest, max(days - 1, 1)),)])),
                uses=draw(st.sampled_from([(), (("crew", 1.0),), (("crew", 2.0),)])),
                risk=tuple(float(draw(st.integers(0, 9))) for _ in range(scenarios)),
                blackout=draw(st.sampled_from([(), (3,)])),
                must=draw(st.sampled_from([False, False, True])),
                approved=approved,
                consents=draw(st.booleans()),
            )
        )
    pairs = st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda p: p[0] < p[1])
    some = (lambda: draw(st.lists(pairs, max_size=1))) if count > 1 else list
    level = st.sampled_from([-1.0, 3.0, 5.0, 8.0])
    return Problem(
        days=DAYS,
        jobs=tuple(jobs),
        zones=(a_zone([draw(level) for _ in range(DAYS)], "all"), a_zone(draw(level), "in", within="all")),
        resources=(Resource(id="crew", capacity=tuple(float(draw(st.integers(0, 3))) for _ in range(DAYS))),),
        before=tuple(Before(first=a, then=b, lag_days=draw(st.integers(0, 1))) for a, b in some()),
        at_most=tuple(AtMost(jobs=pair) for pair in some()),
        bundles=tuple(Bundle(first=a, second=b, offset_days=draw(st.integers(-1, 1))) for a, b in some()),
        conflicts=tuple(Conflict(jobs=pair, first_day=1, end_day=4) for pair in some()),
        blackout=draw(st.sampled_from([(), (2,)])),
        freeze_before=draw(st.sampled_from([0, 0, 1])),
        scenarios=scenarios,
    )


def every_plan(problem):
    """Give each choice of a start, or none, for each job."""
    for starts in product(*((None, *problem.starts[j.id]) for j in problem.jobs)):
        yield {j.id: s for j, s in zip(problem.jobs, starts, strict=True) if s is not None}
