"""`moms risk`: which lines a storm is likely to take, and what it risks while something is out."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli import paper
from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments
from moms.desk.storms import UNCALIBRATED
from moms.risk import tower_curve

if TYPE_CHECKING:
    from datetime import datetime

    from moms.desk.storms import Storm
    from moms.grid import Grid
    from moms.risk import StormRisk, TowerCurve, Weather

EXAMPLE = """
moms risk storm --storm sample
moms risk storm --storm forecast.csv --damage counts.csv --map storm.geojson --json
moms risk out --asset branch:1204 --hours 4
moms risk keep --storm forecast.csv
moms risk keep --storm sample --begins 2027-04-05T12:00Z
moms risk show"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the storm, the grid and where the map layer goes."""
    verbs = parser.add_subparsers(dest="what", metavar="storm|out|keep|show", required=True)
    storm = verbs.add_parser("storm", help="which lines a storm is likely to take")
    storm.add_argument("--storm", default="sample", metavar="FILE|sample", help="a forecast, CSV, or the sample storm")
    storm.add_argument("--grid", default="miso", metavar="NAME|FILE", help="the grid (miso)")
    storm.add_argument("--damage", type=Path, metavar="FILE", help="damage counts of past events, CSV")
    storm.add_argument("--top", type=int, default=20, metavar="N", help="how many lines to show (default 20)")
    storm.add_argument("--map", type=Path, metavar="FILE", help="write those lines as GeoJSON")
    storm.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON for machines")
    out_arguments(verbs.add_parser("out", help="the hours of a storm with the least risk to have something out"))
    keep_arguments(verbs.add_parser("keep", help="keep a storm forecast: decisions and the map show it from now on"))
    show = verbs.add_parser("show", help="show the newest storm forecast kept, its age and source")
    show.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON for machines")
    who_arguments(show)
    parser.add_argument("--json", action="store_true", help="print JSON for machines, nothing else")


def keep_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the storm that is kept."""
    parser.add_argument("--storm", required=True, metavar="FILE|sample", help="a forecast, CSV, or the sample storm")
    parser.add_argument("--damage", type=Path, metavar="FILE", help="damage counts of past events, CSV")
    parser.add_argument("--begins", metavar="INSTANT", help="move its hours to begin then, for a drill: it is said")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON for machines")
    who_arguments(parser)


def out_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the asset, the storm and how long it would be out."""
    parser.add_argument("--asset", required=True, metavar="ASSET", help="what would be out, as branch:1204")
    parser.add_argument("--hours", type=int, default=4, metavar="N", help="for how many hours (default 4)")
    parser.add_argument("--storm", default="sample", metavar="FILE|sample", help="a forecast, CSV, or the sample storm")
    parser.add_argument("--damage", type=Path, metavar="FILE", help="damage counts of past events, CSV")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON for machines")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compute it and print it."""
    return {"storm": _storm, "out": _out, "keep": _keep, "show": _show}[args.what](args)


def _keep(args: argparse.Namespace) -> int:
    with office(args) as desk:
        return show(desk.keep_storm(storm=args.storm, damage=args.damage, begins=args.begins), desk.settings.now,
                    as_json=args.json)  # fmt: skip


def _show(args: argparse.Namespace) -> int:
    with office(args) as desk:
        return show(desk.storm(), desk.settings.now, as_json=args.json)


def show(found: Storm | None, now: datetime, *, as_json: bool) -> int:
    """Print the storm forecast that decisions and the map see; 1 where there is none, or its hours are over."""
    if found is None:
        if as_json:
            paper.show_json({"storm": None})
        else:
            paper.say("No storm forecast is kept: decisions say nothing of storms.", abnormal=True)
        return Exit.NO
    weather, over = found.weather, found.span.end <= now
    age_h = round((now - weather.issued).total_seconds() / 3600.0, 3)
    if as_json:
        paper.show_json({"storm": {"id": found.id, "source": weather.source, "issued": weather.issued, "age_h": age_h,
                                   "start": found.span.start, "end": found.span.end, "over": over,
                                   "places": len(weather.latitude), "events": len(found.damage)}})  # fmt: skip
        return Exit.NO if over else Exit.DONE
    paper.say(f"{weather.source}, {found.span.start:%Y-%m-%dT%H:%MZ} to {found.span.end:%Y-%m-%dT%H:%MZ}, issued "
              f"{weather.issued:%Y-%m-%dT%H:%MZ}, {age_h:.1f} h old.", abnormal=over)  # fmt: skip
    if over:
        paper.say("- its hours are over: it says nothing of what is asked for now")
    if not tower_curve(found.damage).calibrated:
        paper.say(UNCALIBRATED, abnormal=True)
    paper.say(f"- {found.id}, {len(weather.latitude)} places, {len(found.damage)} events with damage counts")
    return Exit.NO if over else Exit.DONE


