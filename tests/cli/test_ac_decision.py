"""What `moms show` prints of an AC verification, and the case it saves."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from moms.cli import main
from moms.cli.commands import show as command
from moms.exchange.matpower import read_case
from moms.wiring.office import Office
from moms.wiring.settings import Settings
from tests.desk.dressed import a_dressed_world
from tests.desk.worlds import ENGINEER, NOW, OWNER, ask
from tests.postgres import book, database, servers

if TYPE_CHECKING:
    from moms.values import Actor

__all__ = ["book", "database", "servers"]


@pytest.fixture
def desk(book, monkeypatch, tmp_path):
    """Give the command line an office on case118; who acts can be changed."""
    world = a_dressed_world("case118")
    who: list[Actor] = [OWNER]

    def an_office() -> Office:
        chosen = Settings(home=tmp_path, actor=who[0], now=NOW, simulated=True, grid="x", rule_book="x")
        return Office(settings=chosen, book=book, opened=world)

    @contextlib.contextmanager
    def office(_args):
        yield an_office()

    monkeypatch.setattr(command, "office", office)
    for asset in ("branch:8", "branch:20"):
        an_office().submit(ask(asset))
    who[0] = ENGINEER
    return who


def test_values_beyond_limits_are_shown_with_bus_kv_contingency_and_hour(desk, capsys):
    assert main(["show", ask("branch:20").external_id]) == 0
    shown = capsys.readouterr().out
    assert "AC: violations. 236 contingencies in 1 of 24 operating points" in shown
    assert "2027-02-10T05:00Z: the most reactive losses, the least load, the most load" in shown
    (line,) = [x for x in shown.splitlines() if x.strip().startswith("branch:8") and "bus:13 " in x]
    for told in ("138", "low voltage pu", "0.89", "0.94", "0.9478", "new"):
        assert told in line


def test_the_case_without_a_solution_is_saved_and_read_again(desk, capsys, tmp_path):
    file = tmp_path / "unsolved.m"
    assert main(["show", ask("branch:8").external_id, "--save-case", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "No AC solution after branch:22" in shown
    assert "moms show ID --save-case FILE" in shown
    text = file.read_text(encoding="utf-8")
    assert "branch:22, 2027-02-10T05:00Z" in text.splitlines()[1]
    assert not read_case(file).network.branches.in_service[[7, 21]].any()


def test_it_is_the_operators_and_nothing_is_saved_where_there_is_none(desk, capsys, tmp_path):
    file = tmp_path / "unsolved.m"
    assert main(["show", ask("branch:20").external_id, "--save-case", str(file)]) == 2
    assert "was left without an AC solution" in capsys.readouterr().err
    desk[0] = OWNER
    assert main(["show", ask("branch:8").external_id, "--save-case", str(file)]) == 2
    assert "a saved case is the operator's to see" in capsys.readouterr().err
    assert not file.exists()
