"""How a decision, an outage and a list look on paper: the sentence first, then tables."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

MARKET = timezone(timedelta(hours=-5), "EST")
"""The market clock: UTC-5 all year (architecture decision 9)."""

COLOURS = {
    "approve": "green",
    "accept": "green",
    "counter": "yellow",
    "refer": "yellow",
    "deny": "red",
    "pass": "",
    "condition": "yellow",
    "refer ": "yellow",
    "missing": "yellow",
    "fail": "red",
    "not required": "dim",
}
SHOWN = 12


def market_time(text: str | None) -> str:
    """Write an instant of a record on the market clock.

    >>> market_time("2027-03-01T05:00Z")
    'Mon 01 Mar 2027 00:00'
    """
    if not text:
        return "-"
    return datetime.fromisoformat(text).astimezone(MARKET).strftime("%a %d %b %Y %H:%M")


def span(window: Mapping[str, str]) -> str:
    """Write a window on the market clock."""
    return f"{market_time(window['start'])} to {market_time(window['end'])} EST"


def console() -> Console:
    """Give the paper to print on: a terminal's width there, a page's elsewhere."""
    import sys

    from rich.console import Console

    width = None if sys.stdout.isatty() else 120
    return Console(highlight=False, width=width)


def print_decision(console: Console, record: Mapping[str, Any]) -> None:
    """Print one decision record as a person wants to read it."""
    colour = COLOURS.get(str(record["outcome"]), "")
    console.print(f"[bold {colour}]{escape(record['says'])}[/]" if colour else escape(record["says"]))
    console.print(f"  [dim]{record['outage']} · {span(record['window'])} · record {record['id']}[/]")
    _rules(console, record["rules"])
    _crossings(console, record)
    _voltage(console, (record["evidence"]["security"] or {}).get("voltage"))
    _conflicts(console, record["evidence"].get("conflicts"))
    _conditions(console, record["conditions"])
    _certainty(console, record["evidence"].get("certainty"))
    _storm(console, record["evidence"].get("storm"))
    _recalled(console, record["evidence"].get("recall"))
    _alternatives(console, record)
    if record["would_change"]:
        console.print("What would change the answer:")
        for line in record["would_change"]:
            console.print(f"  - {escape(line)}")
    for note in record["notes"]:
        console.print(f"  [dim]{escape(note)}[/]")


def escape(text: object) -> str:
    """Keep square brackets of data from being read as markup."""
    return str(text).replace("[", "\\[")


def _rules(console: Console, rules: Sequence[Mapping[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, right in (("rule", False), ("asks", False), ("value", True), ("limit", True), ("answer", False)):
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    table.add_column("found", overflow="fold")
    for row in rules:
        colour = COLOURS.get(row["verdict"], "")
        answer = f"[{colour}]{row['verdict']}[/]" if colour else str(row["verdict"])
        table.add_row(
            row["rule"], escape(row["asks"]), number(row["value"], row["unit"]), number(row["limit"], row["unit"]),
            answer, escape(row["says"]),
        )  # fmt: skip
    console.print(table)


def number(value: float | None, unit: str | None) -> str:
    """Write a number with its unit, or nothing."""
    if value is None:
        return ""
    return f"{value:,.4f} pu" if unit == "pu" else f"{value:,.1f} {unit or ''}".strip()


def _crossings(console: Console, record: Mapping[str, Any]) -> None:
    from rich.table import Table

    security = record["evidence"]["security"]
    if not security or not security["crossings"]:
        return
    rows = sorted(security["crossings"], key=lambda c: -c["percent"])
    table = Table(title="Limits exceeded because of the request", title_justify="left", box=None, pad_edge=False)
    for name in ("after", "element", "flow MW", "rate MW", "%", "without MW", "caused", "hours", "worst hour (EST)"):
        table.add_column(name, justify="right" if "MW" in name or name in {"%", "hours"} else "left")
    for c in rows[:SHOWN]:
        without = "" if c["without_mw"] is None else f"{c['without_mw']:,.1f}"
        table.add_row(
            c["contingency"] or "nothing", c["element"], f"{c['flow_mw']:,.1f}", f"{c['limit_mw']:,.1f}",
            f"{c['percent']:.1f}", without, c["caused"], str(c["hours"]), hour_text(c["hour"]),
        )  # fmt: skip
    console.print(table)
    if len(rows) > SHOWN:
        console.print(f"  [dim]and {len(rows) - SHOWN} more in the record (--json)[/]")


WHAT = {
    "loading_mva": "loading MVA",
    "low_voltage_pu": "low voltage pu",
    "high_voltage_pu": "high voltage pu",
    "voltage_deviation_pu": "deviation pu",
}


def _voltage(console: Console, found: Mapping[str, Any] | None) -> None:
    """Say what AC verified, and what it found beyond limits because of the request."""
    from rich.table import Table

    if not found:
        return
    if not found["hours"]:
        console.print(f"AC: {escape(found['why'])}")
        return
    console.print(
        f"AC: {found['status']}. {found['contingencies']:,} contingencies in {len(found['hours'])} of"
        f" {found['points']:,} operating points, {found['in_full']:,} solved in full; {found['old']:,} values beyond"
        f" limits stand without the request; {found['unbanded']:,} buses have no voltage band."
    )
    for hour in found["hours"]:
        console.print(f"  [dim]{escape(hour)}[/]")
    if found["crossings"]:
        table = Table(title="AC: beyond limits because of the request", title_justify="left", box=None, pad_edge=False)
        columns = ("after", "element", "kV", "what", "value", "limit", "without", "caused", "hours", "worst hour (EST)")
        for name in columns:
            right = name in {"kV", "value", "limit", "without", "hours"}
            table.add_column(name, justify="right" if right else "left")
        for row in found["crossings"][:SHOWN]:
            kv = "" if row["base_kv"] is None else f"{row['base_kv']:g}"
            table.add_row(
                row["contingency"] or "nothing", row["element"], kv,
                WHAT.get(row["quantity"], row["quantity"]), f"{row['value']:,.5g}", f"{row['limit']:,.5g}",
                "" if row["without"] is None else f"{row['without']:,.5g}", row["caused"], str(row["hours"]),
                hour_text(row["hour"]),
            )  # fmt: skip
        console.print(table)
        if found["found"] > SHOWN:
            console.print(f"  [dim]and {found['found'] - SHOWN} more in the record (--json)[/]")
    for one in found["unsolved"][:SHOWN]:
        saved = "" if one["case"] is None else " (its case is kept: `moms show ID --save-case FILE`)"
        after = one["contingency"] or "nothing"
        console.print(f"  No AC solution after {after}, {escape(one['hour'])}, {one['caused']}{saved}")
    if found["shed_mw"] > 0:
        console.print(f"  Load shed after a loss for want of headroom: up to {found['shed_mw']:,.1f} MW")


def hour_text(label: str) -> str:
    """Write an hour's label: market time where it is an instant, else as it is named."""
    try:
        return market_time(label)
    except ValueError:
        return label


