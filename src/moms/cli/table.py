"""Every verb, in the order `moms --help` shows them. A new command is one line here and one module.

This table is read at every start, so it imports nothing: `moms --help` has to answer at once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One verb: what it does in one sentence, and the module of `moms.cli.commands` that does it.

    The module has `arguments(parser) -> None`, `run(args) -> int` and `EXAMPLE`, lines shown in its help.
    """

    verb: str
    says: str
    module: str


COMMANDS: tuple[Command, ...] = (
    Command(
        verb="demo", says="Run the product: the starter book and four stories, decided before your eyes.", module="demo"
    ),
    Command(verb="stories", says="Tell the four stories again, computed, with their evidence.", module="stories"),
    Command(verb="submit", says="Ask for an outage, and get the decision with its evidence.", module="submit"),
    Command(
        verb="windows",
        says="Show which start days are free for some equipment, and why the others are not.",
        module="windows",
    ),
    Command(
        verb="calendar",
        says="Show on which days some branches, or all, are free, and why not on the others.",
        module="calendar",
    ),
    Command(verb="show", says="Show one outage with its decision record and history.", module="show"),
    Command(verb="list", says="List the outages of the book that match.", module="list"),
    Command(verb="change", says="Change a request, take a window that was offered, or decline.", module="change"),
    Command(verb="cancel", says="Take a request or an outage back.", module="cancel"),
    Command(verb="decide", says="Decide a filed request on the book as it stands now.", module="decide"),
    Command(verb="settle", says="Settle as a person, never the requester, what was referred.", module="settle"),
    Command(verb="start", says="Report that the equipment is out of service.", module="start"),
    Command(
        verb="expire", says="Let lapse what was approved and can no longer be done (for a timer).", module="expire"
    ),
    Command(verb="extend", says="Ask for a later end of a running outage.", module="extend"),
    Command(verb="end", says="Report that the equipment is back in service.", module="end"),
    Command(verb="recall", says="Call a running outage back (control room).", module="recall"),
    Command(verb="forced", says="Report equipment that is out now: acknowledged at once and studied.", module="forced"),
    Command(
        verb="restudy",
        says="Study all that was granted again: what is at risk now, and what would mend it.",
        module="restudy",
    ),
    Command(
        verb="suppose",
        says="Study a request on a supposed book: outages left out or added, other dates or limits.",
        module="suppose",
    ),
    Command(
        verb="changes",
        says="Draft edits of equipment, rules or requests together, look at their world, land them.",
        module="changes",
    ),
    Command(verb="import", says="File many requests from a table.", module="imports"),
    Command(
        verb="shadow", says="Replay past requests beside what people decided; false approvals first.", module="shadow"
    ),
    Command(verb="grid", says="Import a grid, list the grids there are, or show one.", module="grid"),
    Command(
        verb="study", says="Study one outage on a grid without a book: what breaks, and what it caused.", module="study"
    ),
    Command(verb="margin", says="Show what is left of capacity by market day, zone and region.", module="margin"),
    Command(
        verb="adequacy",
        says="Compute the loss of load of a fleet exactly, from tables of units and load.",
        module="adequacy",
    ),
    Command(
        verb="certainty",
        says="Train the model of what becomes of outages, or show what it is worth.",
        module="certainty",
    ),
    Command(verb="firmness", says="Tell again how firm each granted outage is (for a timer).", module="firmness"),
    Command(verb="forecast", says="Keep a forecast issue, or show the newest and its age.", module="forecast"),
    Command(verb="risk", says="Show which lines a storm is likely to take.", module="risk"),
    Command(
        verb="plan",
        says="Plan many outages at once: a season, maintenance, a challenge problem.",
        module="plan",
    ),
    Command(verb="bench", says="Time whole problems, with their goals.", module="bench"),
    Command(
        verb="serve", says="Serve the pages and the interface for programs on a port, to many users.", module="serve"
    ),
    Command(verb="worker", says="Do what is due by the clock; any number of workers on one database.", module="worker"),
    Command(
        verb="due", says="Show what has to happen by the clock, and what was put aside for a person.", module="due"
    ),
    Command(
        verb="bulk",
        says="File, take back, settle or acknowledge many at once, each with an outcome of its own.",
        module="bulk",
    ),
    Command(
        verb="ack",
        says="Show what is not as planned, and say that somebody has taken it (control room).",
        module="ack",
    ),
    Command(
        verb="shift",
        says="Show the sheet of the hours ahead, hand the shift over, or take it (control room).",
        module="shift",
    ),
    Command(
        verb="field",
        says="Show a crew's jobs of the day, report from there, say that somebody has looked.",
        module="field",
    ),
    Command(verb="attach", says="Add a file to an outage, list its files, or get one.", module="attach"),
    Command(
        verb="notices",
        says="Show what one is told, acknowledge it, ask to be told, send what goes out.",
        module="notices",
    ),
    Command(verb="user", says="Enter, list or disable who may sign in.", module="user"),
    Command(verb="people", says="Tie persons to single sign-on and certificates, list or revoke.", module="people"),
    Command(verb="token", says="Issue, list or revoke the tokens by which programs act.", module="token"),
    Command(
        verb="verify",
        says="Check that nothing in the journal was changed, deleted, swapped or cut off.",
        module="verify",
    ),
    Command(verb="backup", says="Write the whole book into one file.", module="backup"),
    Command(verb="restore", says="Put a backup into an empty place, whole or not at all.", module="restore"),
    Command(verb="migrate", says="Bring the database to the shape this program needs.", module="migrate"),
    Command(verb="doctor", says="Check that this machine has what MOMS needs, one line each.", module="doctor"),
)
