"""`moms study`: the small exact cases by the command line, its exit codes, its refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from moms.cli import main

if TYPE_CHECKING:
    from pathlib import Path

CASE_1 = """function mpc = case1
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 345 1 1.1 0.9;
 2 1 70 0 0 0 1 1 0 345 1 1.1 0.9;
 3 1 0 0 0 0 1 1 0 345 1 1.1 0.9;
 4 1 170 0 0 0 1 1 0 345 1 1.1 0.9;
 5 1 70 0 0 0 1 1 0 345 1 1.1 0.9;
];
mpc.gen = [
 1 310 0 999 -999 1 100 1 400 0;
];
mpc.branch = [
 1 2 0 0.1 0 160 192 192 0 0 1 -360 360;
 1 4 0 0.2 0 220 264 264 0 0 1 -360 360;
 1 5 0 0.2 0 80 96 96 0 0 1 -360 360;
 2 3 0 0.05 0 240 288 288 0 0 1 -360 360;
 3 4 0 0.05 0 120 144 144 0 0 1 -360 360;
 4 5 0 0.1 0 90 108 108 0 0 1 -360 360;
 2 4 0 0.2 0 140 168 168 0 0 1 -360 360;
 2 5 0 0.2 0 220 264 264 0 0 1 -360 360;
];
"""
CASE_2 = """function mpc = case2
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 345 1 1.1 0.9;
 2 1 300 0 0 0 1 1 0 345 1 1.1 0.9;
];
mpc.gen = [
 1 300 0 999 -999 1 100 1 500 0;
];
mpc.branch = [
 1 2 0 0.1 0 320 320 320 0 0 1 -360 360;
 1 2 0 0.2 0 200 250 250 0 0 1 -360 360;
 1 2 0 0.4 0 200 250 250 0 0 1 -360 360;
 1 2 0 0.1 0 320 320 320 0 0 0 -360 360;
];
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "case1.m").write_text(CASE_1)
    (tmp_path / "case2.m").write_text(CASE_2)
    (tmp_path / "h.csv").write_text("hour,scale\n0,1.0\n")
    return tmp_path


def asked(folder: Path, case: str, *words: str) -> list[str]:
    return ["study", "--grid", str(folder / case), "--hours", str(folder / "h.csv"), *words, "--json"]


def test_case_1_gives_the_worked_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(asked(folder, "case1.m", "--out", "branch:6", "--contingencies", "branches", "--all"))
    answer = json.loads(capsys.readouterr().out)
    assert code == 1
    assert answer["base"] == []
    assert answer["hours"] == ["0"]
    assert answer["out"] == ["branch:6"]
    flows = {row["element"]: row["flow_mw"] for row in answer["flows"]}
    worked = {1: 143.076923, 2: 96.153846, 3: 70.769231, 4: 49.230769, 5: 49.230769, 6: 0, 7: 24.615385, 8: -0.769231}
    assert flows == pytest.approx({f"branch:{k}": mw for k, mw in worked.items()}, abs=1e-3)
    rows: dict[tuple[str, str], object] = {
        (row["contingency"], row["element"]): (
            row["caused"], pytest.approx(row["flow_mw"], abs=1e-3), row["limit_mw"],
            pytest.approx(row["percent"], abs=1e-3), pytest.approx(row["without_mw"], abs=1e-3),
        )
        for row in answer["violations"]
    }  # fmt: skip
    assert rows == {
        ("branch:3", "branch:1"): ("new", 194.545455, 192, 101.3258, 189.230769),
        ("branch:2", "branch:1"): ("worse", 220.0, 192, 114.5833, 198.604651),
        ("branch:1", "branch:3"): ("old", 128.0, 96, 133.3333, 144.615385),
    }


def test_old_rows_are_shown_with_all_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked(folder, "case1.m", "--out", "branch:6", "--contingencies", "branches")) == 1
    assert {row["caused"] for row in json.loads(capsys.readouterr().out)["violations"]} == {"new", "worse"}


def test_case_2_keeps_parallel_circuits_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked(folder, "case2.m", "--out", "branch:3", "--contingencies", "branches", "--all")) == 1
    answer = json.loads(capsys.readouterr().out)
    (row,) = answer["violations"]
    assert (row["contingency"], row["element"], row["flow_mw"], row["limit_mw"]) == ("branch:1", "branch:2", 300, 250)
    assert (row["percent"], row["without_mw"], row["caused"]) == (120, 200, "new")
    assert answer["islanding"] == []
    assert [row["flow_mw"] for row in answer["flows"]] == [200, 100, 0, 0]


def test_a_generator_goes_out_with_its_output_taken_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = CASE_2.replace("mpc.gen = [", "mpc.gen = [\n 2 100 0 999 -999 1 100 1 150 0;")
    text = text.replace("1 300 0 999", "1 200 0 999").replace("0.2 0 200 250 250", "0.2 0 200 150 150")
    (folder / "two.m").write_text(text)
    assert main(asked(folder, "two.m", "--out", "gen:1", "--contingencies", "branches", "--all")) == 1
    answer = json.loads(capsys.readouterr().out)
    assert sum(row["flow_mw"] for row in answer["flows"]) == pytest.approx(300, abs=2e-3)
    rows = {(row["contingency"], row["element"]): row for row in answer["violations"]}
    assert rows["branch:1", "branch:2"]["caused"] == "new"
    assert rows["branch:1", "branch:2"]["without_mw"] == pytest.approx(200 * 2 / 3, abs=1e-3)


def test_nothing_out_is_clean_and_a_person_reads_a_sentence_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(folder, "case1.m")[:-1]) == 0
    assert capsys.readouterr().out.startswith("With nothing out nothing new breaks in 1 hour")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--out", "branch:4"], "out of service"),
        (["--out", "branch:9"], "no branch:9"),
        (["--out", "bus:1"], "cannot be taken out"),
        (["--out", "feeder:1"], "not the name of an element"),
        (["--out", "breaker:1"], "no breaker:1"),
        (["--contingencies", "some"], "no list of contingencies"),
    ],
)
def test_what_cannot_be_studied_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert main(asked(folder, "case2.m", *words)) == 2
    assert says in json.loads(capsys.readouterr().out)["error"]["says"]
