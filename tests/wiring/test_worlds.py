"""What a decision is studied against, on the bundled grid and on a case that names nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.wiring.worlds import open_world

if TYPE_CHECKING:
    from pathlib import Path

    from moms.desk.world import World


def world(grid: str, home: Path) -> World:
    return open_world(grid=grid, rule_book="miso-demo-1", home=home)


def test_a_decision_is_studied_against_each_equipment_each_unit_and_each_common_tower(tmp_path: Path) -> None:
    miso = world("miso", tmp_path)
    ids = [c.id for c in miso.contingencies]
    assert len(set(ids)) == len(ids)
    towers = [c for c in miso.contingencies if c.id.startswith("tower:")]
    assert towers == list(miso.grid.contingencies)
    assert all(len(c.branches) >= 2 for c in towers)
    units = miso.grid.network.units.in_service
    assert sum(bool(c.units) for c in miso.contingencies) == int(units.sum())
    single = {c.branches for c in miso.contingencies if not c.units} - {c.branches for c in towers}
    assert {int(k) for rows in single for k in rows} >= {k for c in towers for k in c.branches}
