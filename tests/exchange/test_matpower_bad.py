"""Bad case files are refused with line and reason, and a cut file never passes for a whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.exchange.matpower import BadCaseFile, BadGrid, parse_case, read_case
from moms.values import Refused
from tests.exchange.casefiles import EVERYTHING, FIVE_BUSES, wheel_data

if TYPE_CHECKING:
    from moms.grid import Grid

BAD = {
    "a table that is not closed": (("];\nmpc.branch", "\nmpc.branch"), "line 15", "not closed before"),
    "a row cut short": ((" 2 3 0 0.05 0 240", " 2 3 0 0.05"), "line 19", "columns"),
    "a row with a column too many": ((" 3 4 0 0.05 0", " 3 4 0 0.05 0 0"), "line 20", "14 columns"),
    "unknown columns": (("400 0;", "400 0" + " 0" * 16 + ";"), "line 13", "version 2 knows 25"),
    "too few columns": ((" 1 310 0 999 -999 1 100 1 400 0;", " 1 310 0 999 -999 1 100 1;"), "line 13", "10 are needed"),
    "a branch at a bus that does not exist": ((" 4 5 0 0.1", " 4 9 0 0.1"), "branch:6 to_bus", "line 21: .*bus 9"),
    "a unit at a bus that does not exist": ((" 1 310 0", " 7 310 0"), "gen:1 bus", "line 13: .*bus 7"),
    "two rows for one bus": ((" 5 1 70", " 4 1 70"), "bus:4", "line 10: bus 4 stands twice"),
    "zero impedance": ((" 2 3 0 0.05", " 2 3 0 0"), "branch:4 x", "line 19: .*zero reactance"),
    "NaN in a load": ((" 2 1 70 0", " 2 1 NaN 0"), "bus:2 load_mw", "line 7: .*nan"),
    "NaN in a reactance": ((" 2 5 0 0.2", " 2 5 0 NaN"), "branch:8 x", "line 23: .*nan"),
    "an infinite reactance": ((" 2 5 0 0.2", " 2 5 0 Inf"), "branch:8 x", "line 23: .*inf"),
    "NaN as a bus number": ((" 2 5 0 0.2", " 2 NaN 0 0.2"), "line 23", "not a whole number"),
    "half a bus": ((" 5 1 70", " 5.5 1 70"), "line 10", "not a whole number"),
    "a bus number below one": ((" 5 1 70", " 0 1 70"), "line 10", "not positive"),
    "an unknown bus type": ((" 5 1 70", " 5 7 70"), "bus:5 kind", "line 10: .*type 7"),
    "no slack": ((" 1 3 0 0 0", " 1 2 0 0 0"), "bus", "no bus is the slack"),
    "two slacks in one island": ((" 4 1 170", " 4 3 170"), "bus:4", "line 9: .*second slack"),
    "a negative rating": ((" 160 192 192", " -160 192 192"), "branch:1 rate_a_mw", "line 16: .*below zero"),
    "Pmin above Pmax": (("400 0;", "400 500;"), "gen:1 p_min_mw", "line 13: .*above Pmax"),
    "no unit in service": (("100 1 400", "100 0 400"), "gen", "no unit"),
    "no units": ((" 1 310 0 999 -999 1 100 1 400 0;\n", ""), "gen", "no unit"),
    "no buses": ((FIVE_BUSES[FIVE_BUSES.index(" 1 3") : FIVE_BUSES.index("];")], ""), "file", "bus has no rows"),
    "a base of zero": (("baseMVA = 100", "baseMVA = 0"), "baseMVA", "0 MVA"),
    "no base": (("mpc.baseMVA = 100;\n", ""), "file", "baseMVA is missing"),
    "no branches": ((FIVE_BUSES[FIVE_BUSES.index("mpc.branch") :], ""), "file", "branch is missing"),
    "no version": (("mpc.version = '2';\n", ""), "file", "version is missing"),
    "version 1": (("'2'", "'1'"), "line 3", "version '1'"),
    "a table given twice": (("mpc.gen = [", "mpc.bus = [];\nmpc.gen = ["), "line 12", "given twice"),
    "words for numbers": ((" 4 1 170", " 4 1 heavy"), "line 9", "'heavy' is not a number"),
    "sums for numbers": ((" 4 1 170", " 4 1 100+70"), "line 9", "is not a number"),
    "a status of two": (("0 0 1 -360 360;\n 4 5", "0 0 2 -360 360;\n 4 5"), "line 20", "status 2"),
    "a branch to itself": ((" 4 5 0 0.1", " 4 4 0 0.1"), "branch:6", "line 21: .*begins and ends"),
    "a negative tap": (("90 108 108 0", "90 108 108 -1"), "branch:6 tap", "line 21: .*tap ratio is -1"),
    "code": (("mpc.gen = [", "mpc.bus(:, 3) = mpc.bus(:, 3) * 2;\nmpc.gen = ["), "line 12", "computed by code"),
    "a loop": (("mpc.gen = [", "for k = 1:3\nend\nmpc.gen = ["), "line 12", "computed by code"),
    "code after the end": (("];\nmpc.gen", "];\nend\nmpc.gen"), "line 13", "after the function's end"),
    "another language": (("function mpc = case1", "import pandas"), "line 1", "expected `function"),
}


@pytest.mark.parametrize("kind", sorted(BAD))
def test_a_bad_file_is_refused_with_its_line_and_the_reason(kind):
    (old, new), field, says = BAD[kind]
    assert FIVE_BUSES.count(old) >= 1
    with pytest.raises(Refused, match=says) as refusal:
        parse_case(FIVE_BUSES.replace(old, new, 1).encode(), name="bad")
    assert refusal.value.field == field


def test_an_island_with_load_and_no_slack_is_refused():
    cut = FIVE_BUSES
    for row in (" 1 5 ", " 4 5 ", " 2 5 "):
        start = cut.index(row)
        cut = cut[:start] + cut[start:].replace("1 -360 360;", "0 -360 360;", 1)
    with pytest.raises(BadGrid, match=r"line 10: an island of 1 buses from bus 5 on has 70 MW load"):
        parse_case(cut.encode(), name="bad")


def test_two_islands_with_a_slack_each_are_accepted():
    cut = FIVE_BUSES.replace(" 5 1 70 ", " 5 3 70 ").replace("400 0;", "400 0;\n 5 70 0 9 -9 1 100 1 90 0;")
    for row in (" 1 5 ", " 4 5 ", " 2 5 "):
        start = cut.index(row)
        cut = cut[:start] + cut[start:].replace("1 -360 360;", "0 -360 360;", 1)
    assert len(parse_case(cut.encode(), name="two").network.units) == 2


def test_every_finding_is_given_not_only_the_first():
    spoilt = FIVE_BUSES.replace(" 4 5 0 0.1", " 4 9 0 0.1").replace(" 2 1 70 0", " 2 1 NaN 0")
    with pytest.raises(BadGrid) as refusal:
        parse_case(spoilt.encode(), name="bad")
    assert [f.rule for f in refusal.value.findings] == ["GRID-2", "GRID-3"]


def test_a_name_list_of_the_wrong_length_is_refused():
    with pytest.raises(BadCaseFile, match=r"3 texts for 4 rows of mpc\.gen"):
        parse_case(EVERYTHING.replace("\t'ng';\n", "").encode(), name="bad")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("\t2\t0\t0\t1\t70\t0\t0\t0;\n", "", "3 rows for 4 units"),
        ("\t2\t0\t0\t3\t", "\t5\t0\t0\t3\t", "model 5 is unknown"),
        ("\t2\t0\t0\t3\t0.01", "\t2\t0\t0\t9\t0.01", "9 is not the count"),
        ("\t2\t0\t0\t3\t0.01\t20\t100\t0", "\t2\t0\t0\t4\t0.01\t20\t100\t0", "degree 3"),
        ("-10\t-500\t0\t0;", "0\t-500\t0\t0;", "do not rise"),
        ("\t70\t", "\tNaN\t", "not a finite number"),
    ],
)
def test_bad_costs_are_refused(old, new, says):
    assert old in EVERYTHING
    with pytest.raises(BadCaseFile, match=says):
        parse_case(EVERYTHING.replace(old, new, 1).encode(), name="bad")


def _same(a: Grid, b: Grid) -> bool:
    tables = ("buses", "branches", "units", "dclines")
    return a.network.base_mva == b.network.base_mva and all(
        np.array_equal(getattr(getattr(a.network, t), c), getattr(getattr(b.network, t), c))
        for t in tables
        for c in getattr(a.network, t).__slots__
    )


@pytest.mark.parametrize("text", [FIVE_BUSES, EVERYTHING + "% the end\n"], ids=["required tables", "every table"])
def test_a_file_cut_at_any_byte_is_refused_or_equal_or_says_which_tables_it_lacks(text):
    whole = parse_case(text.encode(), name="t")
    read = 0
    for end in range(len(text)):
        try:
            part = parse_case(text[:end].encode(), name="t")
        except Refused:
            continue
        read += 1
        if part.notes[0] == whole.notes[0]:
            assert _same(part, whole), text[:end][-60:]
        else:  # cut between tables: the note that lists the tables is another one
            assert text[:end].rstrip().endswith(("]", "};", "];", "}")), text[:end][-60:]
    assert read > 0


@pytest.mark.parametrize("name", ["case33bw", "case141", "case8387pegase"])
def test_a_case_that_converts_its_units_by_code_is_refused_when_cut_before_it(name, must_have):
    folder = wheel_data()
    must_have(folder is not None, "the package matpower")
    assert folder is not None
    content = (folder / f"{name}.m").read_bytes()
    whole = read_case(folder / f"{name}.m")
    from_gencost = content.index(b"mpc.gencost")
    step = max(1, (len(content) - from_gencost) // 300)
    for end in range(content.index(b"];", from_gencost), len(content), step):
        try:
            part = parse_case(content[:end], name=name)
        except Refused:
            continue
        assert _same(part, whole)


@settings(max_examples=300, deadline=None)
@given(
    place=st.integers(0, len(EVERYTHING) - 1),
    junk=st.sampled_from([*"0123456789 ;,[]{}'%=-+.eEn\n\t", "NaN", "...", "\0"]),
)
def test_a_spoilt_file_is_a_grid_or_a_refusal_and_never_a_crash(place, junk):
    spoilt = EVERYTHING[:place] + junk + EVERYTHING[place + 1 :]
    try:
        grid = parse_case(spoilt.encode(), name="t")
    except Refused:
        return
    assert np.isfinite(grid.network.branches.x).all()
