"""What trips together when a breaker is out, against the rule of the layouts in words (docs/miso-grid.md)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from moms.grid import Breakers, Contingency, switched
from moms.grid.breakers import BAR, tripped
from tests.market.worlds import world

BUS = 0


def ring(count: int) -> Breakers:
    rows = range(count)
    return laid([(k, (k + 1) % count) for k in rows])


def bays(*pairs: tuple[int, ...]) -> Breakers:
    """Lay out breaker-and-a-half: bar, branch, branch, bar; a bay of one branch has two breakers."""
    rows = []
    for pair in pairs:
        chain = [BAR, *pair, BAR]
        rows += list(pairwise(chain))
    return laid(rows)


def laid(sides: list[tuple[int, int]]) -> Breakers:
    return Breakers(
        bus=np.full(len(sides), BUS),
        name=np.array([f"breaker {k + 1}" for k in range(len(sides))]),
        one=np.array([a for a, _ in sides]),
        other=np.array([b for _, b in sides]),
    )


@pytest.mark.parametrize("count", [3, 4, 5])
def test_a_fault_on_the_far_neighbour_takes_a_branch_beside_an_open_ring_breaker(count: int) -> None:
    for open_ in range(count):
        left, right = open_, (open_ + 1) % count
        far = {(left - 1) % count: left, (right + 1) % count: right} if count > 3 else None
        for fault in range(count):
            found = tripped(ring(count), bus=BUS, out=frozenset({open_}), faulted=(fault,))
            if far is None:  # of three, the far neighbour of both is the third
                assert found.also == (tuple(sorted({left, right})) if fault not in {left, right} else ())
            else:
                assert found.also == ((far[fault],) if fault in far else ())


@pytest.mark.parametrize("count", [3, 4, 5])
def test_a_whole_ring_trips_nothing_more(count: int) -> None:
    for fault in range(count):
        found = tripped(ring(count), bus=BUS, out=frozenset(), faulted=(fault,))
        assert (found.also, found.splits) == ((), False)


def test_a_ring_of_five_with_a_breaker_out_is_split_by_the_fault_across() -> None:
    across = [k for k in range(5) if tripped(ring(5), bus=BUS, out=frozenset({0}), faulted=(k,)).splits]
    assert across == [3], "branches 1 and 2 hang together, 4 and 0 too, and nothing joins them"
    assert not any(tripped(ring(4), bus=BUS, out=frozenset({0}), faulted=(k,)).splits for k in range(4))


def test_in_breaker_and_a_half_a_middle_breaker_matters_to_nothing_and_an_outer_one_to_the_partner() -> None:
    breakers = bays((0, 1), (2, 3), (4,))
    for fault in range(5):
        middle = tripped(breakers, bus=BUS, out=frozenset({1}), faulted=(fault,))
        assert (middle.also, middle.splits) == ((), False)
        outer = tripped(breakers, bus=BUS, out=frozenset({0}), faulted=(fault,))
        assert (outer.also, outer.splits) == ((0,) if fault == 1 else (), False)


def test_two_breakers_of_one_branch_open_disconnect_it() -> None:
    assert tripped(ring(4), bus=BUS, out=frozenset({0, 1}), faulted=()).also == (1,)
    assert tripped(ring(4), bus=BUS, out=frozenset({0, 2}), faulted=()).splits
    assert tripped(bays((0, 1), (2, 3)), bus=BUS, out=frozenset({0, 2}), faulted=()).splits


def test_the_list_keeps_its_ids_and_its_order_and_changes_at_that_bus_alone() -> None:
    lines = world().network.branches
    normal = tuple(Contingency(id=f"branch:{k + 1}", branches=(k,)) for k in range(len(lines)))
    rows = np.flatnonzero((lines.from_bus == 3) | (lines.to_bus == 3))[:4].tolist()
    breakers = laid([(rows[k], rows[(k + 1) % len(rows)]) for k in range(len(rows))])
    found = switched(normal, breakers=breakers, lines=lines, out=frozenset({0}))
    assert [c.id for c in found.contingencies] == [c.id for c in normal]
    differ = {c.id: c.branches for c, before in zip(found.contingencies, normal, strict=True) if c != before}
    assert set(differ) == set(found.changed)
    assert {k for c in differ.values() for k in c} <= set(rows)
    assert found.opened == ()
