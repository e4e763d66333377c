"""Study one outage on a grid that has no book: what breaks, hour by hour, and what of it the outage caused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli import paper
from moms.cli.exits import Exit
from moms.values import ElementKind, element, many, mw
from moms.values.refused import Refused

if TYPE_CHECKING:
    import argparse

    from moms.grid import AcModel, Grid, Hours, Season
    from moms.study import Out, Slice, StudyResult
    from moms.study.ac_rows import AcFailure, AcResult

EXAMPLE = """
moms study --grid case118.m --out branch:6
moms study --grid case118.m --out branch:6,gen:3 --hours week.csv --contingencies all --json
moms study --grid case118.m --out branch:8 --ac --save-cases unsolved"""

FLOWS_UP_TO = 500
"""Grids of up to so many branches print all flows before contingencies in JSON without being asked."""
ROWS_SHOWN = 20


class BadOutage(Refused):
    """An element that cannot be taken out."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the grid, what goes out, the hours, and which losses to study."""
    parser.add_argument("--grid", required=True, metavar="FILE|NAME", help="a MATPOWER case (.m), or a grid by name")
    parser.add_argument(
        "--out", default="", metavar="ASSETS", help="what the request takes out: branch:6,gen:3 (rows count from 1)"
    )
    parser.add_argument(
        "--hours", type=Path, metavar="FILE", help="CSV hour,scale[,bus:4,gen:7 ...]; else the case's own hour"
    )
    parser.add_argument(
        "--contingencies",
        default="all",
        metavar="LIST",
        help="branches, generators, all (both, the default), equipment (whole equipment and units), table",
    )
    parser.add_argument("--ac", action="store_true", help="verify by AC what matters: voltages, MVA, reactive limits")
    parser.add_argument(
        "--save-cases", type=Path, metavar="FOLDER", help="with --ac: write states without a solution as MATPOWER cases"
    )
    parser.add_argument("--all", action="store_true", dest="keep_old", help="show old violations too")
    parser.add_argument(
        "--flows", action="store_true", help=f"JSON: all flows before (else up to {FLOWS_UP_TO} branches)"
    )


def run(args: argparse.Namespace) -> int:
    """Study, print, and give 1 if the request causes anything."""
    from moms.exchange.grids import open_grid
    from moms.study import StudyRules, study

    grid = open_grid(args.grid)
    slices = _slices(grid, args)
    result = study(slices=slices, rules=StudyRules(), keep_old=args.keep_old)
    verified = _verified(args, slices, grid.ac)
    if args.json:
        document = _document(grid, args, slices, result)
        paper.show_json(document if verified is None else document | {"ac": _ac_document(args, verified)})
    else:
        _tell(args, result)
        if verified is not None:
            _tell_ac(args, verified)
    return Exit.DONE if result.clean and (verified is None or verified.status == "clean") else Exit.NO


def _verified(args: argparse.Namespace, slices: list[Slice], model: AcModel | None) -> AcResult | None:
    """Verify by AC if asked, and save what has no solution where asked."""
    if not args.ac:
        if args.save_cases is not None:
            raise BadOutage("--save-cases without --ac saves nothing", field="save-cases", fix="add --ac")
        return None
    from moms.study.ac_check import check_ac

    verified = check_ac(slices=slices, model=model)
    if args.save_cases is not None:
        from moms.exchange.casefile import case_text

        args.save_cases.mkdir(parents=True, exist_ok=True)
        for k, one in enumerate(verified.failures):
            text = case_text(one.case, name=_case_name(k), says=(_failed(one), one.why))
            (args.save_cases / f"{_case_name(k)}.m").write_text(text)
    return verified


def _case_name(k: int) -> str:
    return f"unsolved_{k + 1}"


def _failed(one: AcFailure) -> str:
    return f"{one.contingency or 'before any contingency'}, hour {one.hour}, {one.caused}"


