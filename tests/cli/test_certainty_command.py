from __future__ import annotations

import json

import pytest

from moms.cli import main
from moms.exchange._sheet import BadTable
from moms.exchange.certainty import COLUMNS, read_history, read_model

HEAD = ",".join(COLUMNS) + "\n"
GOOD = ["120,line,A,48,0,1,0.01,went,,50,0\n", "20,thermal,B,400,2,0,0.02,owner,12,,0\n",
        "200,nuclear,A,700,0,0,0,recall,3,,0\n", "9,line,B,20,0,0,0,went,,4,1\n"]  # fmt: skip


def test_a_model_is_trained_kept_and_shown_with_the_same_version_and_card(tmp_path, capsys):
    path = tmp_path / "m.json"
    code = main(["certainty", "train", "--simulate", "3000", "--seed", "3", "--out", str(path), "--json"])
    made = json.loads(capsys.readouterr().out)
    assert code == (0 if made["may_be_published"] else 1)
    assert (made["trained_on"], made["tuned_on"], made["held_out"]) == (1800, 600, 600)
    assert "no owner or outage is a real one" in made["source"]
    assert main(["certainty", "report", "--model", str(path), "--json"]) == code
    assert json.loads(capsys.readouterr().out) == made
    assert main(["certainty", "report", "--model", str(path)]) == code
    text = capsys.readouterr().out
    assert made["version"] in text
    assert "Spiegelhalter" in text
    assert set(made["causes"]) == {"owner", "weather", "forced", "resource", "recall"}


def test_a_model_that_was_touched_is_refused(tmp_path, capsys):
    path = tmp_path / "m.json"
    main(["certainty", "train", "--simulate", "1500", "--out", str(path)])
    read_model(path)
    path.write_text(path.read_text().replace('"trained_on": 900', '"trained_on": 901'))
    capsys.readouterr()
    assert main(["certainty", "report", "--model", str(path)]) == 2
    assert "changed since it was written" in capsys.readouterr().err


def test_a_history_is_read_line_by_line(tmp_path):
    path = tmp_path / "h.csv"
    path.write_text(HEAD + "".join(GOOD))
    found, owners = read_history(path)
    assert owners == ("A", "B")
    assert found.outcome.tolist() == [0, 1, 5, 0]
    assert found.bucket.tolist() == [-1, 3, 4, -1]
    assert found.owner.tolist() == [0, 1, 0, 1]
    assert found.running.tolist() == [False, False, False, True]
    assert found.actual_h.tolist() == [50.0, 0.0, 0.0, 4.0]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("120,boat,A,48,0,1,0.01,went,,50,0\n", "class"),
        ("120,line,A,48,0,1,0.01,perhaps,,50,0\n", "outcome"),
        ("120,line,A,0,0,1,0.01,went,,50,0\n", "planned_h"),
        ("120,line,A,48,0,1,0.01,went,,,0\n", "actual_h"),
        ("120,line,A,48,0,1,0.01,owner,,,0\n", "cancelled_days"),
    ],
)
def test_a_history_that_cannot_be_names_line_and_column(tmp_path, line, field):
    path = tmp_path / "h.csv"
    path.write_text(HEAD + line)
    with pytest.raises(BadTable) as refused:
        read_history(path)
    assert refused.value.field == f"history line 2, {field}"


@pytest.mark.parametrize("words", [["--simulate", "0"], ["--simulate", "100"]])
def test_too_little_to_learn_from_is_wrong_use(tmp_path, capsys, words):
    assert main(["certainty", "train", *words, "--out", str(tmp_path / "m.json")]) == 2
    assert "moms:" in capsys.readouterr().err
