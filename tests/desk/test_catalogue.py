"""Equipment by the words a person knows it by."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from moms.desk.catalogue import catalogue_of
from tests.desk.worlds import a_grid

GRID = a_grid()
FOUND = catalogue_of(GRID)
WORDS = ["line", "unit", "1", "2", "12", "branch", "gen", "to-1", "go-1", "kv", "mw", "LINE", ":", "nothing"]


@given(
    words=st.lists(st.sampled_from(WORDS), max_size=4),
    limit=st.integers(1, 200),
    owner=st.sampled_from(["TO-1", "GO-1", None]),
)
def test_all_that_is_found_has_every_word_own_first_and_no_more_than_asked(words, limit, owner):
    found = FOUND.search(" ".join(words), owner=owner, limit=limit)
    assert len(found) <= limit
    assert len({one.id for one in found}) == len(found)
    texts = [f"{one.id} {one.name} {one.detail} {one.owner}".casefold() for one in found]
    assert all(word.casefold() in text for text in texts for word in words)
    own = [one.owner == owner for one in found]
    assert own == sorted(own, reverse=True)


def test_an_id_is_found_first_whatever_else_has_it_in_its_name():
    assert FOUND.search("branch:1", owner="GO-1", limit=3)[0].id == "branch:1"
    assert len(FOUND.search("branch:1", limit=100)) > 1
    assert [one.id for one in FOUND.named(["gen:2", "bus:9", "branch:3"])] == ["gen:2", "branch:3"]


def test_what_nobody_in_the_book_owns_cannot_be_asked_for():
    register = GRID.register
    assert register is not None
    owner = np.array(register.branch_owner)
    owner[4] = -1
    fewer = catalogue_of(replace(GRID, register=replace(register, branch_owner=owner)))
    assert len(fewer) == len(FOUND) - 1
    assert not fewer.named(["branch:5"])


def test_a_grid_without_a_register_still_names_its_elements():
    found = catalogue_of(replace(GRID, register=None))
    assert found.named(["branch:1"])[0].name
    assert found.named(["branch:1"])[0].owner is None


def test_each_lies_in_a_zone_of_the_grid_or_in_none():
    names, zone = GRID.zones.name, GRID.network.buses.zone
    ends = GRID.network.branches.from_bus
    for row, known in enumerate(FOUND.named([f"branch:{k + 1}" for k in range(len(ends))])):
        at = zone[ends[row]]
        assert known.area == (names[at] if at >= 0 else "")
    assert {known.area for known in FOUND.search("", limit=500)} == {*names, ""}
    assert {known.area for known in catalogue_of(replace(GRID, zones=None)).search("", limit=500)} == {""}
