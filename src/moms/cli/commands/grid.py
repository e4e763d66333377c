"""`moms grid`: import a grid from a file, list the grids there are, show one."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli import paper
from moms.cli.exits import Exit
from moms.exchange import changes, gridfile, grids, gridstore, matpower
from moms.grid.survey import counts, find, power

if TYPE_CHECKING:
    from moms.grid import Grid

EXAMPLE = """
moms grid import case118.m --name study-118
moms grid list
moms grid show study-118 --find branch:6"""

SHOWN = 50
FOR_MACHINES = "print JSON for machines, nothing else"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to do with which grid."""
    verbs = parser.add_subparsers(dest="what", metavar="import|list|show", required=True)
    take = verbs.add_parser("import", help="read a MATPOWER case or a grid file, check it, and keep it under a name")
    take.add_argument("file", metavar="FILE", type=Path, help="case118.m (MATPOWER, version 2) or a .momsgrid file")
    take.add_argument("--name", help="what to call it; the file's own name if left out")
    take.add_argument("--contingencies", metavar="FILE", type=Path, help="a MATPOWER contingency table of this case")
    take.add_argument("--replace", action="store_true", help="take the place of another grid of that name")
    row = verbs.add_parser("list", help="name every grid that can be opened by name")
    look = verbs.add_parser("show", help="tell how big a grid is, what is missing in it, or where a thing is")
    look.add_argument("name", metavar="NAME", help="a name from `moms grid list`, or a file")
    look.add_argument("--find", metavar="TEXT", help="branch:12, a bus number, or part of a name or fuel")
    for one in (take, row, look):
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=FOR_MACHINES)
    parser.add_argument("--json", action="store_true", help=FOR_MACHINES)


def run(args: argparse.Namespace) -> int:
    """Do it and give the exit code."""
    return {"import": take_in, "list": list_all, "show": show}[args.what](args)


def take_in(args: argparse.Namespace) -> int:
    """Read, check and keep a grid; nothing is kept of a file that is refused."""
    try:
        grid = grids.open_grid(_file(args.file))
        name = args.name or args.file.stem
        grid = replace(grid, name=name)
        if args.contingencies:
            grid = _with_contingencies(grid, args.contingencies)
        path = gridstore.keep(grid, name=name, replace=args.replace)
    except matpower.BadGrid as bad:
        return _refuse(args, bad)
    if args.json:
        paper.show_json(_facts(grid) | {"kept": str(path)})
    else:
        n = counts(grid.network)
        paper.say(
            f"Kept as {name}: {n['buses']} buses, {n['branches']} branches, {n['units']} units, all checks passed."
        )
        _tell_notes(grid)
    return Exit.DONE


def _refuse(args: argparse.Namespace, bad: matpower.BadGrid) -> int:
    """Tell every finding, not only the first."""
    if args.json:
        error = {"says": bad.says, "field": bad.field, "fix": bad.fix, "findings": bad.findings}
        paper.show_json({"error": error})
    for finding in bad.findings:
        fix = f" ({finding.fix})" if finding.fix else ""
        print(f"moms: {finding.rule} {finding.field}: {finding.says}{fix}", file=sys.stderr)
    return Exit.WRONG_USE


def list_all(args: argparse.Namespace) -> int:
    """Print every grid that can be opened by name."""
    rows = [(name, "bundled") for name in gridfile.bundled()] + [(name, "imported") for name in gridstore.kept()]
    if args.json:
        paper.show_json([{"name": name, "from": where} for name, where in rows])
    elif rows:
        paper.show_table(columns=["grid", ""], rows=rows)
    else:
        paper.say("No grid yet. Import one: moms grid import FILE")
    return Exit.DONE


def show(args: argparse.Namespace) -> int:
    """Print what a grid holds, or the elements that match a text."""
    grid = grids.open_grid(args.name)
    if args.find is not None:
        return _show_found(args, grid)
    if args.json:
        paper.show_json(_facts(grid))
        return Exit.DONE
    n, p = counts(grid.network), power(grid.network)
    paper.say(f"{grid.name}: {grid.title}")
    paper.show_table(
        columns=["", "count", "of which"],
        right=["count"],
        rows=[
            ["buses", str(n["buses"]), f"{n['isolated_buses']} isolated; {n['islands']} island(s)"],
            [
                "branches",
                str(n["branches"]),
                f"{n['branches_in_service']} in service, {n['transformers']} transformers",
            ],
            ["ratings", str(n["rated"]), f"{n['synthetic_ratings']} synthetic; {n['unrated']} branches unrated"],
            ["units", str(n["units"]), f"{n['units_in_service']} in service"],
            ["DC lines", str(n["dclines"]), ""],
            ["equipment", str(n["equipment"]), f"{len(grid.contingencies)} named contingencies"],
        ],
    )
    total = {what: f"{mw:,.1f} MW" for what, mw in p.items()}
    paper.say(f"Load {total['load_mw']}, output {total['generation_mw']}; capacity {total['capacity_mw']} in service.")
    paper.say(f"Source: {grid.source}. Licence: {grid.licence}. Digest: {grid.digest[:16]}.")
    _tell_notes(grid)
    return Exit.DONE


def _show_found(args: argparse.Namespace, grid: Grid) -> int:
    found = find(grid, args.find, limit=SHOWN)
    if args.json:
        paper.show_json({"total": found.total, "elements": found.elements})
    elif not found.elements:
        paper.say(f"Nothing in {grid.name} matches {args.find!r}.")
    else:
        paper.show_table(columns=["element", "what"], rows=[[e.id, e.says] for e in found.elements])
        if found.total > len(found.elements):
            paper.say(f"The first {len(found.elements)} of {found.total}; give more of the name.")
    return Exit.DONE


def _file(path: Path) -> Path:
    """Give a path that cannot be mistaken for a name.

    Raises:
        UnknownGrid: a kind of file that is not read.
    """
    if path.suffix not in {".m", gridfile.ENDING}:
        raise grids.UnknownGrid(
            f"{path.name} is no kind of grid file that is read", field="file", fix="give a MATPOWER case (.m)"
        )
    return path


def _with_contingencies(grid: Grid, path: Path) -> Grid:
    table = changes.read_contingencies(path, network=grid.network)
    told = [f"{len(table.contingencies)} contingencies from {path.name}"]
    if table.left_out:
        told.append(f"{len(table.left_out)} labels of {path.name} left out: nothing in service, or more than an outage")
    if table.unsupported:
        told.append(f"{len(table.unsupported)} rows are no outage; the first: {table.unsupported[0]}")
    return replace(grid, contingencies=table.contingencies, notes=(*grid.notes, *told))


def _facts(grid: Grid) -> dict[str, object]:
    return {
        "name": grid.name,
        "title": grid.title,
        "source": grid.source,
        "licence": grid.licence,
        "digest": grid.digest,
        "base_mva": grid.network.base_mva,
        "counts": counts(grid.network),
        "power": power(grid.network),
        "contingencies": len(grid.contingencies),
        "zones": list(grid.zones.name) if grid.zones else None,
        "notes": list(grid.notes),
    }


def _tell_notes(grid: Grid) -> None:
    for note in grid.notes:
        paper.say(f"- {note}")
