"""Seeded deaths lose nothing and double nothing; and the examination would see it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from moms.bench import crash
from moms.bench.crash import DEEDS, Left, Tally, _compare

MANY = 2 * len(DEEDS)
"""Two of each deed."""


def test_who_dies_at_seeded_points_has_done_it_exactly_once_after_all():
    found = crash.run(seeds=MANY)
    assert found.faults == []
    assert found.seeds == MANY
    assert found.deaths >= MANY // 2


@pytest.mark.long
def test_two_thousand_more_deaths_lose_nothing(long_seed, cases):
    found = crash.run(seeds=2000, first=1_000_000 + 2000 * long_seed)
    assert found.faults == []
    cases.append(found.deaths)


GOOD = Left(lines=(("submit", 1), ("validate", 2)), decisions=1, notices=3, notices_twice=0)


@pytest.mark.parametrize(
    ("spoilt", "kind"),
    [
        ({"lines": (("submit", 1),)}, "lost"),
        ({"lines": (*GOOD.lines, ("validate", 2))}, "doubled"),
        ({"decisions": 2}, "doubled"),
        ({"notices": 2}, "notices"),
        ({"notices": 4, "notices_twice": 1}, "notices"),
    ],
)
def test_what_is_lost_or_doubled_is_seen(spoilt, kind):
    tally = Tally()
    _compare(replace(GOOD, **spoilt), GOOD, {(200, "x")}, where="here", tally=tally)
    assert len(getattr(tally, kind)) == 1
    assert len(tally.faults) == 1


@pytest.mark.parametrize("answers", [set(), {(500, "x")}, {(200, "x"), (200, "y")}])
def test_an_answer_that_is_none_or_two_is_seen(answers):
    tally = Tally()
    _compare(GOOD, GOOD, answers, where="here", tally=tally)
    assert len(tally.lost) == 1


def test_a_row_that_its_journal_does_not_replay_to_is_seen():
    with crash._grounds() as fresh, fresh("one") as ground:
        crash.undisturbed(ground, DEEDS[1], 0)
        assert crash.replayed(ground) == []
        ground.admin.execute("SET session_replication_role = replica")
        ground.admin.execute("UPDATE moms.outage SET document = replace(document::text, 'TO-1', 'TO-2')::json")
        assert len(crash.replayed(ground)) >= 1


def test_every_deed_comes_in_turn():
    assert set(Counter(seed % len(DEEDS) for seed in range(MANY)).values()) == {MANY // len(DEEDS)}
