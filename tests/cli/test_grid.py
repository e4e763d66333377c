"""`moms grid`: import, list, show; a bad file leaves nothing behind."""

from __future__ import annotations

import json

import pytest

from moms.cli import main
from tests.exchange.casefiles import EVERYTHING, FIVE_BUSES
from tests.exchange.test_matpower_bad import BAD


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MOMS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case1.m").write_text(FIVE_BUSES)
    (tmp_path / "all.m").write_text(EVERYTHING)
    return tmp_path


def _json(capsys):
    return json.loads(capsys.readouterr().out)


def test_an_imported_grid_is_listed_and_shown(home, capsys):
    assert main(["grid", "import", "all.m", "--name", "mine"]) == 0
    assert "Kept as mine: 4 buses, 5 branches, 4 units" in capsys.readouterr().out
    assert main(["grid", "list", "--json"]) == 0
    assert {"name": "mine", "from": "imported"} in _json(capsys)
    assert main(["grid", "show", "mine", "--json"]) == 0
    facts = _json(capsys)
    assert facts["counts"]["buses"] == 4
    assert facts["counts"]["unrated"] == 1
    assert facts["power"]["load_mw"] == 150
    assert facts["licence"] == "CC-BY 4.0"
    assert any("no rating" in note for note in facts["notes"])
    assert main(["grid", "show", "mine"]) == 0
    assert "Load 150.0 MW" in capsys.readouterr().out


def test_a_grid_can_be_shown_from_its_file_and_searched(home, capsys):
    assert main(["grid", "show", "all.m", "--find", "o'hare", "--json"]) == 0
    found = _json(capsys)
    assert found["total"] == len(found["elements"]) == 5
    assert main(["grid", "show", "all.m", "--find", "branch:3"]) == 0
    assert "transformer bus:20 O'HARE; 50% {x} - bus:30 SOUTH, 345/138 kV" in capsys.readouterr().out
    assert main(["grid", "show", "all.m", "--find", "nothing"]) == 0
    assert "Nothing in all matches 'nothing'" in capsys.readouterr().out


def test_a_contingency_table_is_kept_with_its_case(home, capsys):
    rows = "1 0 CT_TBRCH 3 BR_STATUS CT_REP 0;\n2 0 CT_TLOAD 2 CT_LOAD_ALL_P CT_REP 0;"
    (home / "contab.m").write_text(f"function chgtab = contab\ndefine_constants;\nchgtab = [\n{rows}\n];\n")
    assert main(["grid", "import", "case1.m", "--contingencies", "contab.m", "--json"]) == 0
    facts = _json(capsys)
    assert facts["contingencies"] == 1
    assert any("1 rows are no outage; the first: line 5: label 2" in note for note in facts["notes"])


@pytest.mark.parametrize("kind", sorted(BAD))
def test_a_bad_file_is_one_clear_error_and_nothing_is_kept(kind, home, capsys):
    (old, new), _, _ = BAD[kind]
    (home / "bad.m").write_text(FIVE_BUSES.replace(old, new, 1))
    assert main(["grid", "import", "bad.m"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("moms: ")
    assert "Traceback" not in told
    assert not list((home / "home").rglob("*.momsgrid"))


def test_all_findings_of_a_bad_grid_are_given_to_machines(home, capsys):
    (home / "bad.m").write_text(FIVE_BUSES.replace(" 4 5 0 0.1", " 4 9 0 0.1").replace(" 2 1 70 0", " 2 1 NaN 0"))
    assert main(["grid", "import", "bad.m", "--json"]) == 2
    assert [f["rule"] for f in _json(capsys)["error"]["findings"]] == ["GRID-2", "GRID-3"]


def test_a_name_taken_by_another_grid_is_refused_until_replace(home, capsys):
    assert main(["grid", "import", "case1.m", "--name", "x"]) == 0
    assert main(["grid", "import", "all.m", "--name", "x"]) == 2
    assert "--replace" in capsys.readouterr().err
    assert main(["grid", "import", "all.m", "--name", "x", "--replace"]) == 0


def test_the_switch_for_json_may_stand_before_the_verb(home, capsys):
    assert main(["grid", "--json", "list"]) == 0
    assert isinstance(_json(capsys), list)


def test_an_unknown_kind_of_file_is_refused(home, capsys):
    (home / "grid.xlsx").write_text("x")
    assert main(["grid", "import", "grid.xlsx"]) == 2
    assert "no kind of grid file" in capsys.readouterr().err
