"""Study, redispatch, study again: what the desk does with a violation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from moms.market import Over, Relief, dispatch, redispatch
from moms.powerflow import DcFactor
from moms.study import Out, Slice, StudyRules, contingencies_of, study

from .worlds import hours, world


def pairs_of(result, contingencies, *, at):
    """Give what a study found as pairs to be relieved, hours numbered as in `at`.

    A pair that was over its limit before has to come back to what it was.
    """
    by_id = {c.id: c for c in contingencies}
    b, v = result.base, result.violations
    found = [
        Over(contingency=None, element=int(e), hour=at[h], limit_mw=max(float(limit), abs(float(before))))
        for e, h, limit, before, caused in zip(b.element, b.hour, b.limit_mw, b.without_mw, b.caused, strict=True)
        if caused
    ]
    return found + [
        Over(
            contingency=by_id[result.contingencies[k]],
            element=int(e),
            hour=at[h],
            limit_mw=max(float(limit), abs(float(before))),
        )
        for k, e, h, limit, before, caused in zip(
            v.contingency, v.element, v.hour, v.limit_mw, v.without_mw, v.caused, strict=True
        )
        if caused
    ]


def problem(seed):
    """Give a world, its hours, and a study of one branch out, with limits just above what stands without it."""
    grid = world(seed=seed, loose=True, buses=30, units=50)
    made = dispatch(grid=grid, starts=hours(6)).hours
    contingencies = contingencies_of(grid.network, which="all")
    slack = grid.network.with_ratings(**{r: np.full(len(grid.network.branches), 1.0) for r in "abc"})
    tables = study(
        slices=[one(slack, made, made, contingencies, request=np.empty(0, np.int64))],
        rules=StudyRules(),
        keep_old=True,
    )
    worst = np.full(len(slack.branches), 1.0)
    np.maximum.at(worst, tables.violations.element, np.abs(tables.violations.flow_mw))
    np.maximum.at(worst, tables.base.element, np.abs(tables.base.flow_mw))
    rate = 1.03 * worst + 1.0
    return replace(grid, network=grid.network.with_ratings(a=rate, b=rate, c=rate)), made, contingencies


def one(network, with_it, without, contingencies, *, request):
    return Slice(
        network=network,
        hours=with_it,
        hours_without=without,
        out=Out(),
        request=Out(branches=request),
        contingencies=contingencies,
    )


@pytest.mark.parametrize("seed", range(8))
def test_what_redispatch_relieves_a_new_study_finds_clean(seed):
    grid, made, contingencies = problem(seed)
    network = grid.network
    request = np.array([seed + 30])
    first = study(slices=[one(network, made, made, contingencies, request=request)], rules=StudyRules())
    over = pairs_of(first, contingencies, at=range(6))
    if first.request_cuts_off or first.islanding or first.shortfalls:
        pytest.skip("this branch is no thermal case")

    def again(moved, at):
        without = replace(made, **columns(made, at))
        result = study(slices=[one(network, moved, without, contingencies, request=request)], rules=StudyRules())
        return pairs_of(result, contingencies, at=at)

    found = redispatch(factor=DcFactor.of(network, out=request), hours=made, over=over, again=again)
    if not over:
        assert found.relief is Relief.NOT_NEEDED
        return
    assert {h.hour for h in found.hours} == {p.hour for p in over}
    done = [h for h in found.hours if h.relief is Relief.RELIEVED]
    if done:
        at = tuple(h.hour for h in done)
        moved = replace(made, **columns(made, at) | {"unit_mw": np.array([h.unit_mw for h in done]).T})
        assert again(moved, at) == []
    for hour in found.hours:
        assert hour.relief in {Relief.RELIEVED, Relief.CANNOT, Relief.NOT_KNOWN}
        if hour.relief is Relief.CANNOT:
            assert hour.remaining


def columns(made, at):
    some = list(at)
    return {
        "label": tuple(made.label[k] for k in some),
        "start": tuple(made.start[k] for k in some),
        "load_mw": made.load_mw[:, some],
        "unit_mw": made.unit_mw[:, some],
        "dcline_mw": made.dcline_mw[:, some],
        "season": tuple(made.season[k] for k in some),
    }


def test_the_cases_above_are_not_all_alike():
    kinds = set()
    for seed in range(8):
        grid, made, contingencies = problem(seed)
        request = np.array([seed + 30])
        first = study(slices=[one(grid.network, made, made, contingencies, request=request)], rules=StudyRules())
        over = pairs_of(first, contingencies, at=range(6))
        if not first.request_cuts_off:
            kinds.add(redispatch(factor=DcFactor.of(grid.network, out=request), hours=made, over=over).relief)
    assert {Relief.RELIEVED, Relief.CANNOT} <= kinds or {Relief.RELIEVED, Relief.NOT_NEEDED} <= kinds
