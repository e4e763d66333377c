"""`moms changes`: from a draft to what the next study uses, at the shell of two people."""

from __future__ import annotations

import json

import pytest

from moms.cli.entry import main
from tests.exchange.casefiles import FIVE_BUSES


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def moms(home, monkeypatch, capsys):
    """Give what runs a command in one home, and gives its exit code and what it printed."""
    case = home / "case1.m"
    case.write_text(FIVE_BUSES)
    for name, value in (("MOMS_HOME", str(home)), ("MOMS_NOW", "2027-02-01T10:00-05:00"), ("MOMS_GRID", str(case)),
                        ("MOMS_USER", "eve")):  # fmt: skip
        monkeypatch.setenv(name, value)

    def run(*words: str):
        code = main(["changes", *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_a_rating_and_a_rule_are_drafted_compared_and_landed_by_two(moms, capsys):
    code, there = moms("open", "a new", "conductor", "--reason", "order 4711")
    assert (code, there["title"], there["became"]) == (0, "a new conductor", "draft")
    name = there["id"]
    code, there = moms("edit", name, "--set", "asset", "branch:1", "rate_b_mw=1", "--reason", "x")
    code, diff = moms("diff", name)
    assert (code, [row["rule"] for row in diff["against"]]) == (1, ["CHANGE-1"])
    code, refused = moms("merge", name, "--reason", "x")
    assert (code, [row["rule"] for row in refused["against"]]) == (1, ["CHANGE-1"])
    moms("edit", name, "--drop", "asset", "branch:1", "rate_b_mw", "--set", "asset", "branch:1", "rate_c_mw=9000",
         "--set", "rules", "decision", "load_at_risk_mw=80", "--source", "order 9", "--reason", "measured")  # fmt: skip
    code, told = moms("merge", name, "--reason", "mine")
    assert (code, told["error"]["field"]) == (2, "actor")
    code, landed = moms("merge", name, "--reason", "read", "--as", "zoe")
    assert (code, landed["change_set"]["landing"]) == (0, 1)
    code, known = moms("known", "asset", "branch:1")
    assert (known["values"]["rate_c_mw"], known["changed_by"]) == (9000.0, {"rate_c_mw": name})
    code, before = moms("known", "asset", "branch:1", "--at", "2027-01-31")
    assert before["values"]["rate_c_mw"] != 9000.0
    code, rule = moms("known", "rules", "decision.load_at_risk_mw")
    assert rule["values"] == {"value": 80, "source": "order 9"}
    assert main(["changes"]) == 0
    assert "merged" in capsys.readouterr().out
    assert main(["verify"]) == 0


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("edit", "CS-nothing", "--set", "asset", "branch:1", "rate_b_mw=1", "--reason", "x"), "change_set"),
        (("open", "x"), "reason"),
        (("show",), "ID"),
        (("try", "CS-x"), "--from"),
        (("known", "asset"), "known"),
        (("known", "colour", "x"), "table"),
        (("known", "asset", "branch:99"), "asset"),
    ],
)
def test_wrong_use_names_the_field(moms, words, field):
    code, told = moms(*words)
    assert (code, told["error"]["field"]) == (2, field)
    assert told["error"]["fix"]
