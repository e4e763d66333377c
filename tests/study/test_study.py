"""What a study says beyond its rows: cut-offs, pick-up, hours, headroom, refusals; the same bytes twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.grid import Contingency, Grid
from moms.powerflow import DcFactor, Unbalanced
from moms.study import (
    Caused,
    HoursDiffer,
    NamedTwice,
    NoSuchList,
    NothingToStudy,
    Out,
    Slice,
    StudyResult,
    StudyRules,
    contingencies_of,
    flows_before,
    study,
)
from moms.values import digest
from tests.study.grids import a_case, a_network, scaled_hours, some_hours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import Hours, Network


def a_slice(network: Network, hours: Hours, *, out: Sequence[int] = (), which: str = "all", **other: object) -> Slice:
    parts: dict[str, object] = {
        "network": network,
        "hours": hours,
        "hours_without": hours,
        "out": Out(),
        "request": Out(branches=np.array(out, np.int64)),
        "contingencies": contingencies_of(network, which=which),
    }
    return Slice(**(parts | other))  # type: ignore[arg-type]


def tight(network: Network, hours: Hours, *, share: float) -> Network:
    """Rate every branch so that its largest flow over the hours is that share of its limits."""
    largest = np.abs(DcFactor.of(network).flows(hours.injection_mw(network))).max(axis=1) + 1.0
    return network.with_ratings(a=largest / share, b=largest / share, c=largest / share)


RADIAL = a_network(
    # 1 and 2 meshed by two circuits, 3 hangs from 2 with load and a unit, 4 from 3 with load
    bus=[
        [1, 3, 0, 0, 0, 0, 1, 1, 0, 345],
        [2, 1, 100, 0, 0, 0, 1, 1, 0, 345],
        [3, 1, 30, 0, 0, 0, 1, 1, 0, 345],
        [4, 1, 20, 0, 0, 0, 1, 1, 0, 345],
    ],
    gen=[
        [1, 90, 0, 9, -9, 1, 100, 1, 120, 0],
        [2, 30, 0, 9, -9, 1, 100, 1, 40, 0],
        [3, 30, 0, 9, -9, 1, 100, 1, 50, 0],
    ],
    branch=[
        [1, 2, 0, 0.1, 0, 100, 60, 100, 0, 0, 1],
        [1, 2, 0, 0.1, 0, 100, 60, 100, 0, 0, 1],
        [2, 3, 0, 0.1, 0, 100, 100, 100, 0, 0, 1],
        [3, 4, 0, 0.1, 0, 100, 100, 100, 0, 0, 1],
    ],
)


def test_a_unit_trip_is_picked_up_in_proportion_to_headroom_worked_by_hand() -> None:
    """Loss of gen:2 (30 MW): headroom 30 at bus 1 and 20 at bus 3, so 18 and 12; 90 + 18 = 108 over two circuits."""
    network = RADIAL.with_ratings(a=np.full(4, 99.0), b=np.array([50.0, 99, 1, 1]), c=np.full(4, 99.0))
    result = study(
        slices=[a_slice(network, scaled_hours(network, np.array([1.0])), which="generators")],
        rules=StudyRules(),
        keep_old=True,
    )
    rows = {(r.contingency, r.element): r.flow_mw for r in result.violation_rows()}
    assert rows["gen:2", "branch:1"] == 54.0
    assert rows["gen:2", "branch:3"] == 50.0 - 42.0
    assert result.shortfalls[0].contingency == "gen:1"
    assert result.shortfalls[0].shortfall_mw == 90.0 - 10.0 - 20.0


def test_a_bridge_cuts_off_load_and_generation_and_the_rest_is_balanced_again_by_hand() -> None:
    """Loss of branch:3 cuts off 50 MW of load, 30 of generation; 20 MW too many go by output, 90 to 30."""
    hours = scaled_hours(RADIAL, np.array([1.0]))
    network = RADIAL.with_ratings(a=np.full(4, 99.0), b=np.array([37.0, 99, 99, 99]), c=np.full(4, 99.0))
    result = study(slices=[a_slice(network, hours, which="branches")], rules=StudyRules(), keep_old=True)
    cut = {r.contingency: (r.load_mw, r.generation_mw, r.buses, r.units, r.caused) for r in result.islanding}
    assert cut == {
        "branch:3": (50.0, 30.0, ("bus:3", "bus:4"), ("gen:3",), Caused.OLD),
        "branch:4": (20.0, 0.0, ("bus:4",), (), Caused.OLD),
    }
    rows = {(r.contingency, r.element): r.flow_mw for r in result.violation_rows()}
    assert rows["branch:3", "branch:1"] == (90.0 - 15.0) / 2


def test_an_islanding_only_because_of_the_request_is_new() -> None:
    hours = scaled_hours(RADIAL, np.array([0.5, 1.0]))
    result = study(slices=[a_slice(RADIAL, hours, out=[0], which="branches")], rules=StudyRules())
    (row,) = result.islanding
    assert (row.contingency, row.caused, row.hour, row.hours) == ("branch:2", Caused.NEW, "1", 2)
    assert (row.buses, row.load_mw, row.generation_mw) == (("bus:1",), 0.0, 90.0)
    assert row.without_generation_mw == 0.0
    assert result.counts.old_islanding == 2
    assert result.caused_by_hour.tolist() == [True, True]
    assert not result.clean


def test_what_the_request_itself_cuts_off_is_an_outcome_and_the_rest_is_still_studied() -> None:
    hours = scaled_hours(RADIAL, np.array([1.0]))
    result = study(slices=[a_slice(RADIAL, hours, out=[2])], rules=StudyRules())
    (part,) = result.request_cuts_off
    assert (part.buses, part.units, part.branches) == (("bus:3", "bus:4"), ("gen:3",), ("branch:4",))
    assert (part.load_mw, part.generation_mw) == (50.0, 30.0)
    assert result.request_load_mw.tolist() == pytest.approx([50.0])
    assert result.request_generation_mw.tolist() == pytest.approx([30.0])
    assert result.counts.skipped == {"own": 1, "already out": 2}
    flows = flows_before(a_slice(RADIAL, hours, out=[2]))
    assert flows[:, 0].tolist() == pytest.approx([37.5, 37.5, 0.0, 0.0])


def test_a_generator_request_is_compared_with_its_own_hours_and_its_unit_is_no_contingency() -> None:
    without = scaled_hours(RADIAL, np.array([1.0]))
    output = without.unit_mw.copy()
    output[:, 0] = [120.0, 0.0, 30.0]
    one = a_slice(
        RADIAL,
        replace(without, unit_mw=output),
        hours_without=without,
        request=Out(units=np.array([1])),
    )
    result = study(slices=[one], rules=StudyRules())
    rows = {(r.contingency, r.element): (r.flow_mw, r.without_mw, r.caused) for r in result.violation_rows()}
    assert rows["branch:1", "branch:2"] == (120.0, 90.0, Caused.WORSE)
    assert result.counts.skipped == {"own": 1}
    assert all(row.contingency != "gen:2" for row in result.violation_rows())


def test_near_tells_the_largest_loading_the_request_causes_even_under_the_limit() -> None:
    hours = scaled_hours(RADIAL, np.array([1.0]))
    network = RADIAL.with_ratings(a=np.full(4, 200.0), b=np.array([110.0, 96.0 / 0.96, 100, 100]), c=np.full(4, 200.0))
    shifted = replace(hours, unit_mw=np.array([[96.0], [24.0], [30.0]]))
    before = replace(hours, unit_mw=np.array([[90.0], [30.0], [30.0]]))
    one = a_slice(network, shifted, hours_without=before, request=Out(), which="branches")
    result = study(slices=[one], rules=StudyRules())
    assert result.clean
    assert result.near is not None
    assert (result.near.contingency, result.near.element, result.near.percent) == ("branch:1", "branch:2", 96.0)
    lower = study(slices=[one], rules=StudyRules(watch_share=0.97))
    assert lower.near is None


def test_many_hours_at_once_find_what_hour_by_hour_finds() -> None:
    """The bound over 60 hours against each hour alone, where many pairs lie near their limits; nothing is missed."""
    network = a_case("case118")
    rng = np.random.default_rng(7)
    hours = scaled_hours(network, 0.7 + 0.3 * rng.random(60))
    load = hours.load_mw * rng.uniform(0.8, 1.2, hours.load_mw.shape)
    unit = hours.unit_mw * rng.uniform(0.6, 1.4, hours.unit_mw.shape)
    hours = some_hours(network, load=load, unit=unit / unit.sum(axis=0) * load.sum(axis=0))
    network = tight(network, hours, share=0.8)
    together = study(slices=[a_slice(network, hours, out=[60])], rules=StudyRules(), keep_old=True)
    assert together.counts.new > 100
    assert together.counts.old > 100
    found = 0
    for h in range(60):
        one = some_hours(network, load=load[:, [h]], unit=hours.unit_mw[:, [h]])
        alone = study(slices=[a_slice(network, one, out=[60])], rules=StudyRules(), keep_old=True)
        here = together.violations.hour == h
        for name in ("contingency", "element", "caused"):
            assert getattr(together.violations, name)[here].tolist() == getattr(alone.violations, name).tolist()
        assert together.violations.flow_mw[here] == pytest.approx(alone.violations.flow_mw, abs=1e-7)
        found += int(here.sum())
        assert alone.standing_by_hour is not None
        assert together.standing_by_hour is not None
        assert together.standing_by_hour[h] == alone.standing_by_hour[0]
        assert together.caused_by_hour[h] == alone.caused_by_hour[0]
    assert found == len(together.violations)


def test_slices_of_one_topology_and_of_two_seasons_keep_their_own_hours_and_limits() -> None:
    network = a_case("case118")
    hours = scaled_hours(network, np.array([0.8, 0.9, 1.0, 1.1]))
    summer = tight(network, hours, share=0.7)
    winter = tight(network, hours, share=0.6)
    parts = [
        a_slice(
            season, some_hours(network, load=hours.load_mw[:, k : k + 1], unit=hours.unit_mw[:, k : k + 1]), out=[5]
        )
        for k, season in enumerate([summer, winter, summer, winter])
    ]
    result = study(slices=parts, rules=StudyRules(), keep_old=True)
    whole = study(slices=[a_slice(summer, hours, out=[5])], rules=StudyRules(), keep_old=True)
    for h in (0, 2):
        here, there = result.violations.hour == h, whole.violations.hour == h
        assert result.violations.flow_mw[here] == pytest.approx(whole.violations.flow_mw[there], abs=1e-8)
        assert here.any()
    assert len(result.violations) < len(whole.violations)


def test_the_worst_hour_of_each_pair_and_how_many_hours() -> None:
    network = RADIAL.with_ratings(a=np.full(4, 99.0), b=np.array([60.0, 60, 99, 99]), c=np.full(4, 99.0))
    hours = scaled_hours(network, np.array([0.5, 1.0, 0.9]))
    result = study(slices=[a_slice(network, hours, which="branches")], rules=StudyRules(), keep_old=True)
    rows = {
        (r.worst.contingency, r.worst.element): (r.worst.hour, r.worst.flow_mw, r.hours) for r in result.worst_rows()
    }
    assert rows["branch:1", "branch:2"] == ("1", 90.0, 2)


def everything(result: StudyResult) -> str:
    tables = {
        name: {column: getattr(table, column) for column in table.__slots__}
        for name, table in (("violations", result.violations), ("base", result.base))
    }
    return digest([tables, result.islanding, result.shortfalls, result.near, result.counts, result.standing_by_hour])


def test_the_same_study_gives_the_same_bytes() -> None:
    network = a_case("case118")
    hours = scaled_hours(network, np.array([0.8, 1.0]))
    network = tight(network, hours, share=0.8)
    one, two = (
        study(slices=[a_slice(network, hours, out=[10, 40])], rules=StudyRules(), keep_old=True) for _ in range(2)
    )
    assert len(one.violations) > 0
    assert everything(one) == everything(two)
    for column in one.violations.__slots__:
        assert getattr(one.violations, column).tobytes() == getattr(two.violations, column).tobytes()


def test_without_a_request_everything_is_old_and_nothing_is_caused() -> None:
    network = a_case("case118")
    hours = scaled_hours(network, np.array([1.0]))
    network = tight(network, hours, share=1.1)
    result = study(slices=[a_slice(network, hours)], rules=StudyRules(), keep_old=True)
    assert result.clean
    assert result.counts.old == len(result.violations) > 0
    assert {row.caused for row in result.base_rows(keep_old=True)} == {Caused.OLD}


def test_generator_trips_may_be_left_out_by_the_rules() -> None:
    hours = scaled_hours(RADIAL, np.array([1.0]))
    result = study(slices=[a_slice(RADIAL, hours)], rules=StudyRules(generator_trips=False))
    assert (result.counts.unit, result.counts.branch) == (0, 4)


def test_lists_of_contingencies() -> None:
    joined = replace(RADIAL, branches=replace(RADIAL.branches, equipment=np.array([0, 1, 2, 2])))
    assert [k.id for k in contingencies_of(joined, which="branches")] == [f"branch:{k}" for k in (1, 2, 3, 4)]
    assert [k.id for k in contingencies_of(joined)][4:] == ["gen:1", "gen:2", "gen:3"]
    whole = contingencies_of(joined, which="equipment")
    assert whole[2] == Contingency(id="branch:3", branches=(2, 3))
    assert len(whole) == 6
    some = replace(RADIAL.branches, contingency=np.array([True, False, True, True]), kind=np.array([0, 0, 3, 0]))
    assert [k.id for k in contingencies_of(replace(RADIAL, branches=some), which="branches")] == [
        "branch:1",
        "branch:4",
    ]
    named = Grid(name="g", title="", network=RADIAL, contingencies=(Contingency(id="bus fault", branches=(0, 1)),))
    assert contingencies_of(named, which="table,generators")[0].id == "bus fault"
    for which, where in (("everything", named), ("table", RADIAL)):
        with pytest.raises(NoSuchList):
            contingencies_of(where, which=which)


def test_equipment_whose_loss_strands_its_own_middle_bus_is_one_loss() -> None:
    """Two sections in series through a bus with nothing on it: both go, the empty bus between goes dark."""
    network = a_network(
        bus=[[k, 3 if k == 1 else 1, 80.0 * (k == 2), 0, 0, 0, 1, 1, 0, 345] for k in (1, 2, 3)],
        gen=[[1, 80, 0, 9, -9, 1, 100, 1, 90, 0]],
        branch=[
            [1, 2, 0, 0.1, 0, 99, 70, 99, 0, 0, 1],
            [1, 3, 0, 0.05, 0, 99, 99, 99, 0, 0, 1],
            [3, 2, 0, 0.05, 0, 99, 99, 99, 0, 0, 1],
        ],
    )
    hours = scaled_hours(network, np.array([1.0]))
    pair = (Contingency(id="branch:2", branches=(1, 2)),)
    result = study(slices=[a_slice(network, hours, contingencies=pair)], rules=StudyRules(), keep_old=True)
    ((row,), (cut,)) = list(result.violation_rows()), result.islanding
    assert (row.element, row.flow_mw) == ("branch:1", 80.0)
    assert (cut.buses, cut.load_mw, cut.generation_mw) == (("bus:3",), 0.0, 0.0)


def test_bad_questions_are_refused() -> None:
    hours = scaled_hours(RADIAL, np.array([1.0]))
    none = some_hours(RADIAL, load=np.zeros((4, 0)), unit=np.zeros((3, 0)))
    other = replace(hours, label=("another",))
    twice = (Contingency(id="a", branches=(0,)), Contingency(id="a", branches=(1,)))
    short = replace(hours, load_mw=hours.load_mw - np.array([[1.0], [0], [0], [0]]))
    for refusal, one in (
        (NothingToStudy, a_slice(RADIAL, none)),
        (HoursDiffer, a_slice(RADIAL, hours, hours_without=other)),
        (NamedTwice, a_slice(RADIAL, hours, contingencies=twice)),
        (Unbalanced, a_slice(RADIAL, short)),
    ):
        with pytest.raises(refusal):
            study(slices=[one], rules=StudyRules())


def test_a_contingency_without_a_reliable_answer_is_named_and_the_result_is_not_clean() -> None:
    """Without branch:1, reactances 0.1 and -0.1 in parallel leave nothing that could be solved."""
    network = a_network(
        bus=[[1, 3, 0, 0, 0, 0, 1, 1, 0, 345], [2, 1, 50, 0, 0, 0, 1, 1, 0, 345]],
        gen=[[1, 50, 0, 9, -9, 1, 100, 1, 90, 0]],
        branch=[[1, 2, 0, x, 0, 99, 99, 99, 0, 0, 1] for x in (0.2, 0.1, -0.1)],
    )
    hours = scaled_hours(network, np.array([1.0]))
    result = study(slices=[a_slice(network, hours, which="branches")], rules=StudyRules())
    assert result.unsolved == ("branch:1",)
    assert not result.clean