def _ac_document(args: argparse.Namespace, verified: AcResult) -> dict[str, object]:
    return {
        "status": verified.status,
        "why": verified.why,
        "rows": [row for row in verified.rows if args.keep_old or row.caused != "old"],
        "failures": [
            {"contingency": one.contingency, "hour": one.hour, "why": one.why, "without_why": one.without_why,
             "caused": one.caused, "case": None if args.save_cases is None else f"{_case_name(k)}.m"}
            for k, one in enumerate(verified.failures)
        ],
        "limited": verified.limited,
        "sheds": verified.sheds,
        "counts": verified.counts,
    }  # fmt: skip


def _tell_ac(args: argparse.Namespace, verified: AcResult) -> None:
    counts = verified.counts
    match verified.status:
        case "not available":
            paper.say(f"{verified.why}. A person has to judge voltages.", abnormal=True)
            return
        case "clean":
            paper.say("AC: no voltage or MVA limit is newly exceeded, and every state has a solution.")
        case status:
            paper.say(f"AC: {status}: {verified.why}.", abnormal=True)
    full = counts.near_limit + counts.not_settled + counts.islanding
    paper.say(
        f"AC solved {full} of {counts.contingencies} contingencies in full ({counts.near_limit} near a limit,"
        f" {counts.not_settled} not settled, {counts.islanding} that cut off a part); {counts.screened_out} screened"
        f" out with no limit near; {counts.unrated} branches unrated, {counts.unbanded} buses without a voltage band."
    )
    kept = [row for row in verified.rows if args.keep_old or row.caused != "old"]
    rows = [
        [row.contingency or "none", row.element, row.hour, str(row.quantity), f"{row.value:.4g}", f"{row.limit:.4g}",
         "-" if row.without is None else f"{row.without:.4g}", str(row.caused)]
        for row in kept[:ROWS_SHOWN]
    ]  # fmt: skip
    if rows:
        columns = ["contingency", "element", "hour", "what", "value", "limit", "without", "caused"]
        paper.show_table(title=f"AC, beyond limits ({len(rows)} of {len(kept)})", columns=columns, rows=rows,
                         right=["value", "limit", "without"])  # fmt: skip
    _tell_sheds(verified)
    for limited in verified.limited[:ROWS_SHOWN]:
        way = "most" if limited.upper else "least"
        gives = f"{limited.mvar:,.1f} MVAr ({limited.without_mvar:,.1f} without the request)"
        paper.say(
            f"{limited.element} no longer holds its voltage at {limited.hour}; its units give the {way}: {gives}.",
            abnormal=True,
        )
    for one in [one for one in verified.failures if args.keep_old or one.caused != "old"][:ROWS_SHOWN]:
        paper.say(f"No AC solution: {_failed(one)}: {one.why}. A person has to look.", abnormal=True)


def _tell_sheds(verified: AcResult) -> None:
    """Say how much load had to be shed for want of headroom, and how much of it without the request."""
    if not verified.sheds:
        return
    worst = max(verified.sheds, key=lambda one: (one.shed_mw, one.contingency or "", one.hour))
    counted = many(len({one.contingency for one in verified.sheds}), "contingency")
    without = "not known" if worst.without_mw is None else f"{worst.without_mw:,.1f} MW"
    paper.say(
        f"AC sheds load after {counted}, for want of headroom: at most {worst.shed_mw:,.1f} MW,"
        f" after {worst.contingency or 'what the request cuts off'} at {worst.hour} ({without} without the request)."
    )


