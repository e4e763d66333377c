"""One request from submit to close, on a real book."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from moms.desk import operate, settle, submit
from moms.desk.granted import granting
from moms.desk.ports import Search
from moms.desk.submit import AlreadyFiled
from moms.outages import State, Status
from moms.outages.lifecycle import Verb
from moms.schedule.candidates import DAYS, NIGHTS
from moms.values import SYSTEM, Actor, Refused, Role, Window
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from moms.desk.answer import Answer
    from moms.desk.world import World
    from moms.outages import Request
    from moms.store.book import PostgresBook

ROOM = Actor(name="rosa", organisation="operator", role=Role.CONTROL_ROOM)


def through(book: PostgresBook, world: World, request: Request, *, now=NOW, actor: Actor | None = None) -> Answer:
    who = actor or replace(OWNER, organisation=request.organisation)
    filed = submit.submit(book=book, world=world, actor=who, now=now, request=request)
    assert filed.outage is not None, filed.findings
    return settle.decide(book=book, world=world, now=now, outage_id=filed.outage.id, asked_by=SYSTEM)


def everything(book: PostgresBook) -> dict[str, int]:
    with book.as_(SYSTEM) as page:
        rows = page.find(Search())
        return {"outages": len(rows), "events": sum(len(page.history(o.id)) for o in rows)}


def test_a_clean_request_is_approved_written_and_told_in_the_journal(book: PostgresBook) -> None:
    answer = through(book, a_world(), ask())
    assert answer.record is not None
    assert answer.record["outcome"] == "approve"
    with book.as_(SYSTEM) as page:
        stored = page.outage(answer.outage.id)
        assert (stored.state, stored.status) == (State.DECIDED, Status.APPROVED)
        assert page.decision(stored.decision_id) == answer.record
        assert [e.verb for e in page.history(stored.id)] == ["submit", "validate", "decide:approve"]


def test_the_same_request_twice_is_one_row_and_another_content_is_refused(book: PostgresBook) -> None:
    world, request = a_world(), ask()
    first = through(book, world, request)
    before = everything(book)
    again = submit.submit(book=book, world=world, actor=OWNER, now=NOW + DAY, request=request)
    assert again.again
    assert again.outage.id == first.outage.id
    assert everything(book) == before
    with pytest.raises(AlreadyFiled):
        submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=replace(request, recall_h=9.0))
    assert everything(book) == before


def test_a_preview_writes_nothing_and_says_what_the_decision_would(book: PostgresBook) -> None:
    world, request = a_world(), ask()
    filed = submit.preview(book=book, world=world, actor=OWNER, now=NOW, request=request)
    seen = settle.decide(
        book=book, world=world, now=NOW, outage_id="", asked_by=SYSTEM, preview=True, unfiled=filed.outage
    )
    assert everything(book) == {"outages": 0, "events": 0}
    real = through(book, world, request)
    assert seen.record == real.record
    assert not seen.written


def test_equal_inputs_give_equal_bytes(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    filed = submit.preview(book=book, world=world, actor=OWNER, now=NOW, request=ask("branch:40"))
    one, two = (
        settle.decide(
            book=book,
            world=a_world(slack=0.8),
            now=NOW,
            outage_id="",
            asked_by=SYSTEM,
            preview=True,
            unfiled=filed.outage,
        )
        for _ in range(2)
    )
    assert one.record == two.record
    assert one.record["id"] == two.record["id"]


def test_a_limit_that_redispatch_cures_is_a_verified_condition(book: PostgresBook) -> None:
    answer = through(book, a_world(slack=0.8), ask("branch:40"))
    assert answer.outage.status == Status.APPROVED_WITH_CONDITIONS
    remedy = answer.record["evidence"]["remedy"]
    assert remedy["verified"]
    assert remedy["moves"]
    assert answer.record["conditions"][0]["kind"] == "redispatch"


def test_a_denial_names_the_limit_and_how_far_it_looked(book: PostgresBook) -> None:
    answer = through(book, a_world(slack=0.6), ask("branch:3"))
    assert answer.record["outcome"] == "deny"
    assert answer.record["binding"]["element"].startswith("branch:")
    assert answer.record["binding"]["limit_mw"] > 0
    assert answer.record["alternatives"] or answer.record["searched"]
    assert answer.outage.status == Status.DENIED


def test_every_offer_would_itself_be_approved(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    answer = through(book, world, ask("branch:3"))
    offers = answer.record["alternatives"]
    for number, offer in enumerate(offers):
        window = Window(start=_instant(offer["window"]["start"]), end=_instant(offer["window"]["end"]))
        filed = submit.preview(
            book=book, world=world, actor=OWNER, now=NOW,
            request=replace(ask("branch:3"), window=window, external_id=f"offer {number}"),
        )  # fmt: skip
        seen = settle.decide(
            book=book, world=world, now=NOW, outage_id="", asked_by=SYSTEM, preview=True, unfiled=filed.outage
        )
        assert seen.record["outcome"] == "approve"


def test_nights_are_offered_where_only_days_are_loaded_and_would_be_approved(book: PostgresBook) -> None:
    world, request = a_world(slack=0.6), replace(ask("branch:5"), recall_h=2.0)
    answer = through(book, world, request)
    assert answer.record["outcome"] == "deny", "the owner has not asked for nights"
    (offer,) = [o for o in answer.record["alternatives"] if o["recurrence"]]
    assert offer["says"] == "same dates, nights only, 22:00 to 06:00 EST, not held"
    nights = replace(request, recurrence=NIGHTS, external_id="nights")
    assert through(book, world, nights).record["outcome"] == "approve"


def test_work_that_comes_back_each_day_is_denied_with_a_search_like_any_other(book: PostgresBook) -> None:
    answer = through(book, a_world(slack=0.6), replace(ask("branch:3", days=2), recurrence=DAYS))
    assert answer.record["outcome"] == "deny"
    assert "looked up to 5 days either side" in answer.record["searched"]


def _instant(text: str):
    from moms.values import parse_instant

    return parse_instant(text)


def test_what_was_approved_is_out_for_the_next_request(book: PostgresBook) -> None:
    world = a_world()
    first = through(book, world, ask("branch:3", days=2))
    second = through(book, world, ask("branch:12", days=1))
    assert second.record["evidence"]["overlapping"] == [first.outage.id]
    assert [o["id"] for o in second.record["inputs"]["holding"]] == [first.outage.id]


def test_a_decision_made_under_a_moving_book_is_made_again(book: PostgresBook) -> None:
    world = a_world()
    filed = submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=ask("branch:12"))
    with book.as_(SYSTEM) as page:
        situation = settle.read(page, page.outage(filed.outage.id), window=filed.outage.window, now=NOW)
    stale = settle.think(world=world, situation=situation, now=NOW, book=book)
    other = through(book, world, ask("branch:3"))
    with pytest.raises(Refused, match="rests on has changed"):
        settle.write(book=book, world=world, now=NOW, situation=situation, answer=stale, asked_by=SYSTEM)
    fresh = settle.decide(book=book, world=world, now=NOW, outage_id=filed.outage.id, asked_by=SYSTEM)
    assert fresh.record["evidence"]["overlapping"] == [other.outage.id]


def test_a_person_settles_what_was_referred_and_never_its_requester(book: PostgresBook) -> None:
    world = a_world(decision=replace(a_world().rules.decision, voltage_kv=200.0))
    answer = through(book, world, ask())
    assert answer.record["outcome"] == "refer"
    own = replace(ENGINEER, name=OWNER.name)
    common = {"book": book, "world": world, "now": NOW, "outage_id": answer.outage.id, "outcome": "approve"}
    with pytest.raises(Refused):
        settle.by_person(**common, actor=own, reason="mine")
    with pytest.raises(Refused):
        settle.by_person(**common, actor=ENGINEER, reason="")
    done = settle.by_person(**common, actor=ENGINEER, reason="voltage checked")
    assert done.outage.status == Status.APPROVED
    assert done.record["after"] == answer.record["id"]
    assert done.record["settled_by"]["name"] == "eve"


def test_the_work_itself_starts_ends_and_is_late(book: PostgresBook) -> None:
    world = a_world()
    key = through(book, world, ask("branch:3")).outage.id
    common = {"book": book, "world": world, "outage_id": key}
    operate.step(**common, actor=ROOM, now=START, verb=Verb.START)
    late = through(book, world, ask("branch:12", start=START + 3 * DAY), now=START + 2 * DAY)
    assert late.record["evidence"]["overlapping"] == [key], "past its planned end with no end reported it is still out"
    done = operate.step(**common, actor=ROOM, now=START + 2 * DAY, verb=Verb.END)
    assert done.outage.state == State.COMPLETED
    free = through(book, world, ask("branch:20", start=START + 4 * DAY), now=START + 3 * DAY)
    assert key not in free.record["evidence"]["overlapping"]


def test_what_an_owner_reports_back_the_control_room_confirms_and_nobody_else(book: PostgresBook) -> None:
    world = a_world()
    key = through(book, world, ask("branch:3")).outage.id
    common = {"book": book, "world": world, "outage_id": key, "verb": Verb.END}
    operate.step(**{**common, "verb": Verb.START}, actor=ROOM, now=START)
    back = operate.step(**common, actor=OWNER, now=START + timedelta(hours=5)).outage
    assert (back.state, back.actual_end) == (State.PENDING_COMPLETE, START + timedelta(hours=5))
    with pytest.raises(Refused):
        operate.step(**common, actor=OWNER, now=START + timedelta(hours=6))
    done = operate.step(**common, actor=ROOM, now=START + timedelta(hours=6)).outage
    assert (done.state, done.actual_end) == (State.COMPLETED, back.actual_end), "when it was back is the owner's to say"
    with book.as_(SYSTEM) as page:
        assert [e.verb for e in page.history(key)][-2:] == ["end", "confirm_end"]
    with pytest.raises(Refused):
        operate.step(**common, actor=ROOM, now=START + timedelta(hours=7))


def test_an_extension_is_studied_and_a_forced_one_acknowledged(book: PostgresBook) -> None:
    world = a_world()
    key = through(book, world, ask("branch:3")).outage.id
    operate.step(book=book, world=world, outage_id=key, actor=ROOM, now=START, verb=Verb.START)
    common = {"book": book, "world": world, "outage_id": key, "actor": ROOM, "now": START + timedelta(hours=20)}
    seen = operate.extend(**common, until=START + 2 * DAY, forced=False, reason="crack", preview=True)
    assert not seen.written
    done = operate.extend(**common, until=START + 2 * DAY, forced=False, reason="crack")
    assert done.outage.window.end == START + 2 * DAY
    assert done.record["window"]["start"] == "2027-02-11T05:00Z", "only the added hours are studied"


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(replace(OWNER, organisation="Rival"), id="another organisation"),
        pytest.param(replace(OWNER, role=Role.AUDITOR), id="an auditor"),
    ],
)
def test_only_who_may_report_a_later_end_may_ask_for_one(book: PostgresBook, who: Actor) -> None:
    world = a_world()
    key = through(book, world, ask("branch:3")).outage.id
    operate.step(book=book, world=world, outage_id=key, actor=ROOM, now=START, verb=Verb.START)
    with pytest.raises(Refused) as refusal:
        operate.extend(
            book=book, world=world, outage_id=key, actor=who, now=START + timedelta(hours=20),
            until=START + 2 * DAY, forced=False, reason="crack",
        )  # fmt: skip
    assert type(refusal.value).__name__ in {"NoSuchOutage", "NotYourRole"}


def test_a_cancelled_outage_shakes_what_leaned_on_it(book: PostgresBook) -> None:
    world = a_world()
    key = through(book, world, ask("branch:3")).outage.id
    answer = operate.step(
        book=book, world=world, outage_id=key, actor=OWNER, now=NOW, verb=Verb.CANCEL, reason="no crew"
    )
    assert answer.outage.state == State.CANCELLED
    assert answer.says == ""


def leaning(book: PostgresBook, world: World, asset: str, on: str) -> str:
    """Have an approved outage whose approval says that it leans on another."""
    answer = through(book, world, ask(asset))
    assert answer.record is not None
    record: dict[str, object] = {**answer.record, "id": f"D-{asset}"}
    record["conditions"] = [{"kind": "relies_on", "says": "it is out", "data": {"outages": [on]}}]
    with book.as_(SYSTEM) as page:
        before = page.outage(answer.outage.id)
        stands = replace(before, revision=before.revision + 1, decision_id=record["id"])
        page.revise(stands, submit.event(stands, actor=SYSTEM, now=NOW, verb="decide:approve", world=world))
        page.keep_decision(record["id"], before.id, record)
    return before.id


def test_what_leaned_on_it_is_put_at_risk_once_and_what_runs_is_named_and_noted(book: PostgresBook) -> None:
    lax, tight = a_world(), a_world(slack=0.6)
    keys = [through(book, lax, ask(f"branch:{k}")).outage.id for k in (3, 12)]
    waiting, runs = leaning(book, lax, "branch:5", keys[0]), leaning(book, lax, "branch:7", keys[0])
    operate.step(book=book, world=lax, outage_id=runs, actor=ROOM, now=START, verb=Verb.START)
    common = {"book": book, "world": tight, "actor": OWNER, "now": START, "verb": Verb.CANCEL, "reason": "no crew"}
    done = operate.step(**common, outage_id=keys[0])
    assert (
        done.says == f"1 outage leaned on it, now at risk: {waiting}; under way and no longer clean without it: {runs}"
    )
    with book.as_(SYSTEM) as page:
        assert page.outage(waiting).status == Status.AT_RISK
        assert page.outage(runs).state == State.ACTIVE
        assert page.history(runs)[-1].verb == "leant_on_moved"
        moved = page.outage(keys[0])
    again = operate.recheck(book=book, world=tight, now=START, moved=moved)  # a machine died over it: it is done again
    assert again.at_risk == ()


def test_a_change_says_what_it_does_to_the_queue_place_before_it_is_written(book: PostgresBook) -> None:
    world, request = a_world(), ask("branch:3", days=2)
    key = through(book, world, request).outage.id
    moved = replace(request, window=request.window.moved(DAY))
    common = {"book": book, "world": world, "actor": OWNER, "now": NOW + DAY, "outage_id": key, "reason": "crew"}
    before = everything(book)
    seen = operate.change(**common, request=moved, preview=True)
    assert "new place in the queue" in seen.says
    assert everything(book) == before
    done = operate.change(**common, request=moved)
    assert done.outage.window == moved.window
    assert done.outage.stamp == NOW + DAY
    assert seen.record == done.record or seen.record["says"] == done.record["says"]


def test_a_change_back_to_what_is_granted_withdraws_the_change_that_waits(book: PostgresBook) -> None:
    world, request = a_world(), ask("branch:3", days=2)
    first = through(book, world, request)
    strict = replace(world, rules=replace(world.rules, decision=replace(world.rules.decision, voltage_kv=200.0)))
    common = {"book": book, "world": strict, "actor": OWNER, "outage_id": first.outage.id, "reason": "crew"}
    moved = operate.change(**common, now=NOW + DAY, request=replace(request, window=request.window.moved(DAY)))
    assert moved.record["outcome"] == "refer"
    assert moved.outage.wish is not None
    before = everything(book)
    late = {**common, "now": START + DAY, "request": request}  # after its start: a step back is never too late
    seen = operate.change(**late, preview=True)
    assert seen.says.startswith("It withdraws the change that waited")
    assert everything(book) == before
    done = operate.change(**late)
    assert done.says == seen.says
    assert (done.outage.state, done.outage.status, done.outage.wish) == (State.DECIDED, Status.APPROVED, None)
    assert (done.outage.stamp, done.outage.window) == (first.outage.stamp, request.window)
    assert done.outage.decision_id == first.record["id"], "it stands under the decision that granted it"


def test_a_person_refuses_a_change_and_what_was_granted_stands(book: PostgresBook) -> None:
    world, request = a_world(), ask("branch:3", days=2)
    key = through(book, world, request).outage.id
    strict = replace(world, rules=replace(world.rules, decision=replace(world.rules.decision, voltage_kv=200.0)))
    moved = replace(request, window=request.window.moved(DAY))
    operate.change(book=book, world=strict, actor=OWNER, now=NOW, outage_id=key, request=moved, reason="crew")
    done = settle.by_person(
        book=book, world=strict, actor=ENGINEER, now=NOW, outage_id=key, outcome="deny", reason="no crew free"
    )
    assert (done.outage.state, done.outage.status, done.outage.wish) == (State.DECIDED, Status.APPROVED, None)
    assert done.outage.window == request.window


def test_what_an_approval_leans_on_is_remembered_after_its_change_was_refused(book: PostgresBook) -> None:
    world = a_world()
    key = through(book, world, ask("branch:3", days=2)).outage.id
    leaning = through(book, world, ask("branch:12"))
    assert leaning.record is not None
    with book.as_(SYSTEM) as page:
        outage = page.outage(leaning.outage.id)
        record = {**leaning.record, "conditions": [{"kind": "relies_on", "data": {"outages": [key]}}], "id": "D-lean"}
        stands = replace(outage, revision=outage.revision + 1, decision_id="D-lean")
        page.revise(stands, submit.event(stands, actor=SYSTEM, now=NOW, verb="decide:approve", world=world))
        page.keep_decision("D-lean", outage.id, record)
        refused = replace(stands, revision=stands.revision + 1, decision_id=leaning.record["id"])
        page.revise(refused, submit.event(refused, actor=SYSTEM, now=NOW, verb="decide:deny", world=world))
        assert granting(page, refused) == "D-lean"
        assert operate._leans_on(page, refused, key)


def test_a_generator_is_accepted_and_its_absence_is_in_the_margin(book: PostgresBook) -> None:
    answer = through(book, a_world(), ask("gen:2"))
    assert answer.outage.status in {Status.ACCEPTED_EXEMPT, Status.ACCEPTED_NOT_EXEMPT}
    assert answer.record["evidence"]["adequacy"]["removed_mw"] > 0


def test_missing_data_never_approve(book: PostgresBook) -> None:
    world = a_world()
    for k, part in enumerate(("register", "shapes", "zones")):
        blind = replace(world, grid=replace(world.grid, **{part: None}))
        request = ask(f"branch:{3 + k}")
        answer = through(book, blind, request)
        assert answer.record["outcome"] == "refer", part
        assert "DEC-DATA-1" in answer.record["decisive"]
