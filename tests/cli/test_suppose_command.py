"""`moms suppose`: what a person and a machine are shown, and what is kept."""

from __future__ import annotations

import contextlib
import json

import pytest

from moms.cli import main
from moms.cli.commands import suppose as command
from moms.desk.attach import attached
from moms.wiring.office import Office
from moms.wiring.settings import Settings
from tests.desk.test_what_if import WORLD, filed
from tests.desk.worlds import ENGINEER, NOW
from tests.postgres import book, database, servers

__all__ = ["book", "database", "servers"]


@pytest.fixture
def outages(book, monkeypatch, tmp_path):
    """Give the command line an office whose book holds two outages."""

    @contextlib.contextmanager
    def office(_args):
        chosen = Settings(home=tmp_path, actor=ENGINEER, now=NOW, simulated=True, grid="x", rule_book="x")
        yield Office(settings=chosen, book=book, opened=WORLD)

    monkeypatch.setattr(command, "office", office)
    return filed(book, "branch:7"), filed(book, "branch:40", minute=5)


def test_a_person_reads_the_outcome_the_pairs_and_how_it_compares(outages, capsys):
    _, mine = outages
    assert main(["suppose", mine.id]) == 0
    shown = capsys.readouterr().out
    assert "it finds what the decision found" in shown
    assert "beside 1 other outage" in shown
    assert main(["suppose", mine.id, "--no-redispatch"]) == 1
    shown = capsys.readouterr().out
    assert "over a limit" in shown
    assert "branch:" in shown


def test_a_machine_is_told_all_and_a_study_is_kept_for_a_reason(outages, book, capsys):
    other, mine = outages
    words = ["suppose", mine.id, "--without", other.id, "--json"]
    main(words)
    found = json.loads(capsys.readouterr().out)
    assert found["holding"] == []
    assert found["supposed"]["without"] == [other.id]
    assert found["attached"] is False
    main([*words, "--attach", "clean once the other is back"])
    kept = json.loads(capsys.readouterr().out)
    assert kept["id"] == found["id"]
    with book.as_(ENGINEER) as page:
        assert [row["id"] for row in attached(page, mine.id)] == [found["id"]]


def test_equipment_with_its_dates_is_out_besides(outages, capsys):
    _, mine = outages
    main(["suppose", mine.id, "--add", "branch:12,branch:13,2027-02-10T05:00Z,2027-02-11T05:00Z", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert ["branch:12", "branch:13"] in [row["assets"] for row in found["holding"]]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "name one outage"),
        (["X", "--request", "-"], "name one outage"),
        (["X", "--from", "2027-03-01T00:00Z"], "a start and an end"),
        (["X", "--add", "2027-03-01T00:00Z,2027-03-02T00:00Z"], "no equipment"),
        (["X", "--add", "branch:1,soon,later"], "add"),
        (["NOBODY"], "NOBODY"),
    ],
)
@pytest.mark.usefixtures("outages")
def test_what_cannot_be_asked_is_refused_in_a_sentence(words, says, capsys):
    assert main(["suppose", *words]) == 2
    assert says in capsys.readouterr().err
