"""A study is made once: what was previewed is filed on the same study, and whatever moves a flow makes another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moms.desk import kept_studies, remedy, security
from moms.desk.kept_studies import KeptStudies
from moms.desk.remedy import redispatch_of
from moms.desk.security import secure
from moms.desk.windows import unfiled
from moms.study import study
from moms.values import Remembered, Window
from tests.desk.worlds import DAY, NOW, START, a_world


@pytest.fixture
def studies(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the studies made from here on, with nothing kept."""
    made: list[int] = []

    def counted(**asked):
        made.append(sum(len(one.hours) for one in asked["slices"]))
        return study(**asked)

    for room in (security, remedy):
        monkeypatch.setattr(room, "study", counted)
        monkeypatch.setattr(room, "KEPT", Remembered())
    return made


def asked(world, *assets, at=START, days=1, **changes):
    window = Window(start=at, end=at + days * DAY)
    outage = unfiled(world, assets, window=window, now=NOW)
    return replace(outage, request=replace(outage.request, **changes))


def looked(world, outage, others=()):
    found = secure(world, outage, others, book="book", window=outage.window, now=NOW)
    return found.security, redispatch_of(world, found).remedy


def test_the_same_request_under_another_name_is_not_studied_again_and_gets_the_same_answer(studies) -> None:
    world = a_world(seed=1, slack=0.7)
    first = looked(world, asked(world, "branch:5"))
    assert first[1] is not None
    assert len(studies) > 1, "the study, and the rounds of a redispatch"
    studies.clear()
    other = asked(world, "branch:5", external_id="another", description="words move no flow")
    assert looked(world, replace(other, id="O-other", stamp=NOW + DAY)) == first
    assert not studies


def test_what_moves_a_flow_is_studied_anew(studies) -> None:
    world = a_world(seed=1, slack=0.7)
    line, unit = asked(world, "branch:5"), asked(world, "gen:1", category="generation")
    half = replace(unit, request=replace(unit.request, derate_to_mw=1.0))
    away = asked(world, "branch:2", at=START + DAY / 2)
    network = world.grid.network
    lower = replace(network.branches, rate_b_mw=network.branches.rate_b_mw * 0.9)
    rated = replace(world, grid=replace(world.grid, network=replace(network, branches=lower)))
    looks = [
        (world, line, ()),
        (world, asked(world, "branch:6"), ()),
        (world, asked(world, "branch:5", days=2), ()),
        (world, asked(world, "branch:5", at=START + DAY), ()),
        (world, line, (away,)),
        (world, line, (replace(away, id="O-2"),)),  # a report of what is not there is told by its name
        (world, unit, ()),
        (world, half, ()),
        (replace(world, rules=replace(world.rules)), line, ()),
        (replace(world, contingencies=world.contingencies[:3]), line, ()),
        (rated, line, ()),
    ]
    for where, outage, others in looks:
        before = len(studies)
        looked(where, outage, others)
        assert len(studies) > before, outage
    before = len(studies)
    for where, outage, others in looks[:8]:
        looked(where, outage, others)
    assert len(studies) == before


def test_the_slices_of_a_kept_study_are_those_it_ran_on(studies) -> None:
    world = a_world(seed=1, slack=0.7)
    outage = asked(world, "branch:5")
    first = secure(world, outage, (), book="book", window=outage.window, now=NOW)
    kept = secure(world, outage, (), book="book", window=outage.window, now=NOW)
    assert first.made is not None
    assert kept.made is None
    for a, b in zip(first.slices, kept.slices, strict=True):
        assert (a.hours.unit_mw == b.hours.unit_mw).all()
        assert (a.hours.load_mw == b.hours.load_mw).all()
        assert a.request.branches.tolist() == b.request.branches.tolist()
    with_it, again = redispatch_of(world, first), redispatch_of(world, kept)
    for a, b in zip(with_it.slices, again.slices, strict=True):
        assert (a.hours.unit_mw == b.hours.unit_mw).all()
    assert studies


def test_equipment_that_is_not_there_is_never_kept(studies) -> None:
    world = a_world(seed=1, slack=0.7)
    outage = asked(world, "branch:5")
    there = replace(outage, request=replace(outage.request, assets=("branch:5", "branch:99999")))
    for name in ("O-1", "O-2"):
        found = secure(world, replace(there, id=name), (), book="book", window=there.window, now=NOW)
        assert any(name in says for says in found.missing)


def test_a_study_that_found_too_much_is_not_kept(studies, monkeypatch) -> None:
    monkeypatch.setattr(security, "ROWS_MOST", 0)
    world = a_world(seed=1, slack=0.7)
    for _ in range(2):
        found = secure(world, asked(world, "branch:5"), (), book="book", window=Window(start=START, end=START + DAY),
                       now=NOW)  # fmt: skip
        assert len(found.result.watched)
    assert len(studies) == 2


def test_what_was_asked_for_longest_ago_goes_first() -> None:
    kept: KeptStudies[int] = KeptStudies(most=2)
    for k in (1, 2):
        kept.put(str(k), k)
    assert kept.get("1") == 1
    kept.put("3", 3)
    assert (kept.get("2"), kept.get("1"), kept.get("3")) == (None, 1, 3)
    kept.put(None, 4)
    assert kept.get(None) is None
    assert kept_studies.MOST > 2
