"""Print what a use case answered, and turn it into the exit code of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.cli.exits import Exit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from moms.desk.answer import Answer

NO = frozenset({"counter", "deny", "refer"})


def show_answer(args: argparse.Namespace, answer: Answer) -> int:
    """Print an answer; 0 for approve, accept or a step taken, 1 for counter, deny or refer, 2 where returned."""
    from moms.cli.paper import show_json
    from moms.desk.answer import answer_document

    if args.json:
        show_json(answer_document(answer))
    else:
        _print(answer)
    return exit_of(answer)


def exit_of(answer: Answer) -> Exit:
    """Give the exit code of an answer: 0 for approve, accept or a step taken, 1 otherwise, 2 where returned."""
    if answer.returned:
        return Exit.WRONG_USE
    outcome = answer.record["outcome"] if answer.record else None
    return Exit.NO if outcome in NO else Exit.DONE


def _print(answer: Answer) -> None:
    from moms.cli.letters import console, print_decision, span
    from moms.cli.paper import Cell, say, show_table

    if answer.outage is None:
        say("Returned: the request cannot be filed as it is; nothing was written.", abnormal=True)
        show_table(
            columns=["rule", "field", "what is wrong", "what to do"],
            rows=[
                [Cell(text=f.rule, abnormal=f.level == "block"), f.field or "", f.says, f.fix or ""]
                for f in answer.findings
            ],
        )
        return
    paper = console()
    if answer.again:
        paper.print("[dim]Filed before; this is its answer.[/]")
    if answer.record is not None:
        print_decision(paper, answer.record)
    else:
        outage = answer.outage
        window = {"start": outage.window.start.isoformat(), "end": outage.window.end.isoformat()}
        paper.print(
            f"{outage.id} is {outage.state}, {outage.status}: {', '.join(outage.request.assets)}, {span(window)}"
        )
    if answer.says:
        paper.print(answer.says, markup=False)
    if not answer.written and not answer.again:
        paper.print("[dim]Nothing was written.[/]")


def show_outage(args: argparse.Namespace, whole: Mapping[str, Any]) -> int:
    """Print one outage with its record and history."""
    from moms.cli.letters import console, market_time, print_decision, print_list, span
    from moms.cli.paper import show_json

    if args.json:
        show_json(whole)
        return Exit.DONE
    print_list([whole["outage"]])
    paper = console()
    wish = whole["outage"]["wish"]
    if wish:
        asked = wish["request"]
        paper.print(
            f"A change waits for its decision, in the queue since {market_time(wish['stamp'])} EST:"
            f" {', '.join(asked['assets'])}, {span(asked['window'])}. Until then the above stands."
        )
    if whole["decision"]:
        print_decision(paper, whole["decision"])
    paper.print("History:")
    for line in whole["history"]:
        at = line["at"].isoformat() if hasattr(line["at"], "isoformat") else line["at"]
        reason = f": {line['reason']}" if line["reason"] else ""
        asked = f", asked by {line['asked_by']}" if line["asked_by"] else ""
        said = f"  {market_time(at)}  {line['verb']}  {line['actor']}{asked}{reason}"
        paper.print(said, markup=False, highlight=False)
    return Exit.DONE
