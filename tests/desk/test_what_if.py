"""A what-if is the study of the decision on another book: with nothing supposed the same, else that of such a book."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moms.desk import settle, submit
from moms.desk.operate import extend, step
from moms.desk.ports import NoSuchOutage, NotYours, Search
from moms.desk.security import secure
from moms.desk.supposed import AddedOutage, NotALimit, NotAround, Supposed, TooManySupposed
from moms.desk.what_if import NothingDecided, OtherDates, TooLong, what_if
from moms.grid import NoSuchElement
from moms.outages import Nature
from moms.outages.lifecycle import Verb
from moms.values import SYSTEM, Actor, Role, Window, canonical, plain
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from moms.desk.what_if import WhatIf
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.store.book import PostgresBook

PLANNER = Actor(name="pat", organisation="operator", role=Role.PLANNER)
WORLD = a_world(slack=0.8)
NOTHING = Supposed()


def filed(
    book: PostgresBook, asset: str, *, world: World = WORLD, minute: int = 0, decided: bool = True, **changes: object
) -> Outage:
    """File a request for the usual day and decide it."""
    at = NOW + timedelta(minutes=minute)
    found = submit.submit(book=book, world=world, actor=OWNER, now=at, request=ask(asset, **changes))
    assert found.outage is not None, found.findings
    if decided:
        settle.decide(book=book, world=world, now=NOW, outage_id=found.outage.id, asked_by=SYSTEM)
    with book.as_(SYSTEM) as page:
        return page.outage(found.outage.id)


def asked(book: PostgresBook, outage: Outage | str, *, world: World = WORLD, **supposed: object) -> WhatIf:
    return what_if(book=book, world=world, actor=ENGINEER, now=NOW, outage=outage, supposed=Supposed(**supposed))  # type: ignore[arg-type]  # tests name parts


def record_of(book: PostgresBook, outage: Outage) -> dict[str, object]:
    with book.as_(SYSTEM) as page:
        return page.decision(str(outage.decision_id))


def stands_in(book: PostgresBook) -> list[str]:
    with book.as_(SYSTEM) as page:
        return [o.id for o in page.find(Search(holding=True))]


PARTS = ("security", "queue", "alone", "remedy", "adequacy", "missing", "relies_on", "overlapping", "earlier_pending")


def parts(found: WhatIf | dict[str, object]) -> dict[str, object]:
    """Give what a study found, without what says on which instant."""
    evidence = found["evidence"] if isinstance(found, dict) else plain(found.evidence)
    assert isinstance(evidence, dict)
    return {name: evidence[name] for name in PARTS}


@pytest.mark.parametrize("asset", ["branch:3", "branch:40", "branch:11", "gen:2"])
def test_with_nothing_supposed_it_finds_what_the_decision_found(book: PostgresBook, asset: str) -> None:
    for k, other in enumerate(("branch:7", "branch:27")):
        filed(book, other, minute=k)
    world = WORLD
    request = ask(asset)
    owner = replace(OWNER, organisation=request.organisation)
    there = submit.submit(book=book, world=world, actor=owner, now=NOW + timedelta(hours=1), request=request).outage
    assert there is not None
    answer = settle.decide(book=book, world=world, now=NOW, outage_id=there.id, asked_by=SYSTEM)
    found = asked(book, there.id)
    assert parts(found) == parts(answer.record)
    assert found.against is not None
    assert found.against.same, found.against.says
    assert found.against.decision == answer.record["id"]
    # The rules say the same too, but that other windows were looked for by the decision alone.
    assert found.outcome in {answer.record["outcome"], "deny"}


def test_it_writes_nothing(book: PostgresBook) -> None:
    outage = filed(book, "branch:3")
    with book.as_(SYSTEM) as page:
        before = page.version(), dict(page.heads()), page.history(outage.id)
    asked(book, outage.id, after="A", redispatch=False)
    with book.as_(SYSTEM) as page:
        assert (page.version(), dict(page.heads()), page.history(outage.id)) == before


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    subject=st.sampled_from(["branch:3", "branch:40", "branch:11"]),
    rows=st.lists(st.sampled_from([2, 7, 15, 27, 33, 45]), min_size=1, max_size=3, unique=True),
    data=st.data(),
)
def test_one_left_out_is_the_study_of_a_book_that_never_had_it(
    book: PostgresBook, subject: str, rows: list[int], data: st.DataObject
) -> None:
    """The law: what is supposed of the book equals the book being so; the other book is made by cancelling."""
    _cancelled(book, stands_in(book))
    there = [_stood(book, row) for row in rows]
    gone = data.draw(st.sampled_from(there))
    draft = submit.preview(book=book, world=LOOSE, actor=OWNER, now=NOW, request=ask(subject)).outage
    assert draft is not None
    whole = asked(book, draft, world=TIGHT)
    supposed = asked(book, draft, world=TIGHT, without=(gone,))
    # Added again as equipment and dates, the flows are those of the whole book.
    again = asked(book, draft, world=TIGHT, without=(gone,), added=_as_added(whole, gone))
    _cancelled(book, [gone])
    really = asked(book, draft, world=TIGHT)
    assert [b.id for b in whole.holding] == sorted(there)
    assert [b.id for b in supposed.holding] == [b.id for b in really.holding] == sorted(set(there) - {gone})
    assert parts(supposed) == parts(really)
    assert plain(supposed.hourly) == plain(really.hourly)
    assert supposed.found == really.found
    assert again.evidence.security.digest == whole.evidence.security.digest
    assert again.hourly.hours == whole.hourly.hours


LOOSE = a_world(slack=2.0)
"""Nothing is refused here, so that all stand in the book."""


def _as_added(whole: WhatIf, gone: str) -> tuple[AddedOutage, ...]:
    return tuple(AddedOutage(assets=b.assets, window=b.window) for b in whole.holding if b.id == gone)


def _stood(book: PostgresBook, row: int) -> str:
    """File and decide an outage that stands, under a reference that no example used before."""
    with book.as_(SYSTEM) as page:
        count = len(page.find(Search()))
    request = ask(f"branch:{row}", external_id=f"number {count}")
    there = submit.submit(book=book, world=LOOSE, actor=OWNER, now=NOW, request=request).outage
    assert there is not None
    answer = settle.decide(book=book, world=LOOSE, now=NOW, outage_id=there.id, asked_by=SYSTEM)
    assert answer.outage.holds
    return there.id


def _tighter(world: World, share: float) -> World:
    lines = world.grid.network.branches
    network = world.grid.network.with_ratings(
        a=lines.rate_a_mw * share, b=lines.rate_b_mw * share, c=lines.rate_c_mw * share
    )
    return replace(world, grid=replace(world.grid, network=network))


TIGHT = _tighter(LOOSE, 0.45)
"""The same grid at ratings that a loss exceeds."""


def _cancelled(book: PostgresBook, names: list[str]) -> None:
    for name in names:
        step(book=book, world=WORLD, actor=OWNER, now=NOW, outage_id=name, verb=Verb.CANCEL, reason="not needed")


def test_what_waits_can_be_left_out_or_be_out_besides(book: PostgresBook) -> None:
    waits = filed(book, "branch:7", decided=False)
    mine = filed(book, "branch:3", minute=5, decided=False)
    plainly = asked(book, mine.id)
    assert [b.id for b in plainly.queue] == [waits.id]
    assert plainly.evidence.queue is not None
    less = asked(book, mine.id, without=(waits.id,))
    assert less.queue == ()
    assert less.evidence.queue is None
    out = asked(book, mine.id, beside=(waits.id,))
    assert [b.id for b in out.holding] == [waits.id]
    assert out.queue == ()
    # What was studied as the queue is now the book: the same study, by another name.
    assert out.evidence.security.digest == plainly.evidence.queue.digest


def test_no_redispatch_and_the_limit_it_cured_stands_against_it(book: PostgresBook) -> None:
    outage = filed(book, "branch:40")
    with_it, less = asked(book, outage.id), asked(book, outage.id, redispatch=False)
    assert with_it.evidence.remedy.verified
    assert less.evidence.remedy is None
    assert with_it.outcome == "approve"
    assert less.outcome != "approve"
    assert less.evidence.security == with_it.evidence.security


def test_a_lower_limit_after_a_contingency_never_shows_less(book: PostgresBook) -> None:
    outage = filed(book, "branch:3")
    normal, emergency, ceiling = (asked(book, outage.id, after=rate) for rate in ("A", "B", "C"))
    lines = WORLD.grid.network.branches
    for found, limit in ((normal, lines.rate_a_mw), (emergency, lines.rate_b_mw), (ceiling, lines.rate_c_mw)):
        for row in found.evidence.security.crossings:
            k = int(row.element.split(":")[1]) - 1
            if row.contingency is not None:
                assert row.limit_mw == pytest.approx(limit[k], abs=1e-3)
                assert abs(row.flow_mw) > limit[k]
    over = [{(c.contingency, c.element) for c in f.evidence.security.crossings} for f in (ceiling, emergency, normal)]
    assert over[0] <= over[1] <= over[2]
    assert over[0] < over[2], "the limits make no difference: this shows nothing"


def test_other_dates_are_studied_among_what_is_out_then(book: PostgresBook) -> None:
    outage = filed(book, "branch:3")
    later = Window(start=START + 10 * DAY, end=START + 11 * DAY)
    request = ask("branch:7", start=later.start)
    there = submit.submit(book=book, world=a_world(), actor=OWNER, now=NOW, request=request).outage
    settle.decide(book=book, world=a_world(), now=NOW, outage_id=there.id, asked_by=SYSTEM)
    found = asked(book, outage.id, window=later)
    assert [b.id for b in found.holding] == [there.id]
    assert found.window == later
    assert "other dates" in found.against.says
    assert {h.hour for h in found.hourly.hours if h.hour[:1].isdigit()} == {
        f"{h:%Y-%m-%dT%H:%MZ}" for h in later.clock_hours()
    }


def test_the_book_as_it_was_decided_is_read_back_revision_by_revision(book: PostgresBook) -> None:
    filed(book, "branch:7")
    outage = filed(book, "branch:40", minute=5)
    filed(book, "branch:27", minute=9, world=a_world())  # the book moves on
    later = NOW + 2 * DAY
    question = {"book": book, "world": WORLD, "actor": PLANNER, "outage": outage.id}
    moved = what_if(**question, now=later, supposed=NOTHING)
    then = what_if(**question, now=later, supposed=Supposed(as_decided=True))
    assert not moved.against.same
    assert "out beside it now" in moved.against.says
    assert then.against.same
    assert then.now == NOW
    assert parts(then) == parts(record_of(book, outage))


def test_hours_show_the_flows_of_a_power_flow_made_by_hand(book: PostgresBook) -> None:
    """The worst loading of each hour, against angles solved here from the nodal equations with dense numpy."""
    outage = filed(book, "branch:3")
    found = asked(book, outage.id)
    studied = secure(WORLD, outage, (), book="book", window=outage.window, now=NOW)
    by_label = {h.hour: h for h in found.hourly.hours}
    assert len(by_label) == found.hourly.points > 20
    for one in studied.slices:
        lines = one.network.branches
        for h, label in enumerate(one.hours.label):
            for gone, shown in (({2}, by_label[label].before), (set(), by_label[label].before_without)):
                share = _shares(one, h, gone)
                worst = int(np.nanargmax(share))
                assert shown.percent == pytest.approx(100 * share[worst], abs=2e-3)
                assert shown.element == f"branch:{worst + 1}" or share[int(shown.element[7:]) - 1] == pytest.approx(
                    share[worst], abs=1e-6
                )
        assert (lines.rate_a_mw > 0).all()


def _shares(one, h: int, gone: set[int]):
    """Give each branch's flow as a share of rate A, by numpy's own solver."""
    network = one.network
    lines, units = network.branches, network.units
    n = len(network.buses)
    live = [k for k in range(len(lines)) if lines.in_service[k] and k not in gone]
    b = 1.0 / (lines.x * np.where(lines.tap == 0.0, 1.0, lines.tap))
    injection = -one.hours.load_mw[:, h] - network.buses.shunt_mw
    np.add.at(injection, units.bus, one.hours.unit_mw[:, h])
    dc = network.dclines
    np.add.at(injection, dc.from_bus, -one.hours.dcline_mw[:, h] * dc.in_service)
    np.add.at(injection, dc.to_bus, (one.hours.dcline_mw[:, h] - dc.loss_mw) * dc.in_service)
    matrix = np.zeros((n, n))
    shift = np.radians(lines.shift_deg) * b * network.base_mva
    for k in live:
        f, t = int(lines.from_bus[k]), int(lines.to_bus[k])
        matrix[f, f] += b[k]
        matrix[t, t] += b[k]
        matrix[f, t] -= b[k]
        matrix[t, f] -= b[k]
        injection[f] += shift[k]
        injection[t] -= shift[k]
    theta = np.linalg.lstsq(matrix * network.base_mva, injection, rcond=None)[0]
    flow = np.full(len(lines), np.nan)
    for k in live:
        f, t = int(lines.from_bus[k]), int(lines.to_bus[k])
        flow[k] = b[k] * network.base_mva * (theta[f] - theta[t]) - shift[k]
    share = np.abs(flow) / lines.rate_a_mw
    share[~(lines.monitored & np.isfinite(lines.rate_a_mw))] = np.nan
    return share


def test_the_same_question_has_the_same_name_and_another_has_another(book: PostgresBook) -> None:
    outage = filed(book, "branch:3")
    one, two, other = asked(book, outage.id), asked(book, outage.id), asked(book, outage.id, redispatch=False)
    assert one.id == two.id
    assert canonical(one) == canonical(two)
    assert other.id != one.id
    filed(book, "branch:7", world=a_world())
    assert asked(book, outage.id).id != one.id


def test_a_draft_is_studied_before_anybody_files_it(book: PostgresBook) -> None:
    draft = submit.preview(book=book, world=WORLD, actor=OWNER, now=NOW, request=ask("branch:11")).outage
    assert draft is not None
    found = asked(book, draft)
    assert found.against is None
    answer = settle.decide(book=book, world=WORLD, now=NOW, outage_id="", asked_by=SYSTEM, preview=True, unfiled=draft)
    assert parts(found) == parts(answer.record)


@pytest.mark.parametrize(
    ("supposed", "refusal", "field"),
    [
        ({"without": ("OTG-NOBODY",)}, NoSuchOutage, None),
        ({"after": "D"}, NotALimit, "after"),
        ({"added": (AddedOutage(assets=("branch:99999",), window=Window(start=START, end=START + DAY)),)},
         NoSuchElement, "asset"),
        ({"window": Window(start=START, end=START + 200 * DAY)}, TooLong, "window"),
        ({"without": tuple(f"OTG-{k}" for k in range(51))}, TooManySupposed, "without"),
        ({"as_decided": True, "window": Window(start=START, end=START + DAY)}, OtherDates, "window"),
    ],
)  # fmt: skip
def test_what_cannot_be_supposed_is_refused_with_its_field(book: PostgresBook, supposed, refusal, field) -> None:
    outage = filed(book, "branch:3")
    with pytest.raises(refusal) as why:
        asked(book, outage.id, **supposed)
    if field:
        assert why.value.field == field
        assert why.value.fix


def test_an_outage_elsewhere_cannot_be_left_out_nor_one_that_is_out_be_added(book: PostgresBook) -> None:
    outage = filed(book, "branch:3")
    far = submit.submit(book=book, world=WORLD, actor=OWNER, now=NOW, request=ask("branch:7", start=START + 30 * DAY))
    with pytest.raises(NotAround, match="not out around it"):
        asked(book, outage.id, without=(far.outage.id,))
    with pytest.raises(NotAround, match="already"):
        asked(book, outage.id, beside=(outage.id,))
    told = asked(book, outage.id, beside=(far.outage.id,))
    assert any("adding it changes nothing" in note for note in told.notes)


def test_as_decided_needs_a_decision(book: PostgresBook) -> None:
    waits = filed(book, "branch:3", decided=False)
    with pytest.raises(NothingDecided):
        asked(book, waits.id, as_decided=True)


def test_as_decided_says_that_the_book_around_added_hours_is_not_kept(book: PostgresBook) -> None:
    key = filed(book, "branch:3", nature=Nature.RELAY).id
    room = Actor(name="roy", organisation="operator", role=Role.CONTROL_ROOM)
    settle.by_person(book=book, world=WORLD, actor=ENGINEER, now=NOW, outage_id=key, outcome="approve", reason="seen")
    step(book=book, world=WORLD, outage_id=key, actor=room, now=START, verb=Verb.START)
    extend(book=book, world=WORLD, outage_id=key, actor=room, now=START + timedelta(hours=20), until=START + 2 * DAY,
           forced=True, reason="crack")  # fmt: skip
    with pytest.raises(NothingDecided, match="added hours"):
        asked(book, key, as_decided=True)


@pytest.mark.parametrize(
    "actor",
    [
        OWNER,
        Actor(name="roy", organisation="operator", role=Role.CONTROL_ROOM),
        Actor(name="aud", organisation="operator", role=Role.AUDITOR),
        Actor(name="eng", organisation="TO-1", role=Role.ENGINEER),
    ],
)
def test_only_the_operators_engineers_and_planners_ask(book: PostgresBook, actor: Actor) -> None:
    outage = filed(book, "branch:3")
    with pytest.raises(NotYours):
        what_if(book=book, world=WORLD, actor=actor, now=NOW, outage=outage.id, supposed=NOTHING)