def _slices(grid: Grid, args: argparse.Namespace) -> list[Slice]:
    """Make one slice for each run of hours of one rating season."""
    import numpy as np

    from moms.exchange.hours import base_point, read_hours
    from moms.study import Out, Slice, contingencies_of, some_hours

    request = _asked(grid, args.out, whole="equipment" in args.contingencies)
    without = (base_point(grid) if args.hours is None else read_hours(args.hours, grid=grid)).hours
    hours = _without_units(grid, without, request)
    contingencies = contingencies_of(grid, which=args.contingencies)
    seasons: list[Season] = list(without.season)
    if grid.rating_factor is None:
        seasons = seasons[:1] * len(seasons)
    networks = {season: grid.rated(season) for season in dict.fromkeys(seasons)}
    starts = [k for k in range(len(seasons)) if k == 0 or seasons[k] != seasons[k - 1]]
    slices = []
    for first, last in zip(starts, [*starts[1:], len(seasons)], strict=True):
        some = np.arange(first, last)
        before = some_hours(without, some)
        slices.append(
            Slice(
                network=networks[seasons[first]],
                hours=before if hours is without else some_hours(hours, some),
                hours_without=before,
                out=Out(),
                request=request,
                contingencies=contingencies,
            )
        )
    return slices


def _asked(grid: Grid, words: str, *, whole: bool) -> Out:
    """Give what the request takes out: the rows named, and their whole equipment where the losses are of equipment.

    Raises:
        BadOutage: an element of a kind that is not taken out, or one that is out of service already.
    """
    import numpy as np

    from moms.study import Out

    network = grid.network
    assets = [word.strip() for word in words.split(",") if word.strip()]
    named = {kind: [network.row(a) for a in assets if a.startswith(f"{kind}:")] for kind in ElementKind}
    branches = network.rows(assets, kind=ElementKind.BRANCH) if whole else np.array(named[ElementKind.BRANCH])
    for asset in assets:
        row = network.row(asset)
        if not asset.startswith(("branch:", "gen:")):
            raise BadOutage(f"{asset} cannot be taken out", field="out", fix="give branch:<row> or gen:<row>")
        table = network.branches if asset.startswith("branch:") else network.units
        if not table.in_service[row]:
            raise BadOutage(f"{asset} is out of service in the grid", field="out", fix="leave it out of the request")
    return Out(branches=branches, units=np.array(named[ElementKind.GEN]))


def _without_units(grid: Grid, without: Hours, request: Out) -> Hours:
    """Give the hours dispatched again without the request's units: the others take up what they gave."""
    import numpy as np

    from moms.exchange.hours import operating_points

    if not len(request.units):
        return without
    output = without.unit_mw.copy()
    output[request.units] = 0.0
    fixed = np.zeros(output.shape, np.bool_)
    fixed[request.units] = True
    again = operating_points(
        grid.network, label=without.label, start=without.start, load_mw=without.load_mw, unit_mw=output, fixed=fixed
    )
    return replace(again.hours, season=without.season)


def _document(grid: Grid, args: argparse.Namespace, slices: list[Slice], result: StudyResult) -> dict[str, object]:
    kept = [row for row in result.islanding if args.keep_old or row.caused != "old"]
    document: dict[str, object] = {
        "grid": {"name": grid.name, "title": grid.title, "digest": grid.digest, "notes": grid.notes},
        "hours": [hour.label for hour in result.hours],
        "out": [word.strip() for word in args.out.split(",") if word.strip()],
        "clean": result.clean,
        "base": list(result.base_rows(keep_old=args.keep_old)),
        "violations": list(result.violation_rows()),
        "islanding": kept,
        "request_cuts_off": result.request_cuts_off,
        "shortfalls": result.shortfalls,
        "near": result.near,
        "standing_by_hour": result.standing_by_hour,
        "caused_by_hour": result.caused_by_hour,
        "unsolved": result.unsolved,
        "counts": result.counts,
    }
    if args.flows or len(grid.network.branches) <= FLOWS_UP_TO:
        document["flows"] = _flows(slices)
    return document


def _flows(slices: list[Slice]) -> list[dict[str, object]]:
    from moms.study import flows_before

    return [
        {"element": element(ElementKind.BRANCH, row), "hour": label, "flow_mw": mw(flow)}
        for one in slices
        for label, column in zip(one.hours.label, flows_before(one).T, strict=True)
        for row, flow in enumerate(column.tolist())
    ]


