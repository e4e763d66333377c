"""`moms changes`: edits of equipment, rules and requests that are drafted together and land together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments
from moms.values.refused import Refused

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from moms.wiring.office import Office

EXAMPLE = """moms changes open 'Line 12 after its new conductor' --reason 'work order 4711'
moms changes edit CS-5c1d0a7be2f9 --set asset branch:12 rate_b_mw=310 --reason 'as measured'
moms changes edit CS-5c1d0a7be2f9 --set rules decision load_at_risk_mw=80 --source 'order of 3 May' --reason 'new order'
moms changes diff CS-5c1d0a7be2f9
moms changes try CS-5c1d0a7be2f9 --from 2026-01-01 --to 2027-01-01
moms changes merge CS-5c1d0a7be2f9 --reason 'read and checked' --as zoe
moms changes known asset branch:12 --at 2027-03-01 --for 2027-06-01"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to do, with which change set, and the edits."""
    parser.add_argument("deed", nargs="?", default="list", choices=sorted(DEEDS), help="what to do (list)")
    parser.add_argument("words", nargs="*", metavar="WORD", help="its id; a title (open); a table and a row (known)")
    edits = parser.add_argument_group("edits")
    three = ("TABLE", "ROW", "COLUMN=VALUE")
    says = "asset branch:12 rate_b_mw=310; rules SECTION FIELD=JSON; outage ID start=INSTANT"
    edits.add_argument("--set", nargs=3, action="append", default=[], metavar=three, dest="edits", help=says)
    edits.add_argument("--drop", nargs=3, action="append", default=[], metavar=("TABLE", "ROW", "COLUMN"),
                       help="edit this column no more")  # fmt: skip
    edits.add_argument("--source", default="", metavar="TEXT", help="where the numbers of the rule book come from")
    edits.add_argument("--valid-from", default="", metavar="INSTANT", help="from when a rating holds (always)")
    edits.add_argument("--valid-to", default="", metavar="INSTANT", help="until when it does (for ever)")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the journal: each step needs one")
    parser.add_argument("--revision", type=int, metavar="N", help="which revision is meant (the newest)")
    parser.add_argument("--key", metavar="KEY", help="done again under it, a step is done once (a fresh one)")
    look = parser.add_argument_group("looks")
    look.add_argument("--file", metavar="FILE", help="a request to look at in its world; - reads stdin")
    look.add_argument("--outage", metavar="ID", help="an outage to study in its world")
    look.add_argument("--from", dest="first", metavar="DAY", help="try: what was decided from this day")
    look.add_argument("--to", dest="last", metavar="DAY", help="try: until the beginning of this one")
    look.add_argument("--most", type=int, default=100, metavar="N", help="try: so many at most (100)")
    look.add_argument("--at", metavar="INSTANT", help="known: as it was known then (now)")
    look.add_argument("--for", dest="instant", metavar="INSTANT", help="known: of this instant (the same)")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Do it, print, and say by the exit code whether something stands against it or an answer would be another."""
    with office(args) as desk:
        return DEEDS[args.deed](args, desk)


def _list(args: argparse.Namespace, desk: Office) -> int:
    from moms.cli.paper import say, show_json, show_table

    found = desk.change_sets()
    if args.json:
        show_json(found)
    elif not found:
        say("There is no change set. Open one with: moms changes open TITLE --reason TEXT")
    else:
        rows = [[s["id"], s["became"], s["title"], str(s["edits"]), s["organisation"], s["made_by"],
                 "" if s["landing"] is None else str(s["landing"])] for s in found]  # fmt: skip
        show_table(columns=["change set", "is", "title", "edits", "of", "opened by", "landing"], rows=rows)
    return Exit.DONE


def _open(args: argparse.Namespace, desk: Office) -> int:
    title = " ".join(args.words)
    return _told(args, desk.open_change_set(key=_key(args), title=title, reason=args.reason))


def _edit(args: argparse.Namespace, desk: Office) -> int:
    name, revision = _meant(args, desk)
    edits = [_one(args, *words) for words in args.edits]
    found = desk.edit_change_set(
        name, revision=revision, key=_key(args), reason=args.reason, edits=edits, drop=[tuple(d) for d in args.drop]
    )
    return _told(args, found)


def _show(args: argparse.Namespace, desk: Office) -> int:
    return _told(args, desk.change_set(_name(args), revision=args.revision))


def _rebase(args: argparse.Namespace, desk: Office) -> int:
    name, revision = _meant(args, desk)
    step = _unless_clashes(args, lambda: desk.rebase_change_set(
        name, revision=revision, key=_key(args), reason=args.reason))  # fmt: skip
    return Exit.NO if step is None else _told(args, step)


def _abandon(args: argparse.Namespace, desk: Office) -> int:
    name, revision = _meant(args, desk)
    return _told(args, desk.abandon_change_set(name, revision=revision, key=_key(args), reason=args.reason))


def _merge(args: argparse.Namespace, desk: Office) -> int:
    from moms.cli.paper import say, show_json

    name, revision = _meant(args, desk)
    found = _unless_clashes(args, lambda: desk.merge_change_set(
        name, revision=revision, key=_key(args), reason=args.reason))  # fmt: skip
    if found is None:
        return Exit.NO
    if args.json:
        show_json(found)
        return Exit.DONE
    say(f"{found['says']}.")
    for one in found["answers"]:
        say(str(one["record"]["says"]) if one.get("record") else str(one["says"]))
    return Exit.DONE


def _diff(args: argparse.Namespace, desk: Office) -> int:
    from moms.cli.paper import Cell, say, show_json, show_table

    found = desk.diff_change_set(_name(args))
    against = found["against"] or []
    if args.json:
        show_json(found)
    else:
        rows = [[Cell(text=f"{r['table']} {r['row']} {r['column']}{_when(r)}"), Cell(text=_word(r["was"])),
                 Cell(text=_word(r["main"]), abnormal=r["clash"] is not None), Cell(text=_word(r["value"]))]
                for r in found["rows"]]  # fmt: skip
        show_table(columns=["what", "was", "is on main", "would be"], rows=rows)
        _say_against(against)
        if found["against"] == []:
            say("Nothing stands against landing it.")
    return Exit.NO if against else Exit.DONE


def _preview(args: argparse.Namespace, desk: Office) -> int:
    from moms.cli.answers import exit_of, show_answer
    from moms.cli.paper import show_json
    from moms.desk.answer import answer_document

    request = desk.read_request(args.file) if args.file else None
    found = desk.preview_change_set(_name(args), request=request)
    if args.json:
        show_json([answer_document(one) for one in found])
        return max(exit_of(one) for one in found)
    return max(show_answer(args, one) for one in found)


def _study(args: argparse.Namespace, desk: Office) -> int:
    from moms.cli.paper import say, show_json

    if (args.file is None) == (args.outage is None):
        raise Refused("one outage or one draft is studied", field="--outage", fix="give --outage ID or --file FILE")
    request = desk.read_request(args.file) if args.file else None
    found: Any = desk.study_change_set(_name(args), outage=args.outage, request=request)
    if args.json:
        show_json(found)
    else:
        say(f"In the world of {args.words[0]}: {found['outcome']}.", abnormal=found["outcome"] not in YES)
        for one in found["would_change"]:
            say(str(one))
    return Exit.DONE if found["outcome"] in YES else Exit.NO


def _try(args: argparse.Namespace, desk: Office) -> int:
    from moms.cli.paper import Cell, progress, say, show_json, show_table

    if not args.first or not args.last:
        raise Refused("no span to try it on", field="--from", fix="give --from DAY and --to DAY")
    with progress("trying") as done:
        found = desk.try_change_set(_name(args), first=args.first, last=args.last, most=args.most, tick=done)
    counts = found["counts"]
    if args.json:
        show_json(found)
    else:
        rows = [[Cell(text=r["outage"]), Cell(text=r["reference"]), Cell(text=r["main"]),
                 Cell(text=r["draft"], abnormal=r["draft"] in YES), Cell(text=", ".join(r["rules"]))]
                for r in found["rows"] if r["changes"]]  # fmt: skip
        if rows:
            show_table(columns=["outage", "request", "main says", "it would say", "rules that differ"], rows=rows)
        for one in found["not_tried"]:
            say(f"{one['outage']} was not tried: {one['says']}.")
        say(
            f"{counts['tried']} decided requests tried: {counts['changed']} answers would be others,"
            f" {counts['granted_now']} of them granted; {counts['not_tried']} could not be tried,"
            f" {counts['left']} were left."
        )
    return Exit.NO if counts["changed"] else Exit.DONE


def _known(args: argparse.Namespace, desk: Office) -> int:
    from moms.cli.paper import say, show_json, show_table

    if len(args.words) != 2:
        raise Refused("what is to be looked back on", field="known", fix="say asset branch:12, rules SECTION.FIELD or"
                      " outage ID")  # fmt: skip
    found: Any = desk.known(*args.words, at=args.at, instant=args.instant)
    if args.json:
        show_json(found)
    elif found["values"] is None:
        say(f"{args.words[1]} was not known then.")
    else:
        changed = found.get("changed_by", {})
        rows = [[name, _word(value), changed.get(name, "")] for name, value in sorted(found["values"].items())]
        show_table(columns=["what", "was known to be", "by"], rows=rows)
    return Exit.DONE


DEEDS: dict[str, Callable[[argparse.Namespace, Office], int]] = {
    "list": _list, "open": _open, "edit": _edit, "show": _show, "diff": _diff, "rebase": _rebase, "merge": _merge,
    "abandon": _abandon, "preview": _preview, "study": _study, "try": _try, "known": _known,
}  # fmt: skip
YES = frozenset({"approve", "accept"})


def _name(args: argparse.Namespace) -> str:
    if len(args.words) != 1:
        raise Refused("which change set is meant", field="ID", fix="give its id, as `moms changes` lists it")
    return str(args.words[0])


def _meant(args: argparse.Namespace, desk: Office) -> tuple[str, int]:
    name = _name(args)
    return name, args.revision if args.revision is not None else int(desk.change_set(name)["revision"])


def _key(args: argparse.Namespace) -> str:
    from moms.wiring.people import new_secret

    return args.key or new_secret()


def _one(args: argparse.Namespace, table: str, row: str, cell: str) -> dict[str, Any]:
    column, equals, text = cell.partition("=")
    if not equals:
        raise Refused(f"{cell!r} names no value", field="--set", fix="write COLUMN=VALUE, as rate_b_mw=310")
    try:
        value = json.loads(text, parse_constant=lambda word: word)
    except ValueError:
        value = text
    spans = {"valid_from": args.valid_from, "valid_to": args.valid_to} if column.startswith("rate_") else {}
    source = {"source": args.source} if table == "rules" else {}
    return {"table": table, "row": row, "column": column, "value": value, **spans, **source}


def _unless_clashes(args: argparse.Namespace, step: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Do a step; None where something stands against it, which is told whole."""
    from moms.cli.paper import show_json
    from moms.desk.change_document import finding_rows
    from moms.desk.merging import Clashes

    try:
        return step()
    except Clashes as why:
        rows = finding_rows(why.findings)
        show_json({"against": rows}) if args.json else _say_against(rows)
        return None


def _say_against(rows: list[dict[str, Any]]) -> None:
    from moms.cli.paper import say

    for one in rows:
        say(f"{one['rule']}: {one['says']} ({one['fix']})", abnormal=True)
    if rows:
        say("Nothing of it lands until this is mended.")


def _told(args: argparse.Namespace, found: dict[str, Any]) -> int:
    from moms.cli.paper import say, show_json, show_table

    if args.json:
        show_json(found)
        return Exit.DONE
    say(f"{found['id']} ({found['title']}): {found['became']}, revision {found['revision']}.")
    say(f"It rests on landing {found['base']}.")
    rows = [
        [f"{e['table']} {e['row']} {e['column']}{_when(e)}", _word(e["was"]), _word(e["value"]), e["by"], e["reason"]]
        for e in found["edits"]
    ]
    if rows:
        show_table(columns=["what", "was", "would be", "by", "why"], rows=rows)
    return Exit.DONE


def _when(row: dict[str, Any]) -> str:
    start, end = row["valid_from"], row["valid_to"]
    return (f" from {start}" if start else "") + (f" until {end}" if end else "")


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
