"""The ROADEF/EURO 2020 problem: read, valued, solved and written; every plan of small instances tried."""

from __future__ import annotations

import copy
import csv
import gzip
import importlib.util
import json
import lzma
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from moms.cli import main
from moms.exchange.challenge import read_challenge
from moms.schedule._mip import Budget
from moms.schedule.challenge import Outcome, evaluate, solve
from moms.schedule.challenge.proof import Model
from tests.schedule.challenge_cases import EXAMPLE1, instances, plans, value_of

BENCH = Path(os.environ.get("MOMS_BENCH_ROADEF", "bench/roadef"))
"""Where the challenge's instances lie, with `best_known.csv` and the independent `evaluate.py`."""


def read(doc, folder):
    (folder / "i.json").write_text(json.dumps(doc))
    return read_challenge(folder / "i.json")


def starts_of(problem, plan):
    return {name: int(s) + 1 for name, s in zip(problem.names, plan, strict=True)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(instances())
def test_each_plan_is_valued_as_the_subject_says(tmp_path, doc):
    problem = read(doc, tmp_path)
    for starts in plans(doc):
        value = evaluate(problem, np.array([s - 1 for s in starts.values()]))
        objective, good = value_of(doc, starts)
        assert value.objective == pytest.approx(objective)
        assert (not value.broken) == good


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(instances())
def test_the_search_finds_the_best_of_all_plans_and_proves_it(tmp_path, doc):
    problem = read(doc, tmp_path)
    best = min((v for v, good in (value_of(doc, s) for s in plans(doc)) if good), default=None)
    found = solve(problem, seed=1, go_on=lambda work: work < 40, tell=lambda _: None)
    assert (best is None) == bool(found.value.broken)
    if best is not None:
        assert found.value.objective == pytest.approx(best)
        assert found.bound <= best + 1e-9
        assert found.proved


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(instances())
def test_the_exact_program_has_the_value_of_the_best_plan(tmp_path, doc):
    problem = read(doc, tmp_path)
    best = min((v for v, good in (value_of(doc, s) for s in plans(doc)) if good), default=None)
    model = Model(problem, exact=True)
    solved = model.solve(budget=Budget(nodes=10_000))
    assert solved.found == (best is not None)
    if best is not None:
        assert solved.value == pytest.approx(best, abs=1e-6)
        plan = model.plan_of(solved.x)
        point = model.point_of(plan)
        assert float(np.dot(model.program.cost, point)) == pytest.approx(evaluate(problem, plan).objective)


def test_better_plans_are_told_at_once_and_never_a_worse_one(tmp_path):
    told: list[Outcome] = []
    solve(read(EXAMPLE1, tmp_path), seed=0, go_on=lambda work: work < 20, tell=told.append)
    keys = [(len(one.value.broken), one.value.objective) for one in told]
    assert all(later < earlier for earlier, later in pairwise(keys))


def test_the_same_seed_and_work_give_the_same_file(tmp_path, capsys):
    (tmp_path / "i.json").write_text(json.dumps(EXAMPLE1))
    texts = []
    for k in range(2):
        words = [
            "plan",
            "roadef",
            str(tmp_path / "i.json"),
            "--work",
            "30",
            "--out",
            str(tmp_path / f"{k}.txt"),
            "--json",
        ]
        assert main(words) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["repeatable"]
        texts.append((tmp_path / f"{k}.txt").read_text())
    assert texts[0] == texts[1]
    lines = dict(line.split() for line in texts[0].splitlines())
    objective, good = value_of(EXAMPLE1, {name: int(s) for name, s in lines.items()})
    assert good
    assert objective == pytest.approx(found["objective"])
    assert found["proved"]


@pytest.mark.parametrize(("name", "pack"), [("i.json.gz", gzip.compress), ("i.json.xz", lzma.compress)])
def test_packed_instances_are_read(name, pack, tmp_path):
    (tmp_path / name).write_bytes(pack(json.dumps(EXAMPLE1).encode()))
    assert read_challenge(tmp_path / name).names == ("I1", "I2", "I3")


def put(doc, path, value):
    """Give the document with one value at a dotted path changed, or taken out if it is None."""
    doc = copy.deepcopy(doc)
    *way, last = path.split(".")
    at = doc
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if value is None:
        del at[last]
    else:
        at[int(last) if isinstance(at, list) else last] = value
    return doc


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("T", None, "T"),
        ("T", 0, "T"),
        ("T", "x", "T"),
        ("T", 4, "Scenarios_number"),
        ("Alpha", 1.5, "Alpha"),
        ("Quantile", 0, "Quantile"),
        ("Resources.c1.max", [1, 2], "Resources.c1.max"),
        ("Resources.c1.min.1", 99, "Resources.c1.min[1]"),
        ("Interventions", {}, "Interventions"),
        ("Interventions.I1.Delta", [4, 4, 4], "Interventions.I1.Delta"),
        ("Interventions.I1.Delta", [0, 1, 1], "Interventions.I1.Delta[0]"),
        ("Interventions.I1.tmax", -1, "Interventions.I1.tmax"),
        ("Interventions.I1.risk", None, "Interventions.I1.risk"),
        ("Interventions.I1.risk.2", None, "Interventions.I1.risk.2"),
        ("Interventions.I1.risk.2.1", [1, 2], "Interventions.I1.risk.2.1"),
        ("Interventions.I1.risk.2.1.0", "a", "Interventions.I1.risk.2.1[0]"),
        ("Interventions.I1.risk.2.1.0", float("nan"), "NaN"),
        ("Interventions.I1.risk.2.1.0", "nan", "Interventions.I1.risk.2.1[0]"),
        ("Interventions.I1.workload.c9", {}, "Interventions.I1.workload.c9"),
        ("Interventions.I1.workload.c1.1.1", "x", "Interventions.I1.workload.c1.1.1"),
        ("Exclusions.E1", ["I2", "I9", "winter"], "Exclusions.E1[1]"),
        ("Exclusions.E1", ["I2", "I3", "rain"], "Exclusions.E1[2]"),
        ("Exclusions.E1", ["I2", "I2", "winter"], "Exclusions.E1"),
        ("Exclusions.E1", ["I2", "I3"], "Exclusions.E1"),
        ("Seasons.winter", [4], "Seasons.winter[0]"),
    ],
)
def test_a_bad_instance_is_refused_with_its_field(path, value, field, tmp_path, capsys):
    (tmp_path / "i.json").write_text(json.dumps(put(EXAMPLE1, path, value)))
    words = ["plan", "roadef", str(tmp_path / "i.json"), "--work", "1", "--out", str(tmp_path / "o.txt"), "--json"]
    assert main(words) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == field
    assert not (tmp_path / "o.txt").exists()


