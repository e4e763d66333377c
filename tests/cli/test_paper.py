"""How answers look: plain where nobody watches, framed and coloured on a terminal."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from moms.cli import paper
from moms.cli.answers import show_outage
from moms.outages import Status, Wish, to_document
from moms.values import Window
from tests.outages.builders import NOW, a_request, a_window, an_outage


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    somebody, nobody = SimpleNamespace(isatty=lambda: True), SimpleNamespace(isatty=lambda: False)
    monkeypatch.setattr("moms.cli.paper.sys", SimpleNamespace(stdout=somebody, stderr=nobody))


ROWS = [["branch:6", "12.5"], ["branch:11", paper.Cell(text="130.0", abnormal=True)]]


def test_an_abnormal_cell_is_marked_without_colour(capsys: pytest.CaptureFixture[str]):
    paper.show_table(columns=["line", "MW"], rows=ROWS, title="Flows", right=["MW"])
    assert capsys.readouterr().out == "Flows\nline           MW\nbranch:6     12.5\nbranch:11  130.0!\n"


@pytest.mark.usefixtures("terminal")
def test_only_the_abnormal_is_coloured_on_a_terminal(capsys: pytest.CaptureFixture[str]):
    paper.show_table(columns=["line", "MW"], rows=ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert "\x1b[1;31m130.0" in next(line for line in lines if "branch:11" in line)
    assert "\x1b[" not in next(line for line in lines if "branch:6" in line)


@pytest.mark.usefixtures("terminal")
def test_what_comes_from_data_is_never_markup(capsys: pytest.CaptureFixture[str]):
    paper.show_table(columns=["x"], rows=[["[red]name[/red]"]])
    paper.say("[bold]name", abnormal=True)
    out = capsys.readouterr().out
    assert "[red]name[/red]" in out
    assert "[bold]name" in out


def test_an_empty_table_shows_its_columns(capsys: pytest.CaptureFixture[str]):
    paper.show_table(columns=["id", "state"], rows=[])
    assert capsys.readouterr().out == "id  state\n"


def test_json_is_in_utc_and_sorted(capsys: pytest.CaptureFixture[str]):
    day = Window(start=datetime(2027, 3, 1, tzinfo=UTC), end=datetime(2027, 3, 2, tzinfo=UTC))
    paper.show_json({"window": day, "n": 1})
    out = capsys.readouterr().out
    assert json.loads(out) == {"n": 1, "window": {"start": "2027-03-01T00:00Z", "end": "2027-03-02T00:00Z"}}
    assert out.index('"n"') < out.index('"window"')


def test_a_bar_is_shown_only_while_a_person_watches(capsys: pytest.CaptureFixture[str]):
    with paper.progress("studying", total=3) as done:
        done(3)
    assert capsys.readouterr().err == ""


def test_an_outage_says_that_its_change_waits_and_what_stands(capsys):
    wish = Wish(request=a_request(window=a_window(hours=90)), stamp=NOW, added=(), stamped_h=90.0)
    outage = to_document(an_outage(status=Status.APPROVED, wish=wish))
    assert show_outage(Namespace(json=False), {"outage": outage, "decision": None, "history": []}) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "A change waits for its decision, in the queue since Mon 04 Jan 2027 10:00 EST: branch:1," in text
    assert "Until then the above stands." in text
    plain = to_document(an_outage())
    show_outage(Namespace(json=False), {"outage": plain, "decision": None, "history": []})
    assert "A change waits" not in capsys.readouterr().out