def _out(args: argparse.Namespace) -> int:
    with office(args) as desk:
        found, storm = desk.while_out(asset=args.asset, storm=args.storm, damage=args.damage, hours=args.hours)
    if args.json:
        paper.show_json({"asset": args.asset, "hours": args.hours, "calibrated": storm.calibrated,
                         "windows": [{"start": w.label, "expected_mw": w.expected_mw, "worst": w.worst or None}
                                     for w in found]})  # fmt: skip
        return Exit.DONE
    best = found[0]
    paper.say(f"{args.asset} out for {args.hours} hours risks least from {best.label}: "
              f"{best.expected_mw:.3g} MW expected to be overloaded or cut off.")  # fmt: skip
    if not storm.calibrated:
        paper.say(UNCALIBRATED, abnormal=True)
    paper.show_table(
        columns=["start", "expected MW", "most of it from"], right=["expected MW"],
        rows=[[w.label, f"{w.expected_mw:.3g}", w.worst or "nothing"] for w in found],
    )  # fmt: skip
    paper.say(
        "- chance that the storm takes each contingency in the window, times what it does only because this is out"
    )
    return Exit.DONE


def _storm(args: argparse.Namespace) -> int:
    """Rank the lines of a grid."""
    from moms.exchange.grids import open_grid
    from moms.exchange.storms import read_damage, read_weather
    from moms.risk import lines_of, storm_risk
    from moms.values import Refused

    if args.top < 1:
        raise Refused(f"{args.top} lines", field="top", fix="give 1 or more")
    grid, weather = open_grid(args.grid), read_weather(args.storm)
    curve = tower_curve(read_damage(args.damage) if args.damage else ())
    found = storm_risk(lines=lines_of(grid), weather=weather, curve=curve)
    rows = facts(found, grid, args.top)
    if args.map is not None:
        args.map.write_text(json.dumps(layer(found, rows), allow_nan=False) + "\n", encoding="utf-8")
    if args.json:
        paper.show_json(document(found, weather, curve, rows))
    else:
        _tell(found, weather, curve, rows)
    return Exit.DONE


def facts(found: StormRisk, grid: Grid, top: int) -> list[dict[str, object]]:
    """Give the likeliest lines with what threatens them."""
    from moms.risk import PERILS

    rows: list[dict[str, object]] = []
    for rank, k in enumerate(found.ranked()[:top].tolist(), start=1):
        row = int(found.lines.row[k])
        peril = {name: float(p) for name, p in zip(PERILS, found.peril[k], strict=True)}
        rows.append({
            "rank": rank,
            "asset": f"branch:{row + 1}",
            "name": "" if grid.register is None else str(grid.register.branch_name[row]),
            "probability": float(found.probability[k]),
            "peril": max(peril, key=lambda one: peril[one]),
            "perils": peril,
            "length_km": float(found.lines.length_km[k]),
            "gust_ms": float(found.gust_ms[k]),
            "rating_factor": float(found.rating[k]),
            "by_hour": found.by_hour[k].tolist(),
            "place": k,
        })  # fmt: skip
    return rows


def layer(found: StormRisk, rows: list[dict[str, object]]) -> dict[str, object]:
    """Give the lines as a GeoJSON layer, longitude first as the format wants."""
    features = []
    for one in rows:
        k = int(str(one["place"]))
        path = [[float(found.lines.longitude[k, e]), float(found.lines.latitude[k, e])] for e in (0, 2)]
        properties = {name: one[name] for name in ("rank", "asset", "name", "probability", "peril")}
        features.append({
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": path},
            "properties": properties | {"calibrated": found.calibrated},
        })  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def document(found: StormRisk, weather: Weather, curve: TowerCurve, rows: list[dict[str, object]]) -> dict[str, object]:
    """Give the answer for machines."""
    low, middle, high = curve.likely_median_ms()
    return {
        "source": weather.source,
        "issued": weather.issued,
        "hours": list(weather.hour),
        "calibrated": found.calibrated,
        "warning": None if found.calibrated else UNCALIBRATED,
        "tower_median_gust_ms": {"p5": low, "p50": middle, "p95": high, "events": curve.events},
        "lines": len(found.lines.row),
        "expected_lines_lost": float(found.probability.sum()),
        "ranked": [{k: v for k, v in one.items() if k != "place"} for one in rows],
    }


def _tell(found: StormRisk, weather: Weather, curve: TowerCurve, rows: list[dict[str, object]]) -> None:
    low, middle, high = curve.likely_median_ms()
    paper.say(f"{found.probability.sum():.1f} of {len(found.lines.row):,} lines are expected to be lost "
              f"({weather.source}).")  # fmt: skip
    if not found.calibrated:
        paper.say(UNCALIBRATED, abnormal=True)
    paper.show_table(
        columns=["rank", "line", "name", "probability", "peril", "km", "gust m/s", "rating"],
        right=["rank", "probability", "km", "gust m/s", "rating"],
        rows=[
            [str(r["rank"]), str(r["asset"]), str(r["name"]), f"{r['probability']:.4f}", str(r["peril"]),
             f"{r['length_km']:.0f}", f"{r['gust_ms']:.1f}", f"{r['rating_factor']:.0%}"]
            for r in rows
        ],
    )  # fmt: skip
    paper.say(f"- half of all sections are taken to fail at {middle:.0f} m/s ({low:.0f} to {high:.0f}), "
              f"from {curve.events} events")  # fmt: skip
