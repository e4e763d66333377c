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
    Command(verb="grid", says="Import a grid, list the grids there are, or show one.", module="grid"),
    Command(verb="verify", says="Check that the record is whole, and name what is not.", module="verify"),
    Command(verb="migrate", says="Bring the database to the shape this program needs.", module="migrate"),
    Command(verb="doctor", says="Check that this machine has what MOMS needs, one line each.", module="doctor"),
)
