"""Change sets: edits drafted together, seen as a branch, put together column by column, landed whole or not at all."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moms.desk import branching, changes, merging, submit
from moms.desk.change_set import Became, NotADraft, NotAnEdit, Table, rebuilt
from moms.desk.changes import OtherKey
from moms.desk.duties import Task, duties
from moms.desk.kept_days import mark_of
from moms.desk.landed import world_with
from moms.desk.merging import Clashes, NothingInIt, OwnDraft
from moms.desk.operate import step
from moms.desk.ports import BookMoved, NotYours, Search, StaleRevision
from moms.desk.replay import replay
from moms.desk.settle import decide, think, write
from moms.desk.situation import read
from moms.desk.supposed import Supposed
from moms.desk.what_if import what_if_as
from moms.exchange.rulebook import BadRuleBook
from moms.grid.overlay import NoSuchColumn, NotAValue
from moms.outages.guards import NotYourRole, ReasonMissing
from moms.outages.lifecycle import Verb
from moms.values import SYSTEM, Actor, Role, Window, digest
from tests.desk.changing import ADMIN, OWNER, SECOND, Changing, asset, base_world, outage, rule
from tests.desk.worlds import ENGINEER, NOW, START, ask

if TYPE_CHECKING:
    from moms.outages import Outage

DAY = timedelta(days=1)
LATER = START + 20 * DAY
OTHER = Actor(name="bob", organisation="TO-2", role=Role.OWNER)
PLANNER = Actor(name="pat", organisation="operator", role=Role.PLANNER)
AUDITOR = Actor(name="aud", organisation="operator", role=Role.AUDITOR)


@pytest.fixture
def desk(book) -> Changing:
    return Changing.on(book)


def filed(desk: Changing, name: str = "branch:3", *, start=LATER, **changed: object) -> Outage:
    """File a request that waits."""
    found = submit.submit(book=desk.ground.book, world=desk.world(), actor=OWNER, now=NOW,
                          request=ask(name, start=start, **changed))  # fmt: skip
    assert found.outage is not None, found.findings
    return found.outage


def rate(desk: Changing, row: int, now=NOW) -> float:
    return float(desk.world(now).grid.network.branches.rate_b_mw[row])


def test_a_draft_is_seen_in_its_branch_alone_and_lands_whole(desk):
    was = desk.world()
    there = desk.opened(asset("branch:3", "rate_b_mw", 310.0), asset("branch:3", "name", "the new line"))
    assert desk.world().grid is was.grid
    seen = desk.branch(there).grid
    assert (seen.network.branches.rate_b_mw[2], seen.register.branch_name[2]) == (310.0, "the new line")
    assert seen.digest != was.grid.digest
    found = desk.merged(there)
    now = desk.world()
    assert (found.change_set.became, found.change_set.landing, now.landed) == (Became.MERGED, 1, 1)
    assert now.grid.digest == seen.digest
    assert rate(desk, 2) == 310.0
    assert now.grid.network.branches.rate_b_mw[3] == was.grid.network.branches.rate_b_mw[3]


def test_what_is_abandoned_leaves_nothing_but_its_own_record(desk):
    before = desk.world()
    there = desk.abandoned(desk.opened(asset("branch:3", "rate_b_mw", 310.0)))
    assert there.became == Became.ABANDONED
    assert desk.world().grid is before.grid
    with pytest.raises(NotADraft, match="abandoned"):
        desk.merged(there)


def test_columns_of_one_row_land_beside_each_other_and_one_column_twice_clashes(desk):
    one, two = desk.opened(asset("branch:3", "name", "one")), desk.opened(asset("branch:3", "rate_c_mw", 400.0))
    third = desk.opened(asset("branch:3", "name", "three"))
    desk.merged(one)
    desk.merged(two)
    with pytest.raises(Clashes, match=f"was line 3; {one.id} made it one, this would make it three") as why:
        desk.merged(third)
    assert [f.rule for f in why.value.findings] == ["MERGE-1"]
    with pytest.raises(Clashes):
        desk.rebased(third)
    assert [row.clash is not None for row in desk.diff(third).rows] == [True]
    anew = desk.edited(third, asset("branch:3", "name", "three"))
    assert anew.edits[0].was == "one"
    desk.merged(desk.rebased(anew))
    found = desk.world().grid
    assert (found.register.branch_name[2], found.network.branches.rate_c_mw[2]) == ("three", 400.0)


def test_a_rebased_draft_sees_what_has_landed_and_before_that_it_does_not(desk):
    mine = desk.opened(asset("branch:4", "name", "mine"))
    desk.merged(desk.opened(asset("branch:3", "rate_b_mw", 310.0)))
    assert desk.branch(mine).grid.network.branches.rate_b_mw[2] == pytest.approx(330.0)
    assert desk.branch(desk.rebased(mine)).grid.network.branches.rate_b_mw[2] == 310.0


def test_two_that_are_clean_each_by_itself_and_wrong_together_are_caught(desk):
    # A 300, B 330, C 360: each of the two keeps the order of the ratings by itself.
    up, down = desk.opened(asset("branch:3", "rate_a_mw", 325.0)), desk.opened(asset("branch:3", "rate_b_mw", 305.0))
    assert desk.diff(up).against == desk.diff(down).against == ()
    desk.merged(up)
    with pytest.raises(Clashes, match="branch:3 would have ratings A 325, B 305") as why:
        desk.merged(down)
    assert [f.rule for f in why.value.findings] == ["CHANGE-1"]
    assert rate(desk, 2) == pytest.approx(330.0)


def test_two_lines_of_one_bus_out_of_service_each_fine_are_refused_together(desk):
    lines = desk.world().grid.network.branches
    bus = next(b for b in range(len(desk.world().grid.network.buses)) if _cuts(desk, b) is not None)
    first, second = _cuts(desk, bus)
    assert lines.in_service[[first, second]].all()
    one = desk.opened(asset(f"branch:{first + 1}", "in_service", False))
    two = desk.opened(asset(f"branch:{second + 1}", "in_service", False))
    assert desk.diff(one).against == desk.diff(two).against == ()
    desk.merged(one)
    with pytest.raises(Clashes, match="would lose the feed"):
        desk.merged(two)


def _cuts(desk: Changing, bus: int) -> tuple[int, int] | None:
    """Give the two branches of a bus with load that has just two."""
    network = desk.world().grid.network
    rows = network.branches_at(bus)
    return (int(rows[0]), int(rows[1])) if len(rows) == 2 and network.buses.load_mw[bus] > 0 else None


def test_two_numbers_of_the_rule_book_that_cannot_stand_together_are_caught(desk):
    lead = {"long_days": 120, "standard_days": 14, "short_days": 2}
    one = desk.opened(rule("decision", "load_at_risk_mw", 40.0), actor=ADMIN)
    two = desk.opened(rule("decision", "load_at_risk_mw", 60.0), rule("entry", "lead", lead), actor=ADMIN)
    desk.merged(one, actor=ENGINEER)
    assert desk.world().rules.name == "miso-demo v2"
    with pytest.raises(Clashes, match=r"decision load_at_risk_mw was 100\S*; CS-"):
        desk.merged(two, actor=ENGINEER)


def test_who_drafted_numbers_of_the_rule_book_never_lands_them_not_even_once_another_edited_after(desk):
    there = desk.opened(rule("decision", "load_at_risk_mw", 40.0), actor=ADMIN)
    with pytest.raises(OwnDraft):
        desk.merged(there, actor=ADMIN)
    there = desk.edited(there, rule("decision", "load_at_risk_mw", 45.0), actor=SECOND)
    assert there.drafters == ("adm@operator", "zoe@operator")
    for actor in (ADMIN, SECOND):
        with pytest.raises(OwnDraft):
            desk.merged(there, actor=actor)
    desk.merged(there, actor=ENGINEER)
    assert desk.world().rules.decision.load_at_risk_mw == 45.0
    assert desk.world().rules.sources["decision.load_at_risk_mw"] == "a test"


@pytest.mark.parametrize(
    ("wanted", "refusal", "says"),
    [
        (asset("branch:99", "rate_b_mw", 1.0), Exception, "no branch:99"),
        (asset("branch:3", "colour", "red"), NoSuchColumn, "no 'colour' that can be changed"),
        (asset("bus:1", "name", "x"), NoSuchColumn, "bus:1 has no 'name'"),
        (asset("branch:3", "rate_b_mw", 0), NotAValue, "no rate_b_mw"),
        (asset("branch:3", "rate_b_mw", None), NotAValue, "no rate_b_mw"),
        (asset("branch:3", "rate_b_mw", True), NotAValue, "no rate_b_mw"),
        (asset("branch:3", "rate_b_mw", float("nan")), NotAnEdit, "no record can hold"),
        (asset("branch:3", "name", "a\x00b"), NotAnEdit, "no record can hold"),
        (rule("decision", "load_at_risk_mw", "\ud800"), NotAnEdit, "no record can hold"),
        (rule("decision", "load_at_risk_mw", [float("inf")]), NotAnEdit, "no record can hold"),
        (asset("branch:3", "in_service", 1), NotAValue, "neither true nor false"),
        (asset("branch:3", "owner", "  "), NotAValue, "no owner"),
        (asset("branch:3", "name", "a\nb"), NotAValue, "no name"),
        (asset("branch:3", "name", "x", valid_from="2027-03-01T00:00Z"), NotAnEdit, "does not hold from one day"),
        (asset("branch:3", "rate_b_mw", 9.0, valid_from="2027-03-01T00:00Z", valid_to="2027-02-01T00:00Z"), NotAnEdit,
         "before it begins"),
        (rule("decision", "colour", 1), BadRuleBook, "no number decision.colour"),
        (rule("nothing", "colour", 1), BadRuleBook, "nothing"),
        (rule("decision", "load_at_risk_mw", "much"), BadRuleBook, "load_at_risk_mw"),
        (rule("decision", "load_at_risk_mw", 1, source=" "), NotAnEdit, "no source"),
        (outage("OTG-NOTTHERE", "start", "x"), Exception, "no outage"),
    ],
)  # fmt: skip
def test_bad_edits_are_refused_by_name_and_nothing_is_written(desk, wanted, refusal, says):
    there = desk.opened()
    with pytest.raises(refusal, match=says) as why:
        desk.edited(there, wanted)
    assert why.value.field
    assert why.value.fix
    assert changes.sets_of(book=desk.ground.book, actor=ENGINEER) == (there,)


def test_a_step_needs_a_reason_its_revision_and_a_draft_that_is_ones_own(desk):
    there = desk.opened(asset("branch:3", "rate_b_mw", 310.0))
    common = {"ground": desk.ground, "now": NOW, "name": there.id, "key": "k", "actor": ENGINEER}
    with pytest.raises(ReasonMissing):
        changes.abandon(**common, revision=there.revision, reason=" ")
    with pytest.raises(StaleRevision):
        changes.abandon(**common, revision=there.revision - 1, reason="why")
    for actor, refusal in ((PLANNER, NotYourRole), (AUDITOR, NotYourRole), (OWNER, Exception)):
        with pytest.raises(refusal):
            desk.merged(there, actor=actor)
    with pytest.raises(NotYourRole):
        desk.opened(actor=AUDITOR)
    with pytest.raises(NotYourRole):
        desk.opened(asset("branch:3", "rate_b_mw", 310.0), actor=OWNER)
    assert changes.sets_of(book=desk.ground.book, actor=OWNER)[0].organisation == "TO-1"
    assert changes.sets_of(book=desk.ground.book, actor=OTHER) == ()


def test_done_again_under_its_key_a_step_is_done_once(desk):
    common = {"ground": desk.ground, "actor": ENGINEER, "now": NOW, "reason": "why"}
    one = changes.open_set(**common, key="a", title="one")
    assert changes.open_set(**common, key="a", title="one") == one
    with pytest.raises(OtherKey):
        changes.open_set(**common, key="a", title="two")
    step = {**common, "name": one.id, "revision": 1, "key": "b", "wanted": [asset("branch:3", "rate_b_mw", 310.0)]}
    two = changes.edit(**step)
    assert changes.edit(**step) == two
    assert two.revision == 2
    with pytest.raises(StaleRevision):
        changes.edit(**{**step, "key": "c"})


def test_each_step_is_one_line_of_the_journal_with_its_reason_and_a_landing_is_one_too(desk):
    def lines() -> list[tuple[str, int | None]]:
        with desk.ground.book.as_(SYSTEM) as page:
            told = page.told({}, limit=1000)
        return [(t.event.verb, t.revision) for t in told if t.event is not None]

    there = desk.opened()
    there = desk.edited(there, asset("branch:3", "rate_b_mw", 310.0))
    there = desk.rebased(there)
    desk.merged(there)
    assert lines() == [("change_set.open", 1), ("change_set.edit", 2), ("change_set.rebase", 3),
                       ("change_set.merge", 4)]  # fmt: skip


def test_a_dated_rating_counts_at_its_least_from_now_on_and_is_known_for_each_instant(desk):
    june, july = NOW + 120 * DAY, NOW + 150 * DAY
    words = {"valid_from": june.isoformat(), "valid_to": july.isoformat()}
    desk.merged(desk.opened(asset("branch:3", "rate_b_mw", 310.0, **words)))
    assert rate(desk, 2) == 310.0, "the lower rating counts at once"
    assert rate(desk, 2, july) == pytest.approx(330.0)
    desk.merged(desk.opened(asset("branch:4", "rate_c_mw", 500.0, valid_from=june.isoformat())))
    assert desk.world().grid.network.branches.rate_c_mw[3] == pytest.approx(360.0), "the higher one once it holds"
    assert desk.world(june).grid.network.branches.rate_c_mw[3] == 500.0

    def known(at, instant) -> object:
        return branching.known(ground=desk.ground, actor=ENGINEER, table=Table.ASSET, row="branch:3", known_at=at,
                               instant=instant)["values"]["rate_b_mw"]  # fmt: skip

    assert known(NOW, june) == 310.0
    assert known(NOW, july) == pytest.approx(330.0)
    assert known(NOW - DAY, june) == pytest.approx(330.0), "as it was known before it landed"


def test_a_dated_rating_that_would_cross_another_only_later_is_caught(desk):
    june = (NOW + 120 * DAY).isoformat()
    there = desk.opened(asset("branch:3", "rate_a_mw", 340.0, valid_from=june))
    assert [f.rule for f in desk.diff(there).against] == ["CHANGE-1"]


def test_an_outage_is_known_as_it_was(desk):
    one = filed(desk)
    with desk.ground.book.as_(ENGINEER) as page:
        assert page.known(one.id, NOW - DAY) is None
        assert page.known(one.id, NOW).window == one.window
    later = NOW + timedelta(hours=2)
    there = desk.opened(outage(one.id, "start", _text(LATER + DAY)), outage(one.id, "end", _text(LATER + 2 * DAY)),
                        actor=OWNER)  # fmt: skip
    desk.merged(there, actor=OWNER, now=later)
    with desk.ground.book.as_(ENGINEER) as page:
        assert page.known(one.id, NOW).window.start == LATER
        assert page.known(one.id, later).window.start == LATER + DAY


def _text(instant) -> str:
    return instant.isoformat()


def test_dates_of_several_requests_change_together_and_are_decided(desk):
    one, two = filed(desk, "branch:3"), filed(desk, "branch:3", start=LATER + 5 * DAY)
    wanted = [w for o in (one, two) for w in (outage(o.id, "start", _text(o.window.start + DAY)),
                                              outage(o.id, "end", _text(o.window.end + DAY)))]  # fmt: skip
    there = desk.opened(*wanted, actor=OWNER)
    before = digest([_rows(desk)])
    seen = branching.preview(ground=desk.ground, actor=OWNER, now=NOW, name=there.id)
    assert [a.record["outcome"] for a in seen] == ["approve", "approve"]
    assert digest([_rows(desk)]) == before, "nothing was written"
    found = desk.merged(there, actor=OWNER)
    assert found.change_set.landing is None
    assert sorted(a.outage.id for a in found.answers) == sorted([one.id, two.id])
    assert {o.window.start for o in _rows(desk)} == {LATER + DAY, LATER + 6 * DAY}
    assert all(o.holds for o in _rows(desk))


def _rows(desk: Changing) -> list[Outage]:
    with desk.ground.book.as_(SYSTEM) as page:
        return list(page.find(Search()))


def test_two_of_one_equipment_trade_their_dates_in_one_change_set_and_not_in_two(desk):
    one, two = filed(desk), filed(desk, start=LATER + 3 * DAY)

    def to(it: Outage, other: Outage) -> list:
        return [outage(it.id, "start", _text(other.window.start)), outage(it.id, "end", _text(other.window.end))]

    alone = desk.opened(*to(one, two), actor=OWNER)
    assert [f.rule for f in desk.diff(alone, actor=OWNER).against] == ["MERGE-4 OVERLAP-2"]
    both = desk.opened(*to(one, two), *to(two, one), actor=OWNER)
    assert desk.diff(both, actor=OWNER).against == ()
    assert [a.record["outcome"] for a in desk.merged(both, actor=OWNER).answers] == ["approve", "approve"]
    assert {o.id: o.window.start for o in _rows(desk)} == {one.id: two.window.start, two.id: one.window.start}


def test_what_was_granted_stands_while_its_change_waits_so_standing_dates_are_not_traded_here(desk):
    one, two = filed(desk), filed(desk, start=LATER + 3 * DAY)
    for it in (one, two):
        decide(book=desk.ground.book, world=desk.world(), now=NOW, outage_id=it.id, asked_by=OWNER)
    edits = [outage(a.id, name, _text(getattr(b.window, name))) for a, b in ((one, two), (two, one))
             for name in ("start", "end")]  # fmt: skip
    both = desk.opened(*edits, actor=OWNER)
    assert {f.rule for f in desk.diff(both, actor=OWNER).against} == {"MERGE-4 OVERLAP-1"}


def test_an_outage_that_moved_or_ended_meanwhile_clashes(desk):
    one = filed(desk)
    there = desk.opened(outage(one.id, "location", "north"), actor=OWNER)
    other = desk.opened(outage(one.id, "location", "south"), actor=OWNER)
    aside = desk.opened(outage(one.id, "project", "P1"), actor=OWNER)
    desk.merged(there, actor=OWNER)
    with pytest.raises(Clashes, match="was None; it is north by now, this would make it south"):
        desk.merged(other, actor=OWNER)
    desk.merged(aside, actor=OWNER)
    [found] = _rows(desk)
    assert (found.asked.location, found.asked.project) == ("north", "P1")
    step(book=desk.ground.book, world=desk.world(), actor=OWNER, now=NOW, outage_id=one.id, verb=Verb.CANCEL,
         reason="no crew")  # fmt: skip
    with pytest.raises(Clashes, match="is cancelled") as why:
        desk.merged(other, actor=OWNER)
    assert why.value.findings[0].rule == "MERGE-2"


def test_another_owners_request_is_not_in_reach_of_a_change_set(desk):
    one = filed(desk)
    with pytest.raises(Exception, match="no outage"):
        desk.opened(outage(one.id, "location", "x"), actor=OTHER)
    mine = desk.opened(outage(one.id, "location", "x"), actor=OWNER)
    with pytest.raises(NotYours):
        desk.merged(mine, actor=ENGINEER)
    with pytest.raises(Exception, match="no change set"):
        desk.merged(mine, actor=OTHER)


def test_a_rating_in_a_branch_changes_what_a_study_finds_there_and_after_it_landed_everywhere(desk):
    one = filed(desk)
    main = what_if_as(book=desk.ground.book, world=desk.world(), now=NOW, supposed=Supposed(), outage=one.id)
    assert main.outcome == "approve"
    there = desk.opened(*(asset("branch:1", f"rate_{name}_mw", 1.0) for name in "abc"))
    seen = branching.study(ground=desk.ground, actor=ENGINEER, now=NOW, name=there.id, outage=one.id)
    assert seen.outcome != "approve"
    again = what_if_as(book=desk.ground.book, world=desk.world(), now=NOW, supposed=Supposed(), outage=one.id)
    assert again.id == main.id
    landed = desk.merged(there)
    now = what_if_as(book=desk.ground.book, world=desk.world(), now=NOW, supposed=Supposed(), outage=one.id)
    assert (now.outcome, now.found) == (seen.outcome, seen.found)
    assert landed.restudy == ()


def test_a_landing_makes_kept_days_stale_and_names_what_was_granted(desk):
    one = filed(desk)
    decide(book=desk.ground.book, world=desk.world(), now=NOW, outage_id=one.id, asked_by=OWNER)
    window = Window(start=LATER, end=LATER + DAY)

    def mark() -> str:
        with desk.ground.book.as_(SYSTEM) as page:
            situation = read(page, page.outage(one.id), window=window, now=NOW)
        return mark_of(desk.world(), situation, window, now=NOW)

    before = mark()
    assert mark() == before
    found = desk.merged(desk.opened(asset("branch:5", "rate_b_mw", 345.0)))
    assert mark() != before
    assert found.restudy == (one.id,)


def test_a_landing_has_a_worker_study_again_what_begins_soon(desk):
    one = filed(desk)
    decide(book=desk.ground.book, world=desk.world(), now=NOW, outage_id=one.id, asked_by=OWNER)
    soon = LATER - 2 * DAY
    there = desk.opened(asset("branch:5", "rate_b_mw", 345.0), now=soon)

    def causes() -> list[str]:
        with desk.ground.book.as_(SYSTEM) as page:
            found = duties(page, rules=desk.world().rules.clock, now=soon)
        return [d.cause for d in found if d.task == Task.RESTUDY and d.subject == one.id and d.at <= soon]

    assert there.id not in causes()
    desk.merged(there, now=soon)
    assert causes() == [there.id]


def test_a_decision_thought_out_before_a_landing_is_not_written_after_it(desk):
    one = filed(desk)
    world = desk.world()
    with desk.ground.book.as_(SYSTEM) as page:
        situation = read(page, page.outage(one.id), window=one.window, now=NOW)
    thought = think(world=world, situation=situation, now=NOW, book=desk.ground.book)
    desk.merged(desk.opened(asset("branch:5", "rate_b_mw", 345.0)))
    with pytest.raises(BookMoved, match="ratings or rules have landed"):
        write(book=desk.ground.book, world=world, now=NOW, situation=situation, answer=thought, asked_by=OWNER)
    assert decide(book=desk.ground.book, world=desk.world(), now=NOW, outage_id=one.id, asked_by=OWNER).written


def test_a_decision_is_replayed_in_the_ratings_of_then(desk):
    one = filed(desk)
    decide(book=desk.ground.book, world=desk.world(), now=NOW, outage_id=one.id, asked_by=OWNER)
    desk.merged(desk.opened(*(asset("branch:1", f"rate_{name}_mw", 1.0) for name in "abc")), now=NOW + DAY)
    question = {"book": desk.ground.book, "actor": ENGINEER, "now": NOW + 2 * DAY, "outage_id": one.id}
    then = branching.world_of_decision(ground=desk.ground, outage_id=one.id)
    assert replay(**question, world=then)["same"] is True
    assert replay(**question, world=desk.world())["same"] is False


def test_two_that_land_at_once_both_land_each_under_a_number_of_its_own(desk):
    drafts = [desk.opened(asset(f"branch:{k}", "name", f"line {k} anew")) for k in (3, 4, 5, 6)]
    with ThreadPoolExecutor(4) as pool:
        landed = list(pool.map(lambda there: desk.merged(there).change_set.landing, drafts))
    assert sorted(landed) == [1, 2, 3, 4]
    assert [str(desk.world().grid.register.branch_name[k - 1]) for k in (3, 4, 5, 6)] == [
        f"line {k} anew" for k in (3, 4, 5, 6)
    ]


def test_of_two_that_land_the_same_cell_at_once_one_clashes(desk):
    drafts = [desk.opened(asset("branch:3", "name", f"by {k}")) for k in range(3)]

    def try_it(there) -> bool:
        try:
            return desk.merged(there).change_set.landing == 1
        except Clashes:
            return False

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(try_it, drafts)) == [False, False, True]


def test_a_merge_that_died_before_it_decided_is_finished_under_its_key(desk, monkeypatch):
    one = filed(desk)
    there = desk.opened(outage(one.id, "start", _text(LATER + DAY)), outage(one.id, "end", _text(LATER + 2 * DAY)),
                        actor=OWNER)  # fmt: skip
    common = {"ground": desk.ground, "actor": OWNER, "now": NOW, "name": there.id, "revision": there.revision,
              "key": "k", "reason": "to see"}  # fmt: skip
    with monkeypatch.context() as dying:
        dying.setattr(merging, "decide", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            merging.merge(**common)
    assert [o.holds for o in _rows(desk)] == [False]
    again = merging.merge(**common)
    assert [a.record["outcome"] for a in again.answers] == ["approve"]
    assert [o.holds for o in _rows(desk)] == [True]
    assert merging.merge(**common).answers == ()


def test_a_draft_rule_book_is_tried_on_what_was_decided(desk):
    ids = []
    for name in ("branch:3", "branch:4"):
        one = filed(desk, name)
        decide(book=desk.ground.book, world=desk.world(), now=NOW, outage_id=one.id, asked_by=OWNER)
        ids.append(one.id)
    strict = desk.opened(rule("decision", "authority", []), actor=ADMIN)
    span = Window(start=NOW - DAY, end=NOW + DAY)
    rows = _heads(desk)
    found = branching.trial(ground=desk.ground, actor=ADMIN, now=NOW, name=strict.id, span=span)
    assert [(r.recorded, r.main, r.draft, r.changes) for r in found.rows] == [("approve", "approve", "refer", True)] * 2
    assert sorted(r.outage for r in found.rows) == sorted(ids)
    same = desk.opened(rule("decision", "load_at_risk_mw", 99.0), actor=ADMIN)
    found = branching.trial(ground=desk.ground, actor=ADMIN, now=NOW, name=same.id, span=span, most=1)
    assert ([r.changes for r in found.rows], found.left) == ([False], 1)
    with pytest.raises(NotYours):
        branching.trial(ground=desk.ground, actor=OWNER, now=NOW, name=same.id, span=span)
    assert _heads(desk)["TO-1"] == rows["TO-1"], "a trial writes nothing"


def _heads(desk: Changing) -> dict[str, int]:
    with desk.ground.book.as_(SYSTEM) as page:
        return dict(page.heads())


CELLS = ("rate_a_mw", "rate_b_mw", "rate_c_mw", "name")
VALUES = {"rate_a_mw": (290.0, 300.0, 305.0), "rate_b_mw": (320.0, 330.0, 335.0), "rate_c_mw": (350.0, 360.0, 500.0),
          "name": ("x", "y", "z")}  # fmt: skip
DRAFT = st.dictionaries(st.sampled_from(CELLS), st.integers(0, 2), min_size=1)
DEEDS = ("open", "edit", "edit", "edit", "drop", "rebase", "merge", "abandon")
STEPS = st.lists(
    st.tuples(st.sampled_from(DEEDS), st.integers(0, 3),
              st.sampled_from(["branch:3", "branch:4"]), st.sampled_from(CELLS), st.integers(0, 2)),
    min_size=4, max_size=14,
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_was_done_the_journal_alone_rebuilds_every_change_set_and_the_world(desk, steps):
    for verb, which, row, column, value in steps:
        drafts = [s for s in changes.sets_of(book=desk.ground.book, actor=ENGINEER) if s.draft]
        there = drafts[which % len(drafts)] if drafts else None
        with suppress(Clashes, NotAnEdit, NothingInIt):
            if verb == "open" or there is None:
                desk.opened()
            elif verb == "edit":
                desk.edited(there, asset(row, column, VALUES[column][value]))
            elif verb == "drop":
                desk.edited(there, drop=tuple(e.cell for e in there.edits[:1]))
            else:
                {"rebase": desk.rebased, "merge": desk.merged, "abandon": desk.abandoned}[verb](there)
    _journal_is_table(desk)


def _journal_is_table(desk: Changing) -> None:
    with desk.ground.book.as_(ENGINEER) as page:
        stored = page.change_sets()
        told = {s.id: rebuilt(page.steps(s.id)) for s in stored}
    assert {s.id: s for s in stored} == told
    landed = sorted((s for s in told.values() if s.landing), key=lambda s: s.landing or 0)
    assert [s.landing for s in landed] == list(range(1, len(landed) + 1))
    plainly: dict[tuple[str, str], object] = {}
    for one in landed:  # the newest landing has the last word, cell by cell
        plainly |= {(e.row, e.column): e.value for e in one.edits}
    grid, lines = desk.world().grid, desk.world().grid.network.branches
    for (row, column), value in plainly.items():
        k = int(row.split(":")[1]) - 1
        found = str(grid.register.branch_name[k]) if column == "name" else float(getattr(lines, column)[k])
        assert found == value, (row, column)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mine=DRAFT, theirs=DRAFT, row=st.integers(6, 9))
def test_change_sets_without_a_cell_in_common_come_to_the_same_in_either_order(book, mine, theirs, row):
    digests = []
    for order in (0, 1):
        desk = Changing.on(book, base_world())
        both = [desk.opened(*(asset(f"branch:{row + k}", c, VALUES[c][v]) for c, v in cells.items()))
                for k, cells in enumerate((mine, theirs))]  # fmt: skip
        whole = world_with(desk.ground.base, [replace(s, landing=n) for n, s in enumerate(both[:: 1 - 2 * order])],
                           files=desk.ground.files, now=NOW)  # fmt: skip
        digests.append(whole.grid.digest)
    assert digests[0] == digests[1]


def test_an_older_revision_is_what_its_steps_made(desk):
    there = desk.opened(asset("branch:3", "rate_b_mw", 310.0))
    desk.edited(there, asset("branch:3", "rate_b_mw", 315.0))

    def at(revision: int) -> list[object]:
        found = changes.as_of_revision(book=desk.ground.book, actor=ENGINEER, name=there.id, revision=revision)
        return [e.value for e in found.edits]

    assert [at(n) for n in (1, 2, 3)] == [[], [310.0], [315.0]]
    with pytest.raises(NotADraft, match="no 9"):
        at(9)
    assert json.dumps(at(2))


def test_an_asset_that_stands_elsewhere_in_another_file_of_the_name_is_found_out(desk):
    desk.merged(desk.opened(asset("branch:3", "rate_b_mw", 310.0)))
    base = desk.ground.base
    lines = base.grid.network.branches
    turned = replace(lines, from_bus=lines.to_bus, to_bus=lines.from_bus)
    moved = replace(base, grid=replace(base.grid, network=replace(base.grid.network, branches=turned)))
    with pytest.raises(Exception, match="branch:3 was branch"):
        Changing.on(desk.ground.book, moved).world()
