"""What a redispatch is asked at a time: the worst of each hour, never all of thousands; and what it says it holds."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from moms.desk import remedy
from moms.desk.remedy import AT_ONCE, OF_ONE_ELEMENT, _Asked, _over, _worst, redispatch_of
from moms.desk.security import secure
from moms.desk.windows import unfiled
from moms.study import StudyRules, study
from moms.values import Window
from tests.desk.worlds import DAY, NOW, START, a_world


def asked(*, element: list[int], hour: list[int], flow: list[float]) -> _Asked:
    return _Asked(
        contingency=np.zeros(len(flow), np.int64),
        element=np.array(element),
        hour=np.array(hour),
        flow_mw=np.array(flow),
        most_mw=np.full(len(flow), 100.0),
        yields_mw=np.zeros(len(flow)),
    )


def test_an_element_over_after_thousands_of_contingencies_is_asked_by_its_worst() -> None:
    many = 20_000
    rng = np.random.default_rng(1)
    flow = 100.0 + rng.random(many)
    found = _worst(asked(element=[7] * many, hour=[0] * many, flow=flow.tolist()))
    assert len(found) == OF_ONE_ELEMENT
    assert set(found) == set(np.argsort(-flow)[:OF_ONE_ELEMENT].tolist())


def test_each_hour_takes_on_so_many_and_no_more_and_the_first_of_equals() -> None:
    elements = list(range(2 * AT_ONCE)) * 2
    hours = [0] * (2 * AT_ONCE) + [1] * (2 * AT_ONCE)
    found = _worst(asked(element=elements, hour=hours, flow=[-120.0] * len(hours)))
    assert found == [*range(AT_ONCE), *range(2 * AT_ONCE, 3 * AT_ONCE)]


def table(limit: float, rows: list[tuple[float, float | None, int]]) -> SimpleNamespace:
    """Give flow, flow without the request and what caused it, of one row a branch from branch 1 on."""
    return SimpleNamespace(
        contingency=np.zeros(len(rows), np.int64),
        element=np.arange(1, len(rows) + 1),
        hour=np.zeros(len(rows), np.int64),
        flow_mw=np.array([row[0] for row in rows]),
        limit_mw=np.full(len(rows), limit),
        without_mw=np.array([row[1] or 0.0 for row in rows]),
        compared=np.array([row[1] is not None for row in rows]),
        caused=np.array([row[2] for row in rows]),
    )


def test_what_must_come_down_how_far_and_what_may_stay_over_by_how_much() -> None:
    old, new, worse = 0, 1, 2
    one: Any = SimpleNamespace(hours=[0], contingencies=[SimpleNamespace(id="branch:9")])
    result: Any = SimpleNamespace(
        contingencies=["branch:9"],
        watched=table(95.0, [
            (-96.0, 94.0, new), (140.0, 130.0, worse), (140.0, None, new), (99.9, 98.0, worse), (100.4, 99.7, old),
            (100.9, 99.5, worse), (150.0, 149.9, old),
        ]),
        violations=table(100.0, [
            (-96.0, 94.0, old), (140.0, 130.0, worse), (140.0, None, new), (99.9, 98.0, old), (100.4, 99.7, new),
            (100.9, 99.5, new), (150.0, 149.9, old),
        ]),
    )  # fmt: skip
    rules = StudyRules(watch_share=0.95, worsened_share=0.01)
    pairs = _over(result, [one], rules).by_slice[0]
    assert {p.element: (p.limit_mw, round(p.yields_mw, 9)) for p in pairs} == {
        1: (95.0, 0.0), 2: (130.0, 0.95), 3: (95.0, 0.0), 4: (98.0, 0.95), 5: (100.0, 0.0), 6: (99.5, 0.5),
    }  # fmt: skip


@given(st.integers(0, 400), st.sampled_from((0.6, 0.7, 0.8, 1.0, 1.2)), st.integers(1, 17))
@settings(max_examples=25, deadline=None)
@example(6, 0.6, 1)
@example(8, 0.6, 5)
@example(11, 0.7, 3)
def test_what_is_verified_leaves_nothing_over_a_limit_that_was_within_it(seed: int, slack: float, asset: int) -> None:
    """A study of its own, against the limits themselves: what stood near one may not come over it by a hair."""
    world = a_world(seed=seed, slack=slack)
    window = Window(start=START, end=START + DAY)
    outage = unfiled(world, (f"branch:{asset}",), window=window, now=NOW)
    found = redispatch_of(world, secure(world, outage, (), book="book", window=window, now=NOW))
    assume(found.remedy is not None and found.remedy.verified)
    last = study(slices=found.slices, rules=world.rules.study, standing=False)
    assert len(last.violations) == 0
    share = world.rules.study.watch_share
    assert share == found.studied.tight_share
    assert not (last.watched.caused != 0).any()
    assert not (last.base.caused != 0).any()
    assert not last.unsolved


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
        rules = replace(world.rules.study, watch_share=studied.tight_share)
        last = study(slices=found.slices, rules=rules, standing=False)
        assert len(last.violations) == len(last.watched) == 0
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
