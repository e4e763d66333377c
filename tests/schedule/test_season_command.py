"""`moms plan season` and `moms plan explain`: files in, plans and reasons out, a field with every refusal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from moms.bench.season_instance import season
from moms.cli import main
from moms.exchange.seasonfile import read_plan, read_season
from moms.schedule.season import breaks

SEASON = {
    "days": 10,
    "zones": [{"id": "all", "headroom_mw": 100}, {"id": "north", "within": "all", "headroom_mw": [50] * 10}],
    "resources": [{"id": "crane", "capacity": 1}],
    "requests": [
        {"id": "a", "owner": "p", "zone": "north", "size_mw": 40, "days": 3, "class": "P1", "preferred_day": 2},
        {"id": "b", "owner": "q", "zone": "north", "size_mw": 40, "days": 3, "preferred_day": 2, "uses": {"crane": 1}},
        {"id": "c", "owner": "q", "zone": "all", "size_mw": 10, "days": 2, "preferred_day": 5, "uses": {"crane": 1}},
    ],
    "blackout_days": [10],
}


def wrote(folder, document, name="s.json"):
    (folder / name).write_text(json.dumps(document))
    return str(folder / name)


def test_a_season_is_planned_kept_and_explained(tmp_path, capsys):
    problem, out = wrote(tmp_path, SEASON), str(tmp_path / "plan.json")
    assert main(["plan", "season", problem, "--work", "100", "--out", out, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    starts = found["starts"]
    assert found["no_place"] == []
    assert abs(starts["a"] - starts["b"]) >= 3  # 40 + 40 MW do not fit into 50
    assert starts["b"] + 3 <= starts["c"] or starts["c"] + 2 <= starts["b"]  # one crane
    assert all(start + days - 1 < 10 for start, days in zip(starts.values(), (3, 3, 2), strict=True))
    assert all(level["proved"] for level in found["levels"])
    assert json.loads((tmp_path / "plan.json").read_text())["starts"] == starts
    assert main(["plan", "explain", problem, "--plan", out, "--json"]) == 0
    why = json.loads(capsys.readouterr().out)
    assert why["broken"] == []
    moved = next(row for row in why["requests"] if row["start"] != row["preferred"])
    assert all(row["against"] for row in moved["nearer"])
    assert {row["owner"] for row in why["owners"]} == {"p", "q"}


def a_large_season(requests):
    """Write the bench's synthetic season in the words of the file."""
    p = season(requests=requests, seed=0)
    return {
        "days": p.days,
        "zones": [{"id": z.id, "within": z.within, "headroom_mw": z.headroom_mw} for z in p.zones],
        "resources": [{"id": r.id, "capacity": r.capacity} for r in p.resources],
        "requests": [
            {"id": j.id, "owner": j.owner, "zone": j.zone, "class": f"P{j.need}", "size_mw": j.size_mw, "days": j.days,
             "earliest_day": j.earliest + 1, "latest_day": j.latest_end, "preferred_day": j.preferred + 1,
             "uses": dict(j.uses)}
            for j in p.jobs
        ],
    }  # fmt: skip


