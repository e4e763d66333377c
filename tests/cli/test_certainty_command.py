from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from moms.cli import main
from moms.exchange._sheet import BadTable
from moms.exchange.certainty import COLUMNS, read_history, read_learnt, read_model

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


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("certainty") / "m.json"
    main(["certainty", "train", "--simulate", "6000", "--seed", "3", "--out", str(path)])
    return path


def asked(capsys, model, *words):
    code = main(["certainty", "ask", "--model", str(model), "--class", "line", "--planned", "100", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_one_outage_is_told_what_becomes_of_it_and_how_much_to_book(capsys, model):
    code, found = asked(capsys, model, "--late", "3", "--early", "1", "--gone", "105")
    assert code == 0
    assert found["simulated"] is True
    assert found["low_h"] < 100 < found["high_h"]
    # Three to one: three of four such outages take no longer than what is booked.
    model_of = read_model(model)[0].durations
    law = stats.norm(model_of.log_ratio[0], model_of.sigma[0])
    assert found["book_h"] == pytest.approx(100 * np.exp(law.ppf(0.75)), rel=1e-4)
    late, out = law.sf(np.log(1.1)), law.sf(np.log(1.05))
    assert found["still_late"] == pytest.approx(late / out, rel=1e-4)
    if found["back_in_time"] is not None:
        assert found["back_in_time"] == pytest.approx(1 - late, abs=1e-5)
    far, near = (asked(capsys, model, "--lead", lead)[1]["begins"] for lead in ("600", "5"))
    assert far is None or far < near


@pytest.mark.parametrize(
    "words", [["--late", "3"], ["--late", "0", "--early", "0"], ["--planned", "0"], ["--gone", "-1"], ["--lead", "-2"]]
)
def test_an_ask_that_cannot_be_is_wrong_use(capsys, model, words):
    assert main(["certainty", "ask", "--model", str(model), "--class", "line", "--planned", "10", *words]) == 2
    assert "moms:" in capsys.readouterr().err


def test_a_model_says_no_number_where_it_is_not_calibrated(capsys, model):
    assert main(["certainty", "ask", "--model", str(model), "--class", "line", "--planned", "10", "--owner", "X"]) == 0
    text = capsys.readouterr().out
    assert "X is not in the history" in text
    assert "no owner or outage is a real one" in text
    assert ("not calibrated" in text) == (
        not (read_learnt(model).goes_published and read_learnt(model).on_time_published)
    )
