"""`moms bulk`: file, take back, settle or acknowledge many at once, each with an outcome of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from moms.cli.exits import Exit
from moms.cli.who import office, reason_argument, who_arguments
from moms.values.refused import Refused

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from moms.desk.bulk import Item
    from moms.wiring.office import Office

EXAMPLE = """moms bulk submit spring.jsonl
moms bulk submit project.json --together
moms bulk cancel back.jsonl --reason 'no crew in May'
moms bulk settle answers.json --as j.doe
moms bulk ack notices.jsonl"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is done, and the file."""
    parser.add_argument("deed", choices=tuple(DEEDS), help="what is done with each")
    parser.add_argument("file", metavar="FILE", help="a JSON array, or one JSON value a line; - reads stdin")
    parser.add_argument("--together", action="store_true", help="file all or none (submit)")
    reason_argument(parser, needed=False)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Do each, print what came of each; 1 where one was refused."""
    from moms.exchange.many import read_many

    if args.together and args.deed != "submit":
        fix = "leave it out: each is done, or refused, by itself"
        raise Refused("only requests are filed together", field="--together", fix=fix)
    documents = read_many(None if args.file == "-" else Path(args.file))
    with office(args) as desk:
        rows = DEEDS[args.deed](args, desk, documents)
    _show(args, rows)
    return Exit.NO if any(row["field"] is not None for row in rows) else Exit.DONE


def _submit(args: argparse.Namespace, desk: Office, documents: Sequence[object]) -> list[dict[str, Any]]:
    from moms.desk.bulk import check_many
    from moms.desk.submit import of_item

    check_many(documents, field="file")
    if not args.together:
        return _each(documents, name=_reference, deed=lambda one: _filed(desk.file(desk.read(one))))
    requests = []
    for number, one in enumerate(documents):
        with of_item("requests", number):
            requests.append(desk.read(one))
    found = desk.file_together(requests)
    none = any(one.returned for one in found)
    return [_row(n, r.external_id, _not_filed(one) if none else _filed(one))
            for n, (r, one) in enumerate(zip(requests, found, strict=True))]  # fmt: skip


def _cancel(args: argparse.Namespace, desk: Office, documents: Sequence[object]) -> list[dict[str, Any]]:
    def back(one: Item) -> tuple[str, str | None, str]:
        from moms.desk.bulk import reason_of

        answer = _at(desk, one).operate(one.outage, "cancel", reason=reason_of(one.reason, args.reason))
        return "done", None, f"{answer.outage.state}" if answer.outage else ""

    return _items(args, documents, back)


def _settle(args: argparse.Namespace, desk: Office, documents: Sequence[object]) -> list[dict[str, Any]]:
    def settled(one: Item) -> tuple[str, str | None, str]:
        from moms.desk.bulk import reason_of

        reason = reason_of(one.reason, args.reason)
        answer = _at(desk, one).settle(one.outage, outcome=one.outcome, conditions=one.conditions, reason=reason)
        return "done", None, f"{answer.outage.status}" if answer.outage else ""

    return _items(args, documents, settled, settles=True)


def _acknowledge(_: argparse.Namespace, desk: Office, documents: Sequence[object]) -> list[dict[str, Any]]:
    from moms.desk.bulk import check_many
    from moms.desk.notices import acknowledge

    check_many(documents, field="file")
    notices = desk.notices
    if notices is None:
        raise Refused("there are no notices here", fix="open an installation")

    def read(one: object) -> tuple[str, str | None, str]:
        if not isinstance(one, str):
            raise Refused("a notice is named by its id", field="notice", fix='write "3f9a..." on each line')
        acknowledge(notices=notices, actor=desk.settings.actor, now=desk.settings.now, notice_id=one)
        return "done", None, "acknowledged"

    return _each(documents, name=str, deed=read)


DEEDS: dict[str, Callable[[argparse.Namespace, Office, Sequence[object]], list[dict[str, Any]]]] = {
    "submit": _submit,
    "cancel": _cancel,
    "settle": _settle,
    "ack": _acknowledge,
}


def _items(
    args: argparse.Namespace, documents: Sequence[object], deed: Callable[[Item], tuple[str, str | None, str]],
    *, settles: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    from moms.desk.bulk import read_items

    return _each(read_items(documents, reason=args.reason, settles=settles), name=lambda one: one.outage, deed=deed)


def _each(items: Sequence[Any], *, name: Callable[[Any], str], deed: Callable[[Any], Any]) -> list[dict[str, Any]]:
    from moms.cli.paper import progress

    rows = []
    with progress("doing", total=len(items)) as done:
        for number, one in enumerate(items):
            try:
                rows.append(_row(number, name(one), deed(one)))
            except Refused as refusal:
                says = f"{refusal.says}; {refusal.fix}" if refusal.fix else refusal.says
                rows.append(_row(number, name(one), ("refused", refusal.field or "", says)))
            done(1)
    return rows


def _row(number: int, name: str, told: tuple[str, str | None, str]) -> dict[str, Any]:
    outcome, field, says = told
    return {"number": number, "name": name, "outcome": outcome, "field": field, "says": says}


def _filed(answer: Any) -> tuple[str, str | None, str]:  # noqa: ANN401 - an Answer; its module is imported late
    if answer.outage is None:
        return _not_filed(answer)
    return ("filed before" if answer.again else "filed"), None, answer.outage.id


def _not_filed(answer: Any) -> tuple[str, str | None, str]:  # noqa: ANN401 - as above
    wrong = [f for f in answer.findings if f.level == "block"]
    if not wrong:
        return "not filed", "", "another of them is not as it has to be"
    return "returned", wrong[0].field or "", "; ".join(f"{f.says} ({f.fix})" if f.fix else f.says for f in wrong)


def _reference(document: object) -> str:
    return str(document.get("external_id", "")) if isinstance(document, dict) else ""


def _at(desk: Office, one: Item) -> Office:
    """Give the desk at which a change to that outage holds at the revision that was read, where one is given."""
    from dataclasses import replace

    if one.revision is None:
        return desk
    return replace(desk, book=desk.book.expecting(one.outage, one.revision), opened=desk.base)


def _show(args: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    from moms.cli.paper import Cell, say, show_json, show_table

    refused = sum(row["field"] is not None for row in rows)
    if args.json:
        show_json({"items": rows, "done": len(rows) - refused, "refused": refused})
        return
    show_table(
        columns=["item", "name", "outcome", "field", "what came of it"],
        rows=[
            [str(r["number"]), r["name"], Cell(text=r["outcome"], abnormal=r["field"] is not None), r["field"] or "",
             r["says"]]
            for r in rows
        ],
    )  # fmt: skip
    say(f"{len(rows) - refused} done, {refused} refused.", abnormal=refused > 0)