def _tell(args: argparse.Namespace, result: StudyResult) -> None:
    counts = result.counts
    what = args.out or "nothing"
    span = f"{counts.hours} hour{'s' * (counts.hours != 1)}, {counts.contingencies} contingencies"
    if result.clean:
        paper.say(f"With {what} out nothing new breaks in {span}.")
    else:
        paper.say(f"With {what} out: {', '.join(_causes(result))}, in {span}.", abnormal=True)
    _show_base(args, result)
    _show_worst(result)
    _show_islanding(args, result)
    for part in result.request_cuts_off:
        says = f"{_few(part.buses)}: {part.load_mw:.1f} MW of load, {part.generation_mw:.1f} MW of generation"
        paper.say(f"The request itself cuts off {says}.", abnormal=part.load_mw > 0)
    if result.near is not None:
        near = result.near
        paper.say(f"Highest loading it causes: {near.percent:.1f} % on {near.element} after {near.contingency}.")
    paper.say(
        f"{counts.monitored} branches monitored, {counts.unrated} unrated, {counts.synthetic} rated by rule;"
        f" {counts.old} old violations stand with it."
    )


def _causes(result: StudyResult) -> list[str]:
    base = sum(1 for _ in result.base_rows())
    islanding = sum(row.caused != "old" for row in result.islanding)
    said = [
        (result.counts.new, "new violations"),
        (result.counts.worse, "worse violations"),
        (base, "overloads before any contingency"),
        (islanding, "contingencies that now cut off a part"),
        (len(result.request_cuts_off), "parts cut off by the request itself"),
        (len(result.unsolved), "contingencies without an answer"),
    ]
    return [f"{count} {what}" for count, what in said if count]


def _show_base(args: argparse.Namespace, result: StudyResult) -> None:
    rows = [
        [row.element, row.hour, f"{row.flow_mw:.1f}", f"{row.limit_mw:.1f}", f"{row.percent:.1f}", str(row.caused)]
        for row in result.base_rows(keep_old=args.keep_old)
    ][:ROWS_SHOWN]
    if rows:
        columns = ["element", "hour", "MW", "rate A", "%", "caused"]
        paper.show_table(title="Before any contingency", columns=columns, rows=rows, right=["MW", "rate A", "%"])


def _show_worst(result: StudyResult) -> None:
    worst = result.worst_rows()
    rows: list[list[paper.Cell | str]] = [
        [
            row.worst.contingency,
            row.worst.element,
            row.worst.hour,
            f"{row.worst.flow_mw:.1f}",
            f"{row.worst.limit_mw:.1f}",
            paper.Cell(text=f"{row.worst.percent:.1f}", abnormal=row.worst.caused != "old"),
            "cut off" if row.worst.without_mw is None else f"{row.worst.without_mw:.1f}",
            str(row.worst.caused),
            str(row.hours),
        ]
        for row in worst[:ROWS_SHOWN]
    ]
    if rows:
        paper.show_table(
            title=f"After contingencies, worst hour of each pair ({len(rows)} of {len(worst)})",
            columns=["contingency", "element", "hour", "MW", "rate B", "%", "without", "caused", "hours"],
            rows=rows,
            right=["MW", "rate B", "%", "without", "hours"],
        )


def _show_islanding(args: argparse.Namespace, result: StudyResult) -> None:
    kept = [row for row in result.islanding if args.keep_old or row.caused != "old"]
    rows = [
        [
            row.contingency,
            row.hour,
            f"{row.load_mw:.1f}",
            f"{row.generation_mw:.1f}",
            _few(row.buses),
            str(row.caused),
        ]
        for row in kept[:ROWS_SHOWN]
    ]
    if rows:
        columns = ["contingency", "hour", "load MW", "generation MW", "buses", "caused"]
        paper.show_table(
            title=f"Contingencies that cut off a part ({len(rows)} of {len(kept)})",
            columns=columns,
            rows=rows,
            right=["load MW", "generation MW"],
        )


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