def test_killed_in_the_middle_it_leaves_its_best_plan_whole(tmp_path):
    file, out = wrote(tmp_path, a_large_season(200)), tmp_path / "plan.json"
    words = [sys.executable, "-m", "moms", "plan", "season", file, "--near", "100000", "--work", "20", "--out"]
    with subprocess.Popen([*words, str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        for _ in range(2400):
            if out.exists() or running.poll() is not None:
                break
            time.sleep(0.05)
        assert running.poll() is None, "it was to be killed while it works"
        running.send_signal(signal.SIGKILL)
    problem, plan = read_season(tmp_path / "s.json"), read_plan(out)
    assert breaks(problem, plan) == ()
    assert len(plan) > 150


def test_the_same_seed_and_work_give_the_same_plan(tmp_path, capsys):
    words = ["plan", "season", wrote(tmp_path, a_large_season(60)), "--near", "3", "--work", "10", "--json", "--seed"]
    told = []
    for seed in ("4", "4"):
        main([*words, seed])
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


def test_a_season_that_cannot_be_says_what_clashes_and_for_whom(tmp_path, capsys):
    rows = [{**row, "must": True, "latest_day": 4} for row in SEASON["requests"][:2]]
    assert main(["plan", "season", wrote(tmp_path, {**SEASON, "requests": rows}), "--work", "100", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["feasible"]
    assert found["clash"]["smallest"]
    assert found["clash"]["owners"] == ["p", "q"]
    assert {"placed", "headroom"} == {rule["rule"] for rule in found["clash"]["rules"]}


def test_a_plan_that_breaks_something_is_told_so(tmp_path, capsys):
    plan = wrote(tmp_path, {"starts": {"a": 1, "b": 2}}, "p.json")
    assert main(["plan", "explain", wrote(tmp_path, SEASON), "--plan", plan, "--json"]) == 1
    assert {row["rule"] for row in json.loads(capsys.readouterr().out)["broken"]} == {"headroom"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"days": None}, "days"),
        ({"days": 0}, "days"),
        ({"requests": [{**SEASON["requests"][0], "days": 11}]}, "requests[0].days"),
        ({"requests": [{**SEASON["requests"][0], "latest_day": 2}]}, "requests[0].days"),
        ({"requests": [{**SEASON["requests"][0], "earliest_day": 5, "latest_day": 3}]}, "requests[0].earliest_day"),
        ({"requests": [SEASON["requests"][0]] * 2}, "requests[1].id"),
        ({"requests": [{**SEASON["requests"][0], "risk": [1.0]}]}, "requests[0].risk"),
        ({"requests": [{**SEASON["requests"][0], "risk": [float("nan")]}], "scenarios": 1}, "NaN"),
        ({"requests": [{**SEASON["requests"][0], "uses": {"ship": 1}}]}, "requests[0].uses"),
        ({"requests": [{**SEASON["requests"][0], "class": "P0"}]}, "requests[0].class"),
        ({"requests": [{**SEASON["requests"][0], "must": "yes"}]}, "requests[0].must"),
        ({"zones": [{"id": "all", "headroom_mw": [1, 2]}]}, "zones[0].headroom_mw"),
        ({"before": [{"first": "a", "then": "b"}, {"first": "b", "then": "a"}]}, "before"),
        ({"conflicts": [{"requests": ["a", "x"]}]}, "conflicts[0]"),
        ({"crews": 3}, "crews"),
    ],
)
def test_a_bad_season_is_refused_with_its_field(change, field, tmp_path, capsys):
    assert main(["plan", "season", wrote(tmp_path, {**SEASON, **change}), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == field


def test_a_plan_is_compared_with_another(tmp_path, capsys):
    problem = wrote(tmp_path, SEASON)
    one = wrote(tmp_path, {"starts": {"a": 2, "b": 5, "c": 8}}, "one.json")
    two = wrote(tmp_path, {"starts": {"a": 2, "b": 6}}, "two.json")
    assert main(["plan", "explain", problem, "--plan", one, "--against", two, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["against"]
    assert found["requests"] == [
        {"request": "b", "owner": "q", "start": 5, "other": 6},
        {"request": "c", "owner": "q", "start": 8, "other": None},
    ]
    terms = {row["term"]: (row["value"], row["other"]) for row in found["terms"]}
    assert terms["unserved_P2"] == (0.0, 20.0)
    assert terms["displacement"] == (6.0, 4.0)
    assert [row["owner"] for row in found["owners"]] == ["q"]
    assert main(["plan", "explain", problem, "--plan", one, "--against", two]) == 0
    assert "no place" in capsys.readouterr().out
    assert main(["plan", "explain", problem, "--plan", one, "--against", one]) == 0
    assert "The other plan is the same." in capsys.readouterr().out


def test_a_plan_of_another_problem_is_refused(tmp_path, capsys):
    plan = wrote(tmp_path, {"starts": {"z": 1}}, "p.json")
    assert main(["plan", "explain", wrote(tmp_path, SEASON), "--plan", plan]) == 2
    assert "no request 'z'" in capsys.readouterr().err


def test_one_owner_with_everything_and_an_empty_season_are_planned(tmp_path, capsys):
    rows = [{**row, "owner": "p"} for row in SEASON["requests"]]
    assert main(["plan", "season", wrote(tmp_path, {**SEASON, "requests": rows}), "--work", "100", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["owners"]) == 1
    assert main(["plan", "season", wrote(tmp_path, {**SEASON, "requests": []}), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["starts"] == {}
