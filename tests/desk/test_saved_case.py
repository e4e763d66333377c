"""A state that AC could not solve is kept as its difference from the grid, and given again from that alone."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from moms.desk.voltage import OtherGrid, again, saved
from moms.exchange.matpower import read_case
from moms.powerflow import elimination_order
from moms.study import Out
from moms.study.ac_outside import carried
from moms.study.ac_rows import AcLimits
from moms.study.ac_state import SolvedHour, case_of
from moms.study.state import stand
from tests.study.layers import layered
from tests.study.test_ac_check import a_case
from tests.study.test_ac_layer import at_level


def test_a_case_of_a_grid_with_a_layer_comes_back_with_its_banks_as_they_stood():
    grid = layered(read_case(a_case("case_ACTIVSg200")))
    assert grid.ac is not None
    one = carried(at_level(grid, 0.9), grid.ac)[0]
    case = stand(one.network, hours=one.hours, out=Out(), order=elimination_order(one.network), lossy=True)
    world = SolvedHour.of(one, case, 0, Out(), AcLimits())
    network = case_of(world.case, 0, Out(branches=np.array([43])))
    kept = json.loads(json.dumps(saved(SimpleNamespace(grid=grid), network)))
    back = again(grid, kept)
    assert np.array_equal(back.branches.in_service, network.branches.in_service)
    assert np.array_equal(back.units.in_service, network.units.in_service)
    assert np.array_equal(back.buses.kind, network.buses.kind)
    for table, name in (("buses", "shunt_mvar"), ("buses", "load_mw"), ("buses", "load_mvar"), ("units", "p_mw")):
        ours, theirs = (getattr(getattr(n, table), name) for n in (back, network))
        assert ours == pytest.approx(theirs, abs=6e-4), name
    with pytest.raises(OtherGrid, match="another version"):
        again(replace(grid, ac=replace(grid.ac, digest="other")), kept)
