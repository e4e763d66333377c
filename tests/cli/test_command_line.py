"""The command line is a contract: exit codes, one sentence, JSON, and nothing slow before it is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from moms.cli import commands, main, parse, table
from moms.cli.exits import Exit
from moms.values import Refused

HEAVY = (
    "numpy",
    "scipy",
    "numba",
    "rich",
    "sqlalchemy",
    "psycopg",
    "highspy",
    "fastapi",
    "uvicorn",
    "argon2",
    "moms.grid",
    "moms.store",
    "moms.portal",
)
VERBS = [command.verb for command in table.COMMANDS]


class Wrong(Refused):
    """A refusal of some room."""


@pytest.fixture
def does(monkeypatch: pytest.MonkeyPatch):
    """Make `moms doctor` do something else."""

    def swap(deed):
        module = import_module("moms.cli.commands.doctor")
        monkeypatch.setattr(module, "run", deed)

    return swap


def raises(error: BaseException):
    def deed(_args):
        raise error

    return deed


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["doctor", "--help"]])
def test_help_and_version_load_nothing_heavy(words: list[str]):
    code = f"import sys; from moms.cli import main; main({words!r}); print(*sorted(sys.modules), file=sys.stderr)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout
    assert not {name for name in answer.stderr.split() if name in HEAVY}


def test_version_names_the_program(capsys: pytest.CaptureFixture[str]):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "moms 0.1.0\n"


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]):
    assert main([]) == 0
    out = capsys.readouterr().out
    for command in table.COMMANDS:
        assert command.says in " ".join(out.split())


@pytest.mark.parametrize("code", [Exit.DONE, Exit.NO, Exit.WRONG_USE, Exit.BROKEN])
def test_a_command_s_code_is_the_program_s(does, code: Exit):
    does(lambda _args: code)
    assert main(["doctor"]) == code


def test_a_refusal_is_one_sentence_with_field_and_fix(does, capsys: pytest.CaptureFixture[str]):
    does(raises(Wrong("the end is not after the start", field="end", fix="give an end after the start")))
    assert main(["doctor"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "moms: end: the end is not after the start (give an end after the start)\n"


def test_a_refusal_is_json_for_machines(does, capsys: pytest.CaptureFixture[str]):
    does(raises(Wrong("no such outage", field="id", fix="look with `moms list`")))
    assert main(["doctor", "--json"]) == 2
    error = {"says": "no such outage", "field": "id", "fix": "look with `moms list`"}
    assert json.loads(capsys.readouterr().out) == {"error": error}


def test_a_bug_is_one_sentence_and_code_3(does, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MOMS_DEBUG", raising=False)
    does(raises(ZeroDivisionError("division\nby zero")))
    assert main(["doctor"]) == 3
    err = capsys.readouterr().err
    assert err.startswith("moms: broken: ZeroDivisionError: division by zero (")
    assert "MOMS_DEBUG=1" in err
    assert len(err.splitlines()) == 1


def test_a_bug_shows_its_trace_when_asked(does, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MOMS_DEBUG", "1")
    does(raises(ZeroDivisionError()))
    assert main(["doctor"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_130(does, capsys: pytest.CaptureFixture[str]):
    does(raises(KeyboardInterrupt()))
    assert main(["doctor"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["dcotor"], "moms: command: there is no command 'dcotor' (did you mean `moms doctor`?)"),
        (["zzz"], "moms: command: there is no command 'zzz' (`moms --help` lists the commands)"),
        (["doctor", "--nosuch"], "moms: unrecognized arguments: --nosuch (see `moms --help`)"),
        (["doctor", "--js"], "moms: unrecognized arguments: --js (see `moms --help`)"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(words: list[str], says: str, capsys: pytest.CaptureFixture[str]):
    assert main(words) == 2
    assert capsys.readouterr().err == f"{says}\n"


def test_wrong_use_is_json_for_machines(capsys: pytest.CaptureFixture[str]):
    assert main(["nosuch", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "command"


def test_a_reader_that_went_away_is_met_in_silence():
    code = (
        "import sys; from moms.cli import main; import moms.cli.commands.doctor as d\n"
        "def run(args):\n    for k in range(100000): print(k)\n    return 0\n"
        "d.run = run; sys.exit(main(['doctor']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout
        assert started.stderr
        started.stdout.readline()
        started.stdout.close()
        assert started.stderr.read() == b""
        assert started.wait() == Exit.PIPE_CLOSED


def test_an_output_without_utf8_is_no_failure():
    code = "import sys; from moms.cli import main; sys.exit(main(['--help']))"
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, env=env, check=False)
    assert answer.returncode == 0
    assert answer.stderr == b""


def test_python_dash_m_is_the_same_program():
    answer = subprocess.run([sys.executable, "-m", "moms", "nosuch"], capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert answer.stderr.startswith("moms: command: there is no command 'nosuch'")


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_shows_an_example_and_takes_json(verb: str, capsys: pytest.CaptureFixture[str]):
    assert main([verb, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"example:\n  moms {verb}" in out
    assert "--json" in out


def test_every_module_of_a_command_is_in_the_table():
    files = {path.stem for path in Path(commands.__file__).parent.glob("*.py")} - {"__init__"}
    assert {command.module for command in table.COMMANDS} == {name for name in files if not name.startswith("_")}
    assert len(set(VERBS)) == len(VERBS)


def test_a_command_may_bring_a_json_option_of_its_own(monkeypatch: pytest.MonkeyPatch):
    module = import_module("moms.cli.commands.doctor")
    monkeypatch.setattr(module, "arguments", lambda parser: parser.add_argument("--json", metavar="FILE"))
    args, _ = parse.parse(["doctor", "--json", "rows.json"])
    assert args.json == "rows.json"
