"""From words on a command line to arguments; only the module of the verb that was named is imported."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from moms import __version__
from moms.cli.table import COMMANDS, Command
from moms.values.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = "MOMS, the Outage Management System for grid operators: ask for an outage, get a decision with evidence."
CONTRACT = """\
Exit codes: 0 done (approve, accept) · 1 the answer is counter, deny or refer · 2 wrong use · 3 broken.
Every command takes --json. `moms VERB --help` shows an example. MOMS_DEBUG=1 shows the trace of a failure."""


class WrongUse(Refused):
    """The words on the command line are not ones that this command takes."""


class CommandModule(Protocol):
    """What the module of a verb offers."""

    EXAMPLE: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments; a `--json` of its own replaces the plain switch."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it and give the exit code."""
        ...


class Parser(argparse.ArgumentParser):
    """Argparse whose complaints are refusals: one sentence, no page of usage."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line.

        Raises:
            WrongUse: always.
        """
        raise WrongUse(message, fix=f"see `{self.prog} --help`")


def parse(words: Sequence[str]) -> tuple[argparse.Namespace, CommandModule | None]:
    """Give the arguments and the module that runs them; no module where no verb was given.

    Raises:
        WrongUse: an unknown verb or argument; names the nearest verb.
        SystemExit: after `--help` or `--version` was printed.
    """
    verb = next((word for word in words if not word.startswith("-")), None)
    known = {command.verb for command in COMMANDS}
    if verb is not None and verb not in known:
        raise WrongUse(f"there is no command {verb!r}", field="command", fix=_nearest(verb, known))
    parser = Parser(prog="moms", description=DESCRIPTION, epilog=CONTRACT, allow_abbrev=False, formatter_class=_Help)
    parser.add_argument("--version", action="version", version=f"moms {__version__}")
    rows = parser.add_subparsers(title="commands", dest="of_all", metavar="COMMAND")
    module = None
    for command in COMMANDS:
        if command.verb == verb:
            module = _load(command, rows)
        else:
            rows.add_parser(command.verb, help=command.says, add_help=False)
    args = parser.parse_args(words)
    if module is None:
        parser.print_help()
    return args, module


class _Help(argparse.RawDescriptionHelpFormatter):
    """Columns wide enough for our verbs, and examples as they were written."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26)


def _load(command: Command, rows: argparse._SubParsersAction[Parser]) -> CommandModule:
    module = cast("CommandModule", import_module(f"moms.cli.commands.{command.module}"))
    parser = rows.add_parser(
        command.verb,
        help=command.says,
        description=command.says,
        epilog=f"example:\n{_indented(module.EXAMPLE)}",
        allow_abbrev=False,
        formatter_class=_Help,
    )
    module.arguments(parser)
    if "--json" not in parser._option_string_actions:  # noqa: SLF001 - argparse has no public way to ask
        parser.add_argument("--json", action="store_true", help="print JSON for machines, nothing else")
    return module


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())


def _nearest(verb: str, known: set[str]) -> str:
    import difflib

    near = difflib.get_close_matches(verb, sorted(known), n=1)
    return f"did you mean `moms {near[0]}`?" if near else "`moms --help` lists the commands"