def _conflicts(console: Console, found: Mapping[str, Any] | None) -> None:
    """Say which outages stand in the way, each set with what shows it."""
    if not found:
        return
    console.print("What stands in the way:")
    for one in found["sets"]:
        row = one["crossing"]
        pair = f"{row['element']} after {row['contingency']}" if row["contingency"] else row["element"]
        worst = f"{pair} at {row['percent']:.1f} %, {hour_text(row['hour'])}"
        if one["outages"]:
            more = ", and none with any one of them in service" if len(one["outages"]) > 1 else ""
            console.print(f"  - while {escape(' and '.join(one['outages']))} out: {escape(worst)}{more}")
        else:
            console.print(f"  - the request by itself: {escape(worst)}")
    console.print(f"  {escape(found['says'])}")


def _conditions(console: Console, conditions: Iterable[Mapping[str, Any]]) -> None:
    rows = list(conditions)
    if rows:
        console.print("Conditions:")
    for row in rows:
        console.print(f"  - {escape(row['says'])}")


def _certainty(console: Console, found: Mapping[str, Any] | None) -> None:
    """Say what an approval is worth: each chance with its bounds or as a band, and where it comes from."""
    if not found:
        return
    console.print("How certain it is:")
    console.print(f"  {escape(found['firmness_says'])}")
    for why in found["next_level_needs"]:
        console.print(f"    [dim]{NEXT.get(found['firmness'], 'the next level')} needs more: {escape(why)}[/]")
    for chance in found["chances"]:
        bounds = "" if chance["value"] is None else f" (95 %: {chance['low']:.1%} to {chance['high']:.1%})"
        console.print(f"  - {escape(chance['says'])}{bounds}")
        console.print(f"    [dim]{escape(chance['source'])}[/]")
    if found["low_h"] is not None:
        console.print(f"  - eight of ten such outages take {found['low_h']:,.0f} to {found['high_h']:,.0f} hours")
    if "history" in found["versions"]:
        console.print(
            f"  [dim]model {found['versions']['certainty_model']} learnt from {escape(found['versions']['history'])}[/]"
        )
    for text in found["unknown"]:
        console.print(f"  [dim]not known: {escape(text)}[/]")


