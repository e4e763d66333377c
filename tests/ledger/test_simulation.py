"""Synthetic seasons: the same each time, and what the mechanism is for can be seen in them."""

from __future__ import annotations

import numpy as np
import pytest

from moms.cli import main
from moms.ledger import empty, first_fault
from moms.ledger.rules import Kind
from moms.ledger.simulation import (
    LIAR,
    OWNERS,
    RULES,
    by_draft,
    first_come,
    honest,
    jain,
    optimum,
    season,
    simulate,
)
from moms.schedule.season import breaks, burdens


def test_seasons_are_the_same_with_the_same_seed():
    runs = [simulate(seasons=1, rng=np.random.default_rng(5), nodes=20, tick=lambda _: None) for _ in range(2)]
    assert runs[0] == runs[1]


@pytest.fixture(scope="module")
def world():
    return season(np.random.default_rng(2))


def test_every_arm_keeps_every_limit(world):
    ledger = empty(kind=Kind.GENERATION, rules=RULES.fingerprint)
    held = by_draft(world, honest(world), ledger=ledger, seed="s", nodes=20)
    fcfs = first_come(world, honest(world), rng=np.random.default_rng(0))
    for plan in (held.drafted, held.improved, fcfs, optimum(world, nodes=50)):
        assert breaks(world, plan) == ()
    assert held.ledger.total_milli == 0
    assert first_fault(held.ledger.entries) is None
    assert {e.event.name for e in held.ledger.entries} == {"book", "used", "season_close", "decay"}


def test_the_fastest_gets_all_it_wishes_by_first_come_and_the_optimum_has_the_least_mean(world):
    ledger = empty(kind=Kind.GENERATION, rules=RULES.fingerprint)
    draft = burdens(world, by_draft(world, honest(world), ledger=ledger, seed="s", nodes=0).drafted)
    fcfs = burdens(world, first_come(world, honest(world), rng=np.random.default_rng(0)))
    best = burdens(world, optimum(world, nodes=2000))
    assert fcfs[OWNERS[0]] < min(burden for owner, burden in fcfs.items() if owner != OWNERS[0])
    assert sum(best.values()) <= 1.006 * min(sum(draft.values()), sum(fcfs.values()))


def test_over_seasons_the_draft_burdens_the_worst_and_the_mean_less_than_first_come():
    found = simulate(seasons=6, rng=np.random.default_rng(11), nodes=5, tick=lambda _: None)
    arm = {one.name: one for one in found.arms}
    assert arm["draft"].worst_burden < arm["first come"].worst_burden
    assert arm["draft"].mean_burden < arm["first come"].mean_burden
    assert arm["draft"].jain > arm["first come"].jain
    # What is claimed not to be stopped by the turns themselves, and is therefore policed by evidence and bond:
    assert found.gains["claims a deadline falsely"] > 0
    assert found.gains["says it wishes for two weeks later"] < 0
    assert OWNERS[0] != LIAR


def test_jain_is_one_where_all_keep_the_same():
    assert jain([0.5, 0.5]) == pytest.approx(1.0)
    assert jain([0.0, 1.0]) == pytest.approx(0.5)


def test_the_command_refuses_no_seasons(capsys):
    assert main(["plan", "simulate", "--seasons", "0"]) == 2
    assert "seasons" in capsys.readouterr().err
