"""What is kept between studies changes no result: whatever comes next in the same dictionary, as if from nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moms.study import KeptPairs, Out, Slice, StudyRules, kept_pairs, study
from moms.study.search import search
from tests.study.test_against_brute_force import a_slice


def changed(one: Slice, rng: np.random.Generator) -> Slice:
    """Give a slice as it may come next: other hours, other outputs or limits, more or less out, another list."""
    kind = rng.integers(0, 7)
    hours, lines, units = one.hours, one.network.branches, one.network.units
    if kind == 0 and not len(one.network.dclines):
        by = rng.uniform(0.3, 1.6)
        more = replace(hours, load_mw=by * hours.load_mw, unit_mw=by * hours.unit_mw)
        return replace(one, hours=more, hours_without=more if hours is one.hours_without else _scaled(one, by))
    if kind == 1 and len(units) > 1:  # as a redispatch moves it
        a, b = rng.choice(len(units), 2, replace=False)
        unit_mw = hours.unit_mw.copy()
        moved = rng.uniform(0.0, 1.0) * unit_mw[a]
        unit_mw[a] -= moved
        unit_mw[b] += moved
        return replace(one, hours=replace(hours, unit_mw=unit_mw))
    if kind == 2:
        rate = rng.uniform(0.5, 1.2, len(lines)) * lines.rate_b_mw
        return replace(one, network=one.network.with_ratings(a=lines.rate_a_mw, b=rate,
                                                             c=lines.rate_c_mw))  # fmt: skip
    if kind == 3:
        return replace(one, request=Out(branches=rng.choice(len(lines), 1)))
    if kind == 4:
        watched = rng.random(len(lines)) < 0.7
        return replace(one, network=replace(one.network, branches=replace(lines, monitored=watched)))
    if kind == 5:
        some = rng.random(len(one.contingencies)) < 0.8
        return replace(one, contingencies=tuple(c for c, s in zip(one.contingencies, some, strict=True) if s))
    room = rng.uniform(1.0, 1.5, len(units))
    return replace(one, network=replace(one.network, units=replace(units, p_max_mw=room * units.p_max_mw)))


def _scaled(one: Slice, by: float):
    return replace(one.hours_without, load_mw=by * one.hours_without.load_mw, unit_mw=by * one.hours_without.unit_mw)


def with_request(rng: np.random.Generator) -> Slice:
    """Draw a slice in which something is asked for: a case without a request keeps nothing."""
    one = a_slice(rng)
    if len(one.request):
        return one
    return replace(one, request=Out(branches=rng.choice(len(one.network.branches), 1)))


def rows(one: Slice, pairs):
    found = study(slices=[one], rules=StudyRules(), keep_old=True, pairs=pairs)
    return found, {name: getattr(found.violations, name) for name in found.violations.__slots__}


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 10**9), wider=st.sampled_from((0.0, 0.02, 0.3)), anew=st.sampled_from((0.25, 2.0)))
@example(seed=1, wider=0.0, anew=2.0)
@example(seed=543, wider=0.0, anew=0.25)  # the order is no postorder of what the outages leave
def test_a_study_with_what_others_left_finds_what_it_finds_alone(seed: int, wider: float, anew: float) -> None:
    rng = np.random.default_rng(seed)
    one, pairs = with_request(rng), dict[bytes, KeptPairs]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_pairs, "WIDER", wider)
        patch.setattr(kept_pairs, "WIDER_MW", wider)
        patch.setattr(kept_pairs, "WIDER_SPREAD", wider)
        patch.setattr(kept_pairs, "SEARCHED_ANEW", anew)
        for _ in range(6):
            (kept, with_pairs), (alone, without) = rows(one, pairs), rows(one, None)
            for name in ("contingency", "element", "hour", "caused", "compared"):
                assert (with_pairs[name] == without[name]).all(), name
            for name in ("flow_mw", "without_mw", "base_mw"):
                np.testing.assert_allclose(with_pairs[name], without[name], rtol=1e-10, atol=1e-6)
            assert kept.islanding == alone.islanding
            assert kept.unsolved == alone.unsolved
            assert kept.counts == alone.counts
            one = changed(one, rng)


def test_the_same_hours_once_more_are_not_searched(monkeypatch) -> None:
    one, pairs, asked = with_request(np.random.default_rng(3)), dict[bytes, KeptPairs](), list[str]()

    def counted(*words):
        asked.append("search")
        return search(*words)

    monkeypatch.setattr(kept_pairs, "search", counted)
    monkeypatch.setattr(kept_pairs, "search_rows", counted)
    study(slices=[one], rules=StudyRules(), pairs=pairs)
    assert asked == ["search"]
    study(slices=[one], rules=StudyRules(), pairs=pairs)
    assert asked == ["search"]
    assert len(pairs) == 1


def test_a_list_of_other_contingencies_under_the_same_name_is_told_apart() -> None:
    """Places in the list are kept, and a list of the past may have lain where this one lies."""
    one = with_request(np.random.default_rng(3))
    pairs, other = dict[bytes, KeptPairs](), replace(one, contingencies=one.contingencies[::-1])
    study(slices=[one], rules=StudyRules(), pairs=pairs)
    (kept,) = pairs.values()
    (name,) = pairs
    study(slices=[other], rules=StudyRules(), pairs=pairs)
    second = next(k for k in pairs if k != name)
    pairs[second] = kept  # as if the two names were one
    alone = study(slices=[other], rules=StudyRules(), keep_old=True)
    found = study(slices=[other], rules=StudyRules(), keep_old=True, pairs=pairs)
    assert (found.violations.contingency == alone.violations.contingency).all()
    assert (found.violations.element == alone.violations.element).all()


def test_nothing_watched_and_nothing_that_may_fail_leave_nothing_to_keep() -> None:
    one, pairs = with_request(np.random.default_rng(3)), dict[bytes, KeptPairs]()
    lines = one.network.branches
    free = one.network.with_ratings(a=lines.rate_a_mw, b=np.full(len(lines), np.inf), c=lines.rate_c_mw)
    for less in (
        replace(one, network=free),
        replace(one, contingencies=()),
        replace(one, contingencies=(), network=free),
    ):
        for _ in range(2):
            assert len(study(slices=[less], rules=StudyRules(), pairs=pairs).violations) == 0
