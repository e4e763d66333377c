from __future__ import annotations

import json

import numpy as np
import pytest

from moms.cli import main
from moms.exchange._sheet import BadTable
from moms.exchange.fleets import read_load, read_maintenance, read_units, system_of
from tests.adequacy import rts79

UNITS = "name,capacity_mw,forced_outage_rate\nU1,100,0.1\nU2,100,0.1\nU3,50,0.2\n"
LOAD = "mw\n120\n150\n180\n200\n90\n160\n"
TIMES = {12: (2940, 60), 20: (450, 50), 50: (1980, 20), 76: (1960, 40), 100: (1200, 50), 155: (960, 40),
         197: (950, 50), 350: (1150, 100), 400: (1100, 150)}  # fmt: skip


@pytest.fixture
def file(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def answer(capsys, *words):
    code = main(["adequacy", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_rts79_from_two_tables_gives_its_published_figures(file, capsys):
    rows = [f"U{k},{c:g},{q}," + "{},{}".format(*TIMES[int(c)])
            for k, (c, q) in enumerate(zip(rts79.capacity_mw(), rts79.outage_rate(), strict=True))]  # fmt: skip
    units = file("units.csv", "name,capacity_mw,forced_outage_rate,mttf_h,mttr_h\n" + "\n".join(rows))
    load = file("load.csv", "load\n" + "".join(f"{float(mw)!r}\n" for mw in rts79.load_mw()))
    code, found = answer(capsys, "lole", "--units", units, "--load", load, "--check")
    assert code == 0
    assert found["lole_h"] == pytest.approx(9.394175, rel=1e-6)
    assert found["eue_mwh"] == pytest.approx(1176.298, rel=1e-6)
    assert found["lole_d"] == pytest.approx(1.368863, rel=1e-6)
    assert found["fft_difference"] < 1e-14
    assert (found["hours"], found["days"], found["exact"]) == (8736, 364, True)


CASES = {
    None: ([0.046, 0.046, 0.19, 0.19, 0.01, 0.19], 0.672, 30.72, 0.38),
    "U3": ([0.19, 0.19, 0.19, 0.19, 0.01, 0.19], 0.96, 64.8, 0.38),
    "U1": ([0.28, 0.28, 1, 1, 0.1, 1], 3.66, 186.6, 2.0),
}


@pytest.mark.parametrize("out", CASES)
def test_lole_is_not_subtraction(file, capsys, out):
    words = ["lole", "--units", file("u.csv", UNITS), "--load", file("l.csv", LOAD), "--day-hours", "3"]
    if out:
        words += ["--maintenance", file("m.csv", f"name,start,end\n{out},0,6\n")]
    _, found = answer(capsys, *words)
    lolp, *sums = CASES[out]
    assert found["lolp"] == pytest.approx(lolp, abs=1e-12)
    assert [found["lole_h"], found["eue_mwh"], found["lole_d"]] == pytest.approx(sums)


def test_areas_have_their_own_loads_units_and_import_limits(file, capsys):
    units = file("u.csv", "name,capacity_mw,forced_outage_rate,area\nA1,100,0.1,A\nB1,80,0.2,B\nB2,80,0.2,B\n")
    load = file("l.csv", "hour,A,B\n1,90,60\n2,110,60\n")
    _, found = answer(capsys, "lole", "--units", units, "--load", load, "--import", "A=30")
    one = found["areas"][0]
    assert one["alone"]["lolp"] == pytest.approx([0.1, 1.0])
    assert one["import_always"]["lolp"] == pytest.approx([0.1, 0.1])
    # 110 MW needs A1 and 10 MW of help; B has 20 MW to spare with one unit up, 100 with both.
    assert one["spared"]["lolp"] == pytest.approx([0.1, 1 - 0.9 * (1 - 0.2**2)])
    assert found["areas"][1]["import_always"] is None


def test_the_answer_for_people_says_what_it_rests_on(file, capsys):
    odd = file("u.csv", UNITS.replace("rate", "rate,fuel").replace("0.1\n", "0.1,coal\n").replace("0.2\n", "0.2,gas\n"))
    assert main(["adequacy", "lole", "--units", str(odd), "--load", str(file("l.csv", LOAD))]) == 0
    text = capsys.readouterr().out
    assert text.startswith("LOLE is 0.190000 days (0.672000 hours), EUE 30.720 MWh, over 1 days (6 hours).")
    assert "exact, on steps of 50 MW" in text
    assert "not used: fuel" in text
    assert "not every day is whole: day 1 has 6 hours" in text


def test_what_a_unit_and_a_profile_carry(file, capsys):
    units, load = file("u.csv", UNITS), file("l.csv", LOAD)
    _, unit = answer(capsys, "elcc", "--units", units, "--load", load, "--unit", "U3", "--day-hours", "3")
    assert 0 <= unit["elcc_mw"] <= 50
    assert unit["lole_without_d"] == pytest.approx(0.38)
    _, wind = answer(capsys, "elcc", "--units", units, "--load", load, "--profile", file("p.csv", "w\n" + "20\n" * 6))
    assert wind["elcc_mw"] == pytest.approx(20, abs=1e-3)


BAD_UNITS = [
    ("", "empty", "units"),
    ("name,capacity_mw,forced_outage_rate\n", "no line", "units"),
    ("name,capacity,forced_outage_rate\nA,1,0\n", "capacity_mw", "units header"),
    (UNITS + "U1,5,0.1\n", "twice", "units line 5"),
    (UNITS + "U4,-5,0.1\n", "too small", "units line 5, capacity_mw"),
    (UNITS + "U4,NaN,0.1\n", "not a number", "units line 5, capacity_mw"),
    (UNITS + "U4,,0.1\n", "empty", "units line 5, capacity_mw"),
    (UNITS + "U4,5,\n", "no outage rate", "units line 5, forced_outage_rate"),
    (UNITS + "U4,5,8\n", "an outage rate of 8", "units line 5, forced_outage_rate"),
    (UNITS + "U4,5,-0.1\n", "too small", "units line 5, forced_outage_rate"),
    (UNITS + "U4,5\n", "2 cells", "units line 5"),
    ("name,capacity_mw,forced_outage_rate,states\nA,100,0.1,120:0.1\n", "no state", "units line 2, states"),
    ("name,capacity_mw,forced_outage_rate,states\nA,100,0.9,50:0.2\n", "above 1", "units line 2, states"),
    ("name,capacity_mw,forced_outage_rate,states\nA,100,0.1,50:0.2:0\n", "no state", "units line 2, states"),
    ("name,capacity_mw,forced_outage_rate,states\nA,100,0.1,50:0.2:9:9\n", "no state", "units line 2, states"),
    ("name,capacity_mw,forced_outage_rate,states\nA,100,0.1,50:0.2:inf\n", "no state", "units line 2, states"),
    ("name,capacity_mw,forced_outage_rate,states\nA,100,0.1,50:0.2:9 20:0.1\n", "only some", "units line 2, states"),
]


@pytest.mark.parametrize(("text", "says", "field"), BAD_UNITS)
def test_units_that_cannot_be_used_name_line_column_and_fix(file, text, says, field):
    with pytest.raises(BadTable) as refused:
        read_units(file("u.csv", text))
    assert says in str(refused.value)
    assert refused.value.field == field
    assert refused.value.fix


BAD_LOADS = [
    ("mw\n100\n\n-5\n", "too small", "load line 4, mw"),
    ("mw,b\n100,1\n,1\n", "empty", "load line 3, mw"),
    ("mw\nnan\n", "not a number", "load line 2, mw"),
    ("mw\n1e999\n", "not a number", "load line 2, mw"),
    ("hour,mw\n1,5\n3,5\n", "hour 3 does not follow 1", "load line 3, hour"),
    ("hour,mw\n2027-03-14T06:00Z,5\n2027-03-14T08:00Z,5\n", "does not follow", "load line 3, hour"),
    ("hour,mw\n2027-03-14T06:00,5\n", "", "load line 2, hour"),
    ("hour,day,mw\n1,a,5\n1,a,6\n", "hour 1 does not follow 1", "load line 3, hour"),
    ("day,mw\n1 Jan,5\n2 Jan,6\n1 Jan,7\n2 Jan,8\n", "the day '1 Jan' comes back after '2 Jan'", "load line 4, day"),
    ("hour,mw\n0,5\n1,6\n0,7\n1,8\n", "hour 0 does not follow 1", "load line 4, hour"),
    ("hour,mw\n2027-01-01T06:00Z,5\n2026-01-01T06:00Z,5\n", "does not follow", "load line 3, hour"),
    ("hour\n1\n", "no column of load", "load"),
    ("mw,mw\n1,1\n", "twice", "load header"),
    ("mw\n", "no line", "load"),
    ("120\n150\n180\n", "is no name", "load header"),
]


@pytest.mark.parametrize(("text", "says", "field"), BAD_LOADS)
def test_a_load_that_cannot_be_used_names_line_column_and_fix(file, text, says, field):
    with pytest.raises(BadTable) as refused:
        read_load(file("l.csv", text))
    assert says in str(refused.value)
    assert refused.value.field == field
    assert refused.value.fix


def hours(start, offsets):
    return "hour,mw\n" + "".join(f"{start}T{h:02d}:00{o},{100 + k}\n" for k, (h, o) in enumerate(offsets))


def test_on_the_days_on_which_clocks_change_market_days_have_24_hours(file):
    spring = [(h, "-06:00") for h in range(2)] + [(h, "-05:00") for h in range(3, 24)]
    found = read_load(file("l.csv", hours("2027-03-14", spring)))
    assert found.load_mw.shape == (1, 23)
    # Midnight in Chicago is 01:00 of the market's day in winter: hours 1 to 23 of one market day.
    assert found.day.tolist() == [0] * 23
    autumn = [(h, "-05:00") for h in range(2)] + [(h, "-06:00") for h in range(1, 24)]
    found = read_load(file("l.csv", hours("2027-11-07", autumn)))
    assert found.load_mw.shape == (1, 25)
    assert found.day.tolist() == [0] * 24 + [1]
    assert found.notes == ("not every day is whole: day 2 has 1 hours",)


@pytest.mark.parametrize(("count", "days"), [(8736, 364), (8760, 365), (8784, 366)])
def test_a_leap_year_has_a_day_more(file, count, days):
    found = read_load(file("l.csv", "mw\n" + "50\n" * count))
    assert len(np.unique(found.day)) == days
    assert found.notes == ()


def test_years_of_weather_may_follow_one_another_where_their_days_have_names_of_their_own(file, capsys):
    """Two weather years of two days: LOLE adds up over four days, and is not that of days joined by their date."""
    rows = [(y, d, h, mw) for y, high in ((2012, 180), (2013, 90)) for d in (1, 2) for h, mw in ((1, high), (2, 60))]
    load = file("l.csv", "day,hour,mw\n" + "".join(f"{y}-{d},{h},{mw}\n" for y, d, h, mw in rows))
    found = read_load(load)
    assert found.day.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert found.hour is None
    assert "maintenance counts the lines" in found.notes[0]
    _, answered = answer(capsys, "lole", "--units", file("u.csv", UNITS), "--load", load)
    # 180 MW is lost with 100 MW out or more: 1 - .9 x .9; 90 MW with 200 MW or more: .1 x .1.
    assert answered["lole_d"] == pytest.approx(2 * 0.19 + 2 * 0.01)
    (away,), _ = read_maintenance(file("m.csv", "name,start,end\nU1,2,4\n"), units=read_units(file("u.csv", UNITS))[0],
                                  load=found)  # fmt: skip
    assert (away.first, away.stop) == (2, 4)


def test_a_rate_may_come_from_times_and_one_that_contradicts_them_is_said(file):
    text = "name,capacity_mw,forced_outage_rate,mttf_h,mttr_h\nA,10,,90,10\nB,10,0.3,90,10\n"
    units, notes = read_units(file("u.csv", text))
    assert [unit.outage_rate for unit in units] == pytest.approx([0.1, 0.3])
    assert notes == ("B: its outage rate 0.3 is used; its times to failure and repair say 0.1000",)


def test_maintenance_follows_the_hours_of_the_load(file):
    units, _ = read_units(file("u.csv", UNITS))
    plain, numbered = read_load(file("l.csv", LOAD)), read_load(file("n.csv", "hour,mw\n7,5\n8,5\n9,5\n"))
    timed = read_load(file("t.csv", "hour,mw\n2027-03-14T06:00Z,5\n2027-03-14T07:00Z,5\n"))
    for load, start, end, span in ((plain, "1", "3", (1, 3)), (numbered, "8", "30", (1, 23)),
                                   (timed, "2027-03-14T07:00Z", "2027-03-15T00:00Z", (1, 18))):  # fmt: skip
        path = file("m.csv", f"name,start,end,derate_mw\nU1,{start},{end},20\n")
        (away,), notes = read_maintenance(path, units=units, load=load)
        assert (away.unit, away.first, away.stop, away.derate_mw) == (0, *span, 20.0)
        assert notes == ()


@pytest.mark.parametrize(
    ("line", "field"),
    [("U9,0,3", "name"), ("U1,3,3", "end"), ("U1,x,3", "start"), ("U1,,3", "start")],
)
def test_maintenance_that_cannot_be_is_refused(file, line, field):
    units, _ = read_units(file("u.csv", UNITS))
    load = read_load(file("l.csv", LOAD))
    with pytest.raises(BadTable) as refused:
        read_maintenance(file("m.csv", f"name,start,end\n{line}\n"), units=units, load=load)
    assert refused.value.field == f"maintenance line 2, {field}"


def test_an_area_without_a_load_is_refused_and_with_one_load_for_all_it_is_said(file):
    units, _ = read_units(file("u.csv", "name,capacity_mw,forced_outage_rate,area\nA1,10,0,A\nC1,10,0,C\n"))
    two, one = read_load(file("l.csv", "A,B\n1,1\n")), read_load(file("l.csv", "mw\n1\n"))
    with pytest.raises(BadTable, match="'C' of C1 has no load"):
        system_of(units=units, load=two)
    _, notes = system_of(units=units, load=one)
    assert notes == ("areas A, C have no load of their own; all units serve the one there is",)


def test_years_are_followed_with_maintenance_and_without_times_to_repair_it_is_refused(file, capsys):
    units = file("u.csv", "name,capacity_mw,forced_outage_rate,mttr_h\nU1,100,0.1,5\nU2,100,0.1,5\nU3,50,0.2,9\n")
    words = ["lole", "--units", units, "--load", file("l.csv", LOAD), "--day-hours", "3"]
    words += ["--maintenance", file("m.csv", "name,start,end\nU3,2,4\n")]
    _, found = answer(capsys, *words, "--simulate", "4000", "--seed", "3")
    (one,) = found["simulated"]
    assert found["lolf"] == pytest.approx(one["lolf"], rel=0.25)  # looked at on the hour, where three hours are all
    assert (one["place"], one["how"], one["years"], one["step_h"]) == ("", "together", 4000, 1)
    assert abs(one["lole_h"] - found["lole_h"]) < 4.5 * one["lole_h_error"]
    assert abs(one["eue_mwh"] - found["eue_mwh"]) < 4.5 * one["eue_mwh_error"]
    assert one["lold_h"] == pytest.approx(one["lole_h"] / one["lolf"])
    assert main(["adequacy", *map(str, words), "--simulate", "100"]) == 0
    assert "Followed through 100 years in steps of 1 h, seed 1" in capsys.readouterr().out
    words[2] = file("without.csv", UNITS)
    assert main(["adequacy", *map(str, words), "--simulate", "100", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "mttr_h"


def test_why_it_is_not_told_how_often_load_is_lost_is_said(file, capsys):
    load = file("l.csv", LOAD)
    rows = [
        ("U1,100,0.1,,\nU2,100,0.1,5,\n", "no time to repair, or to stay, for U1"),
        ("U1,100,0.1,5,50:0.1\nU2,100,0.1,5,\n", "no time to repair, or to stay, for U1"),
        ("U1,100.123456789,0.1,5,\nU2,77.000000001,0.1,5,\n", "no step in common"),
    ]
    for units, why in rows:
        table = file("u.csv", "name,capacity_mw,forced_outage_rate,mttr_h,states\n" + units)
        _, found = answer(capsys, "lole", "--units", table, "--load", load, "--day-hours", "3")
        assert found["lolf"] is None
        assert [why in note for note in found["notes"] if "how often" in note] == [True]
    table = file("u.csv", "name,capacity_mw,forced_outage_rate,mttr_h\nU1,100,0.1,5\nU2,100,0.1,5\n")
    _, found = answer(capsys, "lole", "--units", table, "--load", load, "--day-hours", "3")
    assert found["lolf"] > 0
    assert not [note for note in found["notes"] if "how often" in note]


WRONG = [("--import", "X=5"), ("--simulate", "1"), ("--simulate", "9", "--seed", "-1"),
         ("--simulate", "9", "--step", "0.3"), ("--import", "A"), ("--import", "mw=-1"), ("--uncertainty", "50"),
         ("--day-hours", "0")]  # fmt: skip


@pytest.mark.parametrize("words", WRONG)
def test_words_that_cannot_be_meant_are_refused_with_exit_2(file, capsys, words):
    units, load = file("u.csv", UNITS), file("l.csv", LOAD)
    assert main(["adequacy", "lole", "--units", str(units), "--load", str(load), *words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["fix"]


def test_states_may_say_how_long_the_unit_stays_in_them(file):
    head = "name,capacity_mw,forced_outage_rate,mttr_h,states\n"
    (unit,), _ = read_units(file("u.csv", head + "A,100,0.1,40,50:0.2:12.5 80:0.05:3\n"))
    assert unit.partial == ((50.0, 0.2), (20.0, 0.05))
    assert unit.stay_h == (12.5, 3.0)
    (unit,), _ = read_units(file("u.csv", head + "A,100,0.1,40,50:0.2\n"))
    assert unit.stay_h == ()
