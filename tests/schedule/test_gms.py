"""Generator maintenance: published values, and every plan of small fleets tried."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.cli import main
from moms.schedule._mip import Budget
from moms.schedule.gms import Fleet, MissingRate, Unit, UnitDoesNotFit, effective, largest_level, least_squares, out_kw
from moms.schedule.gms.fleet import breaks
from moms.schedule.gms.risk import effective_mw, slope_mw
from moms.schedule.gms.squares import squares_mw2
from tests.schedule.gms_cases import TWENTY_ONE_BEST, TWENTY_ONE_STARTS, rts79, twenty_one

MANY = Budget(nodes=10_000)


@st.composite
def small_fleets(draw):
    weeks = draw(st.integers(3, 5))
    units = []
    for k in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 2))
        first = draw(st.integers(0, weeks - length))
        crew = tuple(draw(st.integers(0, 2)) for _ in range(length))
        units.append(
            Unit(id=f"u{k}", size_kw=1000 * draw(st.integers(1, 4)), weeks=length, first=first,
                 end=draw(st.integers(first + length, weeks)), crew=crew)
        )  # fmt: skip
    loads = tuple(1000 * draw(st.integers(0, 9)) for _ in range(weeks))
    return Fleet(name="small", units=tuple(units), installed_kw=12_000, load_kw=loads,
                 crew_limit=draw(st.sampled_from([None, 2, 3])))  # fmt: skip


def every_plan(fleet):
    for starts in product(*(u.starts for u in fleet.units)):
        plan = dict(zip((u.id for u in fleet.units), starts, strict=True))
        if not breaks(fleet, plan):
            yield plan


@settings(max_examples=40, deadline=None)
@given(small_fleets(), st.booleans())
def test_the_level_is_that_of_the_best_of_all_plans(fleet, where_out_only):
    spare = fleet.spare_kw
    best = None
    for plan in every_plan(fleet):
        kept = [s - o for s, o in zip(spare, out_kw(fleet, plan), strict=True) if o or not where_out_only]
        best = max(min(kept), best) if best is not None else min(kept)
    found = largest_level(fleet, where_out_only=where_out_only, budget=MANY)
    assert (found is None) == (best is None)
    if found is not None:
        assert found.proved
        assert found.value == found.bound == best / 1000
        assert not breaks(fleet, found.starts)


@settings(max_examples=30, deadline=None)
@given(small_fleets(), st.integers(0, 9))
def test_the_squares_are_least_of_all_plans_and_the_bound_is_below(fleet, seed):
    best = min((squares_mw2(fleet, plan) for plan in every_plan(fleet)), default=None)
    found = least_squares(fleet, budget=MANY, rng=np.random.default_rng(seed), moves=400, rounds=3)
    assert (found is None) == (best is None)
    if found is not None:
        assert found.value == pytest.approx(best)
        assert found.bound <= best * (1 + 1e-9) + 1e-9


def test_rts79_keeps_555_mw_in_every_week_and_no_plan_keeps_more():
    found = largest_level(rts79(), where_out_only=False, budget=MANY)
    assert (found.value, found.bound, found.proved) == (555.0, 555.0, True)  # 3405 - 2850: the peak week binds


def test_rts79_water_filling_is_proved_and_its_plan_keeps_it():
    fleet = rts79()
    found = largest_level(fleet, where_out_only=True, budget=MANY)
    assert found.proved
    assert found.value == found.bound
    out = out_kw(fleet, found.starts)
    assert min(s - o for s, o in zip(fleet.spare_kw, out, strict=True) if o) / 1000 == found.value
    assert sum(out) == sum(u.size_kw * u.weeks for u in fleet.units)


def test_the_published_plan_of_21_units_is_valued_as_published_and_nearly_found():
    fleet = twenty_one()
    published = {name: week - 1 for name, week in TWENTY_ONE_STARTS.items()}
    assert breaks(fleet, published) == ()
    assert squares_mw2(fleet, published) == TWENTY_ONE_BEST
    rng = np.random.default_rng(0)
    found = least_squares(fleet, budget=Budget(nodes=1), rng=rng, moves=300_000, rounds=15)
    assert found.value <= 1.005 * TWENTY_ONE_BEST
    assert breaks(fleet, found.starts) == ()
    assert found.value == squares_mw2(fleet, found.starts)


@pytest.mark.long
def test_the_published_plan_of_21_units_is_beaten_with_the_default_work(long_seed, cases):
    rng = np.random.default_rng(long_seed)
    found = least_squares(twenty_one(), budget=Budget(nodes=1), rng=rng, moves=300_000, rounds=150)
    assert found.value <= TWENTY_ONE_BEST
    cases.append(1)


def test_the_same_seed_and_work_give_the_same_plan():
    plans = [
        least_squares(twenty_one(), budget=Budget(nodes=1), rng=np.random.default_rng(3), moves=20_000, rounds=4)
        for _ in range(2)
    ]
    assert plans[0] == plans[1]


def test_garver_by_hand():
    # One unit of 100 MW, q 0.1, m 50: 100 - 50 ln(0.9 + 0.1 e^2)
    assert effective_mw(100.0, 0.1, m=50.0) == pytest.approx(100 - 50 * np.log(0.9 + 0.1 * np.exp(2)))
    assert effective_mw(100.0, 0.0, m=50.0) == pytest.approx(100.0)
    assert effective_mw(100.0, 1.0, m=50.0) == pytest.approx(0.0)


def test_the_slope_is_that_of_a_curve_whose_slope_is_known():
    """Many small units: the tail of a Poisson number of 1 MW outages, by its own formula."""
    from scipy.stats import poisson

    m = slope_mw(size_mw=[1.0] * 4000, outage_rate=[0.0025] * 4000)
    tail = poisson(10).sf(np.arange(80) - 1)
    near, far = (int(np.flatnonzero(tail >= p)[-1]) for p in (0.1, 1e-4))
    assert m == pytest.approx((far - near) / np.log(tail[near] / tail[far]), rel=0.03)


def test_a_riskier_unit_weighs_less_and_the_level_is_kept_in_effective_mw():
    weighed, slope = effective(rts79(), daily_share=(0.93, 1.0, 0.98, 0.96, 0.94, 0.77, 0.75))
    assert 100 < slope < 250  # the RTS's own slope, about a small unit to a large one
    size = {u.id: u.size_kw for u in weighed.units}
    assert size["U400_1"] < 0.8 * 400_000
    assert 49_000 < size["U50_1"] < 50_000
    bare = Fleet(name="x", units=(Unit(id="a", size_kw=1, weeks=1, first=0, end=1),), installed_kw=1, load_kw=(0,))
    with pytest.raises(MissingRate, match="a has no forced outage rate"):
        effective(bare, daily_share=(1.0,))


FILE = {"annual_peak_mw": 100, "weekly_peak_pct": [80, 100, 70], "units": [
    {"unit": "a", "mw": 30, "maintenance_weeks": 1}, {"unit": "b", "mw": 90, "maintenance_weeks": 2}]}  # fmt: skip


def test_the_command_prints_value_bound_and_starts(tmp_path, capsys):
    (tmp_path / "f.json").write_text(json.dumps(FILE))
    assert main(["plan", "gms", str(tmp_path / "f.json"), "--objective", "max-min", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    # b is out for two weeks and one of them is the peak week: 120 - 100 - 90; a goes where b is not.
    assert (found["value"], found["bound"], found["proved"]) == (-70.0, -70.0, True)
    assert set(found["starts"]) == {"a", "b"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"units": []}, "units"),
        ({"units": [{"unit": "a", "mw": float("nan"), "maintenance_weeks": 1}]}, "NaN"),
        ({"units": [{"unit": "a", "mw": "x", "maintenance_weeks": 1}]}, "units[0].mw"),
        ({"units": [{"unit": "a", "mw": 1, "maintenance_weeks": 4}]}, "units[0].maintenance_weeks"),
        ({"units": [{"unit": "a", "mw": 1, "maintenance_weeks": 1, "wekks": 1}]}, "units[0].wekks"),
        ({"units": [FILE["units"][0], FILE["units"][0]]}, "units[1].unit"),
        ({"weekly_peak_pct": None}, "weekly_peak_pct"),
        ({"weekly_peak_pct": []}, "weekly_peak_pct"),
        ({"units": [{"unit": "a", "mw": 1, "maintenance_weeks": 1, "crew": [3]}], "crew_limit": 2}, "units[0].crew"),
    ],
)
def test_a_bad_fleet_is_refused_with_its_field(change, field, tmp_path, capsys):
    (tmp_path / "f.json").write_text(json.dumps({**FILE, **change}))
    assert main(["plan", "gms", str(tmp_path / "f.json"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == field


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1, "a": 2}', "[" * 100_000, "\x00"])
def test_what_is_no_problem_is_refused_in_a_sentence(text, tmp_path, capsys):
    (tmp_path / "f.json").write_text(text)
    assert main(["plan", "gms", str(tmp_path / "f.json")]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_unit_longer_than_its_weeks_is_refused():
    with pytest.raises(UnitDoesNotFit, match="needs 3 weeks and may be out for 2"):
        Fleet(name="x", units=(Unit(id="a", size_kw=1, weeks=3, first=0, end=2),), installed_kw=1, load_kw=(0,) * 5)


def test_crews_that_cannot_be_found_give_no_plan(tmp_path, capsys):
    row = {"mw": 1, "maintenance_weeks": 2, "crew": [2, 2]}
    problem = {**FILE, "units": [{"unit": "a", **row}, {"unit": "b", **row}], "crew_limit": 2}
    (tmp_path / "f.json").write_text(json.dumps(problem))
    assert main(["plan", "gms", str(tmp_path / "f.json"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["value"] is None
