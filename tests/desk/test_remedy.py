"""What a redispatch is asked at a time: the worst of each hour, never all of thousands."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from moms.desk.remedy import AT_ONCE, OF_ONE_ELEMENT, _worst


def result(*, element: list[int], hour: list[int], flow: list[float], caused: list[int]) -> SimpleNamespace:
    return SimpleNamespace(
        violations=SimpleNamespace(
            element=np.array(element),
            hour=np.array(hour),
            flow_mw=np.array(flow),
            limit_mw=np.full(len(flow), 100.0),
            caused=np.array(caused),
        )
    )


def test_an_element_over_after_thousands_of_contingencies_is_asked_by_its_worst() -> None:
    many = 20_000
    rng = np.random.default_rng(1)
    flow = 100.0 + rng.random(many)
    found = _worst(result(element=[7] * many, hour=[0] * many, flow=flow.tolist(), caused=[2] * many))
    assert len(found) == OF_ONE_ELEMENT
    assert set(found) == set(np.argsort(-flow)[:OF_ONE_ELEMENT].tolist())


def test_each_hour_takes_on_so_many_and_no_more_and_the_first_of_equals() -> None:
    elements = list(range(2 * AT_ONCE)) * 2
    hours = [0] * (2 * AT_ONCE) + [1] * (2 * AT_ONCE)
    found = _worst(result(element=elements, hour=hours, flow=[-120.0] * len(hours), caused=[1] * len(hours)))
    assert found == [*range(AT_ONCE), *range(2 * AT_ONCE, 3 * AT_ONCE)]


def test_what_stood_before_is_nobody_s_to_bring_down() -> None:
    assert _worst(result(element=[1, 2], hour=[0, 0], flow=[150.0, 101.0], caused=[0, 2])) == [1]
