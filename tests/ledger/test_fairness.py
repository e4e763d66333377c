"""The report of fairness against the same words computed in another way, and on plans whose answer is plain."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from moms.ledger.fairness import Outcome, fairness


def outcome(request="r", owner="a", **changes):
    given_ = {"turn": 1, "size_kw": 100, "days": 2, "burden": 0.0, "price_milli": 200, "placed": True, **changes}
    return Outcome(request=request, owner=owner, **given_)


@st.composite
def plans(draw):
    count = draw(st.integers(1, 8))
    rows = []
    for k in range(count):
        quarters = draw(st.integers(0, 4))
        rows.append(
            outcome(
                f"r{k}",
                draw(st.sampled_from("abc")),
                turn=k + 1,
                size_kw=draw(st.integers(1, 5)),
                days=draw(st.integers(1, 3)),
                burden=quarters / 4,
                price_milli=draw(st.integers(0, 50)),
                placed=quarters < 4,
                in_the_way=tuple(draw(st.sets(st.sampled_from([f"r{n}" for n in range(count)]), max_size=2))),
            )
        )
    return rows


@given(rows=plans(), weights=st.fixed_dictionaries({o: st.integers(0, 9) for o in "abc"}))
def test_envy_is_what_exact_division_says(rows, weights):
    found = {s.owner: s for s in fairness(rows, weights=weights, balances={}).shares}
    for one, other in permutations(found, 2):
        mine = [Fraction(o.work) * (1 - Fraction(o.burden)) for o in rows if o.owner == one]
        theirs = [Fraction(o.work) * (1 - Fraction(o.burden)) for o in rows if o.owner == other]
        gave_up = any(o.burden > 0 for o in rows if o.owner == one)
        left = (sum(theirs) - max(theirs)) * weights[one]
        assert (other in found[one].envies) == (gave_up and sum(mine) * weights[other] < left)


@given(rows=plans())
def test_what_is_charged_and_asked_adds_up_and_indexes_stay_in_their_bounds(rows):
    found = fairness(rows, weights={"a": 1, "b": 2, "c": 3}, balances={})
    assert sum(s.asked for s in found.shares) == len(rows)
    assert sum(s.placed for s in found.shares) + len(found.waits) == len(rows)
    assert sum(s.charged_milli for s in found.shares) == sum(o.price_milli for o in rows)
    assert 1 / len(found.shares) - 1e-9 <= found.jain <= 1 + 1e-9
    assert found.mean_burden <= found.worst_burden == found.shares[0].burden


def test_only_a_later_pick_of_another_owner_in_the_way_is_out_of_turn():
    first = outcome("r1", "a", turn=1, burden=0.5, in_the_way=("r2", "r3", "r4"))
    rows = [first, outcome("r2", "b", turn=2), outcome("r3", "a", turn=3), outcome("r4", "b", turn=0)]
    assert fairness(rows, weights={}, balances={}).out_of_turn == (("r1", "r2"),)
    later = replace(first, turn=9)
    assert fairness([later, *rows[1:]], weights={}, balances={}).out_of_turn == ()


def test_a_plan_of_nobody_is_fair():
    assert fairness([], weights={"a": 1}, balances={}).shares == ()
