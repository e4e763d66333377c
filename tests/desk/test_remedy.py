"""What a redispatch is asked at a time: the worst of each hour, never all of thousands; and what it says it holds."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from moms.desk import remedy
from moms.desk.remedy import AT_ONCE, OF_ONE_ELEMENT, _over, _worst, redispatch_of, tightened
from moms.desk.security import secure
from moms.desk.windows import unfiled
from moms.study import study
from moms.values import Window
from tests.desk.worlds import DAY, NOW, START, a_world


def table(*, element: list[int], hour: list[int], flow: list[float], caused: list[int]) -> SimpleNamespace:
    return SimpleNamespace(
        element=np.array(element),
        hour=np.array(hour),
        flow_mw=np.array(flow),
        limit_mw=np.full(len(flow), 100.0),
        caused=np.array(caused),
    )


def test_an_element_over_after_thousands_of_contingencies_is_asked_by_its_worst() -> None:
    many = 20_000
    rng = np.random.default_rng(1)
    flow = 100.0 + rng.random(many)
    found = _worst(table(element=[7] * many, hour=[0] * many, flow=flow.tolist(), caused=[2] * many))
    assert len(found) == OF_ONE_ELEMENT
    assert set(found) == set(np.argsort(-flow)[:OF_ONE_ELEMENT].tolist())


def test_each_hour_takes_on_so_many_and_no_more_and_the_first_of_equals() -> None:
    elements = list(range(2 * AT_ONCE)) * 2
    hours = [0] * (2 * AT_ONCE) + [1] * (2 * AT_ONCE)
    found = _worst(table(element=elements, hour=hours, flow=[-120.0] * len(hours), caused=[1] * len(hours)))
    assert found == [*range(AT_ONCE), *range(2 * AT_ONCE, 3 * AT_ONCE)]


def test_what_stood_before_is_nobody_s_to_bring_down() -> None:
    assert _worst(table(element=[1, 2], hour=[0, 0], flow=[150.0, 101.0], caused=[0, 2])) == [1]


def test_only_what_was_over_before_may_stay_over_and_by_less_than_counts_as_worse() -> None:
    found = table(element=[1, 2, 3], hour=[0, 0, 0], flow=[-105.0, 140.0, 140.0], caused=[1, 2, 1])
    found.without_mw, found.contingency = np.array([-99.0, 130.0, 130.0]), np.zeros(3, np.int64)
    found.compared = np.array([True, True, False])
    one: Any = SimpleNamespace(hours=[0], contingencies=[SimpleNamespace(id="branch:9")])
    pairs = _over(SimpleNamespace(contingencies=["branch:9"]), [one], found, 0.01).by_slice[0]
    assert [(p.element, p.limit_mw, p.yields_mw) for p in pairs] == [(1, 100.0, 0.0), (2, 130.0, 1.0), (3, 100.0, 0.0)]


def test_what_is_verified_holds_in_a_whole_study_of_all_its_hours(monkeypatch) -> None:
    """The rounds study only the hours they moved: here all hours of all slices are, from nothing, as the last word.

    In two of the cases units that trip are over: their pick-up moves with the dispatch, so what was found has to
    be asked for anew at the moved dispatch.
    """
    calls = []

    def counted(**asked):
        calls.append(1)
        return study(**asked)

    monkeypatch.setattr(remedy, "study", counted)
    rounds = []
    for seed, slack, asset in ((1, 0.7, 5), (2, 0.8, 1), (2, 1.2, 13), (5, 0.8, 17)):
        world = a_world(seed=seed, slack=slack)
        window = Window(start=START, end=START + DAY)
        outage = unfiled(world, (f"branch:{asset}",), window=window, now=NOW)
        studied = secure(world, outage, (), book="book", window=window, now=NOW)
        calls.clear()
        found = redispatch_of(world, studied)
        assert found.remedy is not None
        assert found.remedy.verified
        rounds.append(len(calls))
        rules = replace(world.rules.study, watch_share=1.0)
        last = study(slices=[tightened(s, studied.tight_share) for s in found.slices], rules=rules, standing=False)
        assert len(last.violations) == 0
        assert not (last.base.caused != 0).any()
        assert not last.unsolved
    assert max(rounds) > 1, "nothing showed that rounds add up"


def test_hours_taken_in_blocks_come_to_what_all_at_once_come_to(monkeypatch) -> None:
    """Hours stand for themselves: how many programs are held at a time changes no megawatt and no word."""
    several = 0
    for seed, slack, asset in ((1, 0.7, 5), (2, 0.8, 1), (2, 1.2, 13), (5, 0.8, 17)):
        found = []
        for most in (10_000, 3, 1):
            monkeypatch.setattr(remedy, "HOURS_AT_ONCE", most)
            world = a_world(seed=seed, slack=slack)
            window = Window(start=START, end=START + DAY)
            outage = unfiled(world, (f"branch:{asset}",), window=window, now=NOW)
            found.append(redispatch_of(world, secure(world, outage, (), book="book", window=window, now=NOW)))
        whole, *others = found
        assert whole.remedy is not None
        several += len(whole.moved) > 3
        for other in others:
            assert other.remedy == whole.remedy
            assert sorted(other.moved) == sorted(whole.moved)
            for key, changed in whole.moved.items():
                assert changed.unit.tolist() == other.moved[key].unit.tolist()
                assert changed.after_mw.tobytes() == other.moved[key].after_mw.tobytes()
    assert several, "no case has more hours than a block"
