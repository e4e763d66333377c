"""`moms risk keep` and `show`: a storm is kept once, told with its age, and refused with its field."""

from __future__ import annotations

import json

import pytest

from moms.cli import main

NOW = "2027-04-01T12:00Z"


@pytest.fixture(autouse=True, scope="module")
def home(tmp_path_factory):
    """Give one home to all: only one test keeps anything in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOMS_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("MOMS_DATABASE_URL", raising=False)
        yield


def risk(*words, now=NOW, who=("--as", "eve", "--role", "engineer")):
    return main(["risk", *words, *who, "--now", now])


def test_the_sample_storm_is_kept_as_a_drill_and_told(capsys):
    assert risk("show") == 1
    assert "No storm forecast is kept" in capsys.readouterr().out
    assert risk("keep", "--storm", "sample", "--begins", "2027-04-03T06:00Z") == 0
    said = capsys.readouterr().out
    assert "2027-04-03T06:00Z to 2027-04-03T18:00Z" in said
    assert "a drill" in said
    assert "UNCALIBRATED" in said
    assert risk("show", "--json") == 0
    found = json.loads(capsys.readouterr().out)["storm"]
    assert (found["issued"], found["age_h"], found["over"], found["places"]) == ("2027-04-01T12:00Z", 0.0, False, 208)
    assert risk("show", "--json", now="2027-04-03T18:00Z") == 1
    assert json.loads(capsys.readouterr().out)["storm"]["over"]


@pytest.mark.parametrize(
    ("words", "field"),
    [(("--storm", "sample", "--begins", "soon"), "begins"), (("--storm", "nowhere.csv"), "storm")],
)
def test_what_cannot_be_kept_names_its_field(capsys, words, field):
    assert risk("keep", *words) == 2
    said = capsys.readouterr().err
    assert field in said


def test_an_owner_keeps_none(capsys):
    assert risk("keep", "--storm", "sample", who=("--as", "ann", "--role", "owner", "--org", "TO-1")) == 2
    assert "the operator keeps forecasts" in capsys.readouterr().err
