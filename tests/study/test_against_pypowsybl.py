"""Base flows and flows after contingencies against pypowsybl (OpenLoadFlow, DC), parallel circuits included.

Both read the same matrices: pypowsybl a .mat file of them, MOMS the arrays. OpenLoadFlow ignores
shunt conductance in DC, so it is given as load; ratios are used, resistance and losses are not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import scipy.io

from moms.grid import BoolArray, Contingency, FloatArray, Hours, IntArray, Network
from moms.powerflow import DcFactor
from moms.study import Out, Slice, StudyRules, study
from tests.study.grids import a_network, case_matrices, scaled_hours

if TYPE_CHECKING:
    from pathlib import Path


pypowsybl = pytest.importorskip("pypowsybl", reason="the oracle is an optional extra")
TOLERANCE_MW = 1e-6


def both(name: str, folder: Path) -> tuple[Network, Hours, object, list[str]]:
    """Give the case as MOMS's network and hour, as pypowsybl's network, and the latter's branch ids by row."""
    tables = case_matrices(name)
    bus, gen = tables["bus"], tables["gen"]
    bus[:, 2] += bus[:, 4]
    bus[:, 4] = 0.0
    network = a_network(**tables)
    hours = scaled_hours(network, np.array([0.9]))
    bus[:, 2] = hours.load_mw[:, 0]
    gen[:, 1] = hours.unit_mw[:, 0]
    file = folder / f"{name}.mat"
    scipy.io.savemat(file, {"mpc": {"version": "2", "baseMVA": 100.0, **tables}})
    theirs = pypowsybl.network.load(str(file), {"matpower.import.ignore-base-voltage": "false"})
    return network, hours, theirs, ids_by_row(theirs, tables["branch"])


def ids_by_row(theirs: object, branch: FloatArray) -> list[str]:
    """Name each row as pypowsybl does: LINE- or TWT-from-to, later circuits of a pair #0, #1 ..."""
    names = set(theirs.get_lines().index) | set(theirs.get_2_windings_transformers().index)  # type: ignore[attr-defined]
    seen: Counter[str] = Counter()
    ids = []
    for row in branch:
        kind = next(k for k in ("LINE", "TWT") if f"{k}-{int(row[0])}-{int(row[1])}" in names)
        name = f"{kind}-{int(row[0])}-{int(row[1])}"
        ids.append(name if not seen[name] else f"{name}#{seen[name] - 1}")
        seen[name] += 1
    assert set(ids) == names
    return ids


def parameters() -> object:
    return pypowsybl.security.Parameters(
        load_flow_parameters=pypowsybl.loadflow.Parameters(distributed_slack=False, dc_use_transformer_ratio=True),
        provider_parameters={"dcFastMode": "true"},
    )


def parallel(network: Network) -> BoolArray:
    lines = network.branches
    ends = np.sort(np.c_[lines.from_bus, lines.to_bus], axis=1)
    _, back, count = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    found: BoolArray = count[back.ravel()] > 1
    return found


def chosen(network: Network, factor: DcFactor, *, count: int) -> IntArray:
    """Choose contingencies that island nothing: parallel circuits first in line, the rest spread over the file."""
    able: IntArray = np.flatnonzero(factor.live & ~factor.bridges())
    twins = able[parallel(network)[able]]
    others = np.setdiff1d(able, twins)
    assert len(twins)
    rest = others[:: max(1, 2 * len(others) // count)]
    return np.unique(np.r_[twins[: max(count // 2, count - len(rest))], rest])


@pytest.mark.parametrize(("name", "count"), [("case118", 400), ("case_ACTIVSg2000", 210)])
def test_flows_before_and_after_contingencies_agree(name: str, count: int, tmp_path: Path) -> None:
    network, hours, theirs, ids = both(name, tmp_path)
    factor = DcFactor.of(network)
    picked = chosen(network, factor, count=count)
    assert len(picked) >= min(count, 177)

    analysis = pypowsybl.security.create_analysis()
    for k in picked:
        analysis.add_single_element_contingency(ids[k], f"branch:{k + 1}")
    analysis.add_monitored_elements(branch_ids=ids)
    result = analysis.run_dc(theirs, parameters())
    frame = result.branch_results.reset_index()
    row = {name_: k for k, name_ in enumerate(ids)}
    frame["row"] = frame["branch_id"].map(row)

    base = frame[frame["contingency_id"] == ""]
    ours = factor.flows(hours.injection_mw(network))[:, 0]
    assert len(base) >= factor.live.sum()
    assert base["p1"].to_numpy() == pytest.approx(ours[base["row"].to_numpy()], abs=TOLERANCE_MW)

    low = replace(network, branches=replace(network.branches, rate_b_mw=np.full(len(ours), 1e-3)))
    studied = study(
        slices=[
            Slice(
                network=low,
                hours=hours,
                hours_without=hours,
                out=Out(),
                request=Out(),
                contingencies=tuple(Contingency(id=f"branch:{k + 1}", branches=(int(k),)) for k in picked),
            )
        ],
        rules=StudyRules(),
        keep_old=True,
    )
    after = frame[frame["contingency_id"] != ""]
    place = {label: k for k, label in enumerate(studied.contingencies)}
    dense = np.zeros((len(studied.contingencies), len(ours)))
    table = studied.violations
    dense[table.contingency, table.element] = table.flow_mw
    expected = np.zeros_like(dense)
    expected[after["contingency_id"].map(place).to_numpy(), after["row"].to_numpy()] = np.nan_to_num(
        after["p1"].to_numpy()
    )
    seen = np.abs(expected) > 2e-3
    assert seen.any(axis=1).all()
    assert dense[seen] == pytest.approx(expected[seen], abs=TOLERANCE_MW)
    assert np.abs(expected[dense == 0.0]).max() < 2e-3