NEXT = {"requested": "tentative", "tentative": "firm", "firm": "guaranteed"}


def _alternatives(console: Console, record: Mapping[str, Any]) -> None:
    if record["alternatives"]:
        console.print("Windows already studied and free:")
        for number_, row in enumerate(record["alternatives"], start=1):
            weighed = _ranked(row.get("storm")) + _recall_rank(row.get("recall"))
            console.print(f"  {number_}. {span(row['window'])} - {escape(row['says'])}{weighed}")
    if record["searched"]:
        console.print(f"  [dim]{escape(record['searched'])}[/]")


def _storm(console: Console, found: Mapping[str, Any] | None) -> None:
    if found is None:
        return
    console.print(f"While out, the storm: {escape(threat(found))}")
    console.print(f"  [dim]{escape(found['source'])}, {found['storm']}[/]")


def threat(found: Mapping[str, Any]) -> str:
    """Say what a storm threatens in a window."""
    if found["expected_mw"] is None:
        return "the forecast kept does not reach these hours"
    worst = f", most of it after {found['worst']}" if found["worst"] else ""
    some = found["hours"] < found["hours_of"]
    part = f" in the {found['hours']} of {found['hours_of']} hours it reaches" if some else ""
    trust = "" if found["calibrated"] else "; UNCALIBRATED, a ranking"
    return f"{found['expected_mw']:.3g} MW expected to be overloaded or cut off{part}{worst}{trust}"


def _ranked(found: Mapping[str, Any] | None) -> str:
    """Give the rank of a window by what the storm threatens in it; nothing where it is not forecast."""
    if found is None or found["rank"] is None:
        return ""
    return escape(f"; storm: {found['expected_mw']:.3g} MW expected, rank {found['rank']}")


def _recalled(console: Console, found: Mapping[str, Any] | None) -> None:
    """Say how likely want of capacity calls it back in the asked window, where other dates stand beside it."""
    if found is None:
        return
    console.print(f"In the asked window {escape(called_back(found))}")
    console.print(f"  [dim]{escape(found['chance']['source'])}[/]")


def called_back(found: Mapping[str, Any]) -> str:
    """Say how likely a window is called back for want of capacity, and how it ranks beside the others."""
    chance = found["chance"]
    if chance["value"] is None:
        return str(chance["says"])
    rank = "" if found["rank"] is None else f"; rank {found['rank']}, 1 for the least likely"
    return f"{chance['says']} (95 %: {chance['low']:.1%} to {chance['high']:.1%}){rank}"


def _recall_rank(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    chance = found["chance"]
    told = chance["band"] if chance["value"] is None else f"{chance['value']:.1%}"
    rank = "" if found["rank"] is None else f", rank {found['rank']}"
    return escape(f"; called back for capacity: {told}{rank}")


def print_list(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print outages, a line each."""
    from rich.table import Table

    paper = console()
    if not rows:
        paper.print("No outage matches. `moms list` without filters shows the whole book.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("id", "owner's id", "organisation", "assets", "from (EST)", "to (EST)", "state", "status"):
        table.add_column(name, overflow="fold")
    for row in rows:
        request = row["request"]
        table.add_row(
            row["id"], request["external_id"], request["organisation"], ", ".join(request["assets"]),
            market_time(row["window"]["start"]), market_time(row["window"]["end"]), row["state"], row["status"],
        )  # fmt: skip
    paper.print(table)
    paper.print(f"[dim]{len(rows)} outages[/]")


def markdown(record: Mapping[str, Any]) -> str:
    """Write one decision record as Markdown."""
    lines = [f"**{record['says']}**", "", f"{record['outage']}, {span(record['window'])}, record `{record['id']}`", ""]
    lines += ["| rule | asks | value | limit | answer | found |", "|---|---|---:|---:|---|---|"]
    for row in record["rules"]:
        cells = (row["rule"], row["asks"], number(row["value"], row["unit"]), number(row["limit"], row["unit"]))
        lines.append("| " + " | ".join([*cells, row["verdict"], row["says"]]) + " |")
    if record["conditions"]:
        lines += ["", "Conditions:", *(f"- {c['says']}" for c in record["conditions"])]
    if record["alternatives"]:
        lines += ["", "Windows already studied and free:"]
        lines += [f"{n}. {span(a['window'])} ({a['says']})" for n, a in enumerate(record["alternatives"], start=1)]
    return "\n".join(lines)
