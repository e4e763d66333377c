"""The one way in: run a command, and turn whatever happens into an exit code and one sentence."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.parse import parse
from moms.values.refused import Refused
from moms.wiring.memory import keep_freed

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from moms.cli.parse import CommandModule


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit code; errors are one sentence on stderr.

    With `--json` an error is also `{"error": {"says", "field", "fix"}}` on stdout.
    """
    words = sys.argv[1:] if words is None else list(words)
    for_machines = any(word == "--json" or word.startswith("--json=") for word in words)
    try:
        return _run(words)
    except Refused as refusal:
        _tell(refusal.says, field=refusal.field, fix=refusal.fix, for_machines=for_machines)
        return Exit.WRONG_USE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever reads us has gone: point stdout nowhere, or Python complains once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE_CLOSED
    except Exception as bug:  # noqa: BLE001 - the last stop: whatever it is, one sentence and a code of its own
        if os.environ.get("MOMS_DEBUG"):
            import traceback

            traceback.print_exc()
        fix = "a fault of MOMS or of this machine; MOMS_DEBUG=1 shows the trace, `moms doctor` checks the machine"
        _tell(f"broken: {_one_line(bug)}", field=None, fix=fix, for_machines=for_machines)
        return Exit.BROKEN


def _run(words: Sequence[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 is no reason to fail
    try:
        args, module = parse(words)
        keep_freed()
        code = Exit.DONE if module is None else _known(args, module)
    except SystemExit as stop:  # argparse, after --help or --version
        code = stop.code if isinstance(stop.code, int) else Exit.DONE
    sys.stdout.flush()  # a closed pipe shows here, not after we have returned
    return code


def _known(args: Namespace, module: CommandModule) -> int:
    """Run a command, with the machine and the login at it for the journal: who acts is what the shell says."""
    from moms.desk.origin import Door, Origin, asked_from

    door = {"worker": Door.WORKER, "serve": Door.SERVER, "demo": Door.SERVER}.get(args.of_all, Door.COMMAND_LINE)
    with asked_from(Origin(door=door, address=f"{_login()}@{os.uname().nodename}")):
        return module.run(args)


def _login() -> str:
    """Give the login by the user that this process is; variables of the shell are not asked."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _tell(says: str, *, field: str | None, fix: str | None, for_machines: bool) -> None:
    print(f"moms: {Refused(says, field=field, fix=fix)}", file=sys.stderr)
    if for_machines:
        print(json.dumps({"error": {"says": says, "field": field, "fix": fix}}, indent=2, ensure_ascii=False))


def _one_line(bug: Exception) -> str:
    text = " ".join(str(bug).split())
    return f"{type(bug).__name__}: {text}" if text else type(bug).__name__
