"""Whatever organisations have waiting, and however long their turns take, nobody starves."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from moms.desk.shares import Share, begun, corrected, now_of, turn

LONGEST_S = 10.0
names = st.sampled_from(["a", "b", "c", "d"])
took = st.floats(0.01, LONGEST_S)


def serve(shares, waiting, took_s, *, expected_s=5.0):
    """Serve one turn, as the list of duties does; give who had it."""
    name = turn(shares.values(), waiting=frozenset(waiting))
    if name is None:
        return None
    share = begun(shares[name], now_s=now_of(shares.values()), expected_s=expected_s)
    shares[name] = corrected(share, expected_s=expected_s, took_s=took_s)
    return name


@given(st.lists(took, min_size=1, max_size=80), st.integers(2, 4))
def test_who_waits_all_the_while_is_served_alike_whatever_its_turns_take(spans, many):
    shares = {name: Share(organisation=name) for name in "abcd"[:many]}
    served = dict.fromkeys(shares, 0.0)
    for took_s in spans:
        served[serve(shares, shares, took_s)] += took_s
    assert max(served.values()) - min(served.values()) <= 2 * LONGEST_S + 1e-9


@given(
    st.lists(st.tuples(st.frozensets(names, min_size=1), took), max_size=80), st.lists(took, min_size=40, max_size=40)
)
def test_who_comes_after_any_past_is_served_at_once_and_then_alike(past, spans):
    """Whoever was idle has saved nothing up, and whoever worked meanwhile owes nothing for it."""
    shares = {name: Share(organisation=name) for name in "abcd"}
    for waiting, took_s in past:
        serve(shares, waiting, took_s)
    served = dict.fromkeys(shares, 0.0)
    for took_s in spans:
        served[serve(shares, shares, took_s)] += took_s
        assert max(served.values()) - min(served.values()) <= 3 * LONGEST_S + 1e-9


@given(st.integers(1, 50), st.integers(2, 6))
def test_a_thousand_duties_of_one_do_not_keep_one_of_another_waiting(backlog, others):
    """The other's first duty is served within one turn of each organisation, however long the queue of the first."""
    shares = {f"o{k}": Share(organisation=f"o{k}") for k in range(others)}
    waiting = {"o0": 1000 * backlog, **{f"o{k}": 1 for k in range(1, others)}}
    order = []
    for _ in range(others):
        name = serve(shares, {n for n, left in waiting.items() if left}, 7.0)
        waiting[name] -= 1
        order.append(name)
    assert set(order) == set(shares)


@given(st.lists(st.tuples(took, st.integers(0, 2)), min_size=1, max_size=80), st.integers(1, 3))
def test_several_workers_share_too_whoever_is_done_first(steps, workers):
    """A turn under way counts as expected, so workers at the same time do not all serve one organisation."""
    shares = {name: Share(organisation=name) for name in "abcd"}
    served, under_way = dict.fromkeys(shares, 0.0), list[str]()
    for took_s, which in steps:
        while len(under_way) < workers:
            name = turn(shares.values(), waiting=frozenset(shares))
            shares[name] = begun(shares[name], now_s=now_of(shares.values()), expected_s=5.0)
            under_way.append(name)
        name = under_way.pop(which % len(under_way))
        shares[name] = corrected(shares[name], expected_s=5.0, took_s=took_s)
        served[name] += took_s
        assert max(served.values()) - min(served.values()) <= 2 * (workers + 1) * LONGEST_S + 1e-9


def test_nobody_waits_and_nobody_is_served():
    assert turn([], waiting=frozenset()) is None
    assert turn([Share(organisation="a")], waiting=frozenset()) is None
    assert turn([], waiting=frozenset({"new"})) == "new"
