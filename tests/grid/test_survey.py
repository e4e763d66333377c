"""What a person asks first of a grid, and finding a thing in it."""

from __future__ import annotations

import numpy as np
import pytest

from moms.grid import Grid, NoSuchElement
from moms.grid.survey import counts, find, power
from tests.grid.networks import a_network

NETWORK = a_network(
    buses=4,
    ends=[(0, 1), (1, 2), (2, 0), (2, 3)],
    load=[0, 5, 7.5, 0],
    unit_at=[0, 2],
    out=[3],
    isolated=[3],
    branches_rate_a_mw=[100, np.inf, 100, 100],
    branches_rating_source=[2, 0, 1, 1],
    branches_kind=[0, 1, 3, 0],
)
GRID = Grid(name="g", title="t", network=NETWORK, extras={"bus_name": np.array(["North", "South", "O'Hare", "Out"])})


def test_elements_are_counted_with_ratings_by_source():
    n = counts(NETWORK)
    assert (n["buses"], n["isolated_buses"], n["islands"]) == (4, 1, 1)
    assert (n["branches"], n["branches_in_service"], n["transformers"], n["equivalents"]) == (4, 3, 1, 1)
    assert (n["rated"], n["unrated"], n["synthetic_ratings"]) == (1, 1, 1)
    assert (n["units"], n["units_in_service"], n["dclines"]) == (2, 2, 0)


def test_power_is_load_output_and_capacity_in_service():
    assert power(NETWORK) == {"load_mw": 12.5, "generation_mw": 20.0, "capacity_mw": 40.0}


def test_an_element_is_found_by_its_id():
    (element,) = find(GRID, "branch:2").elements
    assert element.id == "branch:2"
    assert element.says == "transformer bus:2 South - bus:3 O'Hare, 345 kV, no rating"


def test_a_bus_number_finds_what_is_connected_there():
    assert [e.id for e in find(GRID, "3").elements] == ["bus:3", "branch:2", "branch:3", "branch:4", "gen:2"]
    assert not find(GRID, "branch:4").elements[0].in_service
    assert find(GRID, "branch:4").elements[0].says.endswith("out of service")


def test_part_of_a_name_or_fuel_is_found_in_any_case():
    assert [e.id for e in find(GRID, "o'h").elements] == ["bus:3", "branch:2", "branch:3", "branch:4", "gen:2"]
    assert [e.id for e in find(GRID, "NG").elements] == ["gen:1", "gen:2"]


def test_many_matches_are_counted_and_the_first_are_given():
    found = find(GRID, "o'h", limit=2)
    assert found.total == 5
    assert len(found.elements) == 2


def test_nothing_found_is_an_empty_answer_and_an_unknown_id_a_refusal():
    assert find(GRID, "zzz").total == 0
    with pytest.raises(NoSuchElement, match="no branch:99"):
        find(GRID, "branch:99")