def test_what_cannot_be_kept_is_said_with_what_breaks(tmp_path, capsys):
    """No plan keeps a minimum above all work: the least broken plan is on disk, and the exit code is 1."""
    (tmp_path / "i.json").write_text(json.dumps(put(EXAMPLE1, "Resources.c1.min", [40, 0, 6])))
    words = ["plan", "roadef", str(tmp_path / "i.json"), "--work", "30", "--out", str(tmp_path / "o.txt"), "--json"]
    assert main(words) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["feasible"]
    assert "c1 in period 1" in found["violations"][0]
    assert len((tmp_path / "o.txt").read_text().splitlines()) == 3


@pytest.mark.parametrize(("word", "value"), [("--seconds", "0"), ("--work", "-3"), ("--seconds", "nan")])
def test_a_budget_that_is_none_is_refused(word, value, tmp_path, capsys):
    (tmp_path / "i.json").write_text(json.dumps(EXAMPLE1))
    assert main(["plan", "roadef", str(tmp_path / "i.json"), word, value, "--out", str(tmp_path / "o")]) == 2
    assert word.strip("-") in capsys.readouterr().err


def hard_instance():
    """A larger instance with many scenarios, so that a run is far from its end when it is killed."""
    rng = np.random.default_rng(5)
    periods, count = 20, 30
    rows = {}
    for k in range(40):
        starts = range(1, periods - 1)
        risk: dict[str, dict[str, list[float]]] = {str(t): {} for t in range(1, periods + 1)}
        for s in starts:
            for t in (s, s + 1):
                risk[str(t)][str(s)] = [float(x) for x in rng.integers(0, 50, count)]
        rows[f"I{k}"] = {"tmax": periods - 2, "Delta": [2] * periods, "workload": {}, "risk": risk}
    return {"T": periods, "Scenarios_number": [count] * periods, "Alpha": 0.5, "Quantile": 0.9, "Resources": {},
            "Seasons": {}, "Exclusions": {}, "Interventions": rows}  # fmt: skip


def test_killed_in_the_middle_it_leaves_its_best_plan(tmp_path):
    problem = read(hard_instance(), tmp_path)
    out = tmp_path / "o.txt"
    words = [sys.executable, "-m", "moms", "plan", "roadef", str(tmp_path / "i.json"), "--seconds", "300", "--out"]
    with subprocess.Popen([*words, str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        seen: set[str] = set()
        for _ in range(5600):  # nearly all of its time: on a loaded machine the first plans take minutes
            if out.exists():
                seen.add(out.read_text())
            if len(seen) >= 3:
                break
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
    starts = dict(line.split() for line in out.read_text().splitlines())
    plan = np.array([int(starts[name]) - 1 for name in problem.names])
    assert len(seen) >= 3
    assert evaluate(problem, plan).broken == ()


@pytest.mark.parametrize("name", ["A_07", "A_09"])
def test_published_instances_are_solved_to_their_best_known_values(name, tmp_path, capsys):
    path = BENCH / f"{name}.json.xz"
    if not path.exists():
        pytest.skip("the challenge's instances are not here; MOMS_BENCH_ROADEF names their folder")
    with (BENCH / "best_known.csv").open() as file:
        best = {row["instance"]: float(row["best_known"]) for row in csv.DictReader(file)}[name]
    assert main(["plan", "roadef", str(path), "--work", "400", "--out", str(tmp_path / "o.txt"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["objective"] == pytest.approx(best, rel=1e-6)
    assert found["proved"]
    spec = importlib.util.spec_from_file_location("evaluate", BENCH / "evaluate.py")
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    starts, problems = judge.read_solution(str(tmp_path / "o.txt"))
    assert problems == []
    judged = judge.evaluate(judge.load(str(path)), starts)
    assert judged["feasible"]
    assert judged["objective"] == pytest.approx(found["objective"], rel=1e-12)
