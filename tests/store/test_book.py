"""What the desk may rely on: one transaction, all or nothing, and the book's version."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moms.desk.ports import (
    BookMoved,
    EquipmentTaken,
    ForbiddenMove,
    NoSuchDecision,
    NoSuchOutage,
    Search,
    StaleRevision,
)
from moms.outages import Category, Kind, State, Status
from moms.store.book import PostgresBook
from moms.values import SYSTEM, Window
from tests.postgres import NOON, an_event, an_outage


def put(book, *outages, actor=SYSTEM):
    with book.as_(actor) as page:
        for outage in outages:
            page.add(outage, an_event(outage, actor=actor))


def test_what_was_added_is_read_back_equal(book):
    outage = an_outage(recall_h=4.0, blackout=(Window(start=NOON, end=NOON + timedelta(hours=1)),), conditions=("x",))
    put(book, outage)
    with book.as_(SYSTEM) as page:
        assert page.outage(outage.id) == outage
        assert page.find(Search()) == (outage,)


def test_an_exception_leaves_nothing_behind(book):
    with pytest.raises(RuntimeError), book.as_(SYSTEM) as page:
        page.add(an_outage(), an_event(an_outage()))
        page.note(an_event("", "look"))
        raise RuntimeError
    with book.as_(SYSTEM) as page:
        assert page.find(Search()) == ()
        assert page.version() == 0
        with pytest.raises(NoSuchOutage):
            page.history(an_outage().id)


def test_the_version_grows_with_what_is_out_or_pending_and_with_nothing_else(book):
    outage = an_outage()
    put(book, outage)
    with book.as_(SYSTEM) as page:
        assert page.version() == 1
        outage = replace(outage, revision=2, conditions=("wear a hat",))
        page.revise(outage, an_event(outage, "change"))
        assert page.version() == 1
        moved = replace(outage, revision=3, window=outage.window.moved(timedelta(hours=1)))
        page.revise(moved, an_event(moved, "change"))
        assert page.version() == 2
        page.add(an_outage(5, state=State.DRAFT, status=Status.NONE), an_event("O-0005"))
        assert page.version() == 2
        cancelled = replace(moved, revision=4, state=State.CANCELLED)
        page.revise(cancelled, an_event(cancelled, "cancel"))
        assert page.version() == 3


def test_hold_refuses_a_book_that_has_moved(book):
    with book.as_(SYSTEM) as page:
        seen = page.version()
    put(book, an_outage())
    with pytest.raises(BookMoved), book.as_(SYSTEM) as page:
        page.hold(seen)
    with book.as_(SYSTEM) as page:
        page.hold(seen + 1)


def test_a_change_after_the_page_was_opened_is_noticed_even_when_it_was_read(book):
    with book.as_(SYSTEM) as page:
        put(book, an_outage())
        assert len(page.find(Search())) == 1
        with pytest.raises(BookMoved):
            page.hold(page.version())


def test_a_stale_revision_is_refused(book):
    outage = an_outage()
    put(book, outage)
    second = replace(outage, revision=2, conditions=("a",))
    with book.as_(SYSTEM) as page:
        page.revise(second, an_event(second, "change"))
    with pytest.raises(StaleRevision, match="revision 2"), book.as_(SYSTEM) as page:
        page.revise(second, an_event(second, "change"))


def test_two_standing_outages_of_one_equipment_do_not_overlap_and_the_page_lives_on(book):
    put(book, an_outage(1))
    clash = an_outage(2, window=an_outage(1).window.moved(timedelta(hours=3)))
    with book.as_(SYSTEM) as page:
        with pytest.raises(EquipmentTaken, match="branch:1"):
            page.add(clash, an_event(clash))
        assert page.version() == 1
        page.note(an_event("", "tried"))
    with book.as_(SYSTEM) as page:
        assert len(page.find(Search())) == 1


def test_touching_windows_and_other_kinds_may_share_equipment(book):
    window = an_outage(1).window
    put(
        book,
        an_outage(1),
        an_outage(2, window=window.moved(timedelta(hours=4))),
        an_outage(3, window=window, kind=Kind.HOTLINE),
        an_outage(4, window=window, state=State.SUBMITTED, status=Status.NONE),
        an_outage(5, window=window, status=Status.DENIED),
        an_outage(6, window=window, kind=Kind.FORCED, state=State.ACTIVE, status=Status.NONE),
        an_outage(7, window=window, assets=("branch:2",)),
    )


def test_an_outage_that_ended_gives_its_equipment_back(book):
    active = an_outage(1, state=State.ACTIVE)
    put(book, active)
    done = replace(active, revision=2, state=State.PENDING_COMPLETE, actual_end=NOON)
    with book.as_(SYSTEM) as page:
        page.revise(done, an_event(done, "end"))
        done = replace(done, revision=3, state=State.COMPLETED)
        page.revise(done, an_event(done, "confirm_end"))
    put(book, an_outage(2, window=active.window))


def test_approving_onto_taken_equipment_is_refused_and_leaves_the_revision(book):
    waiting = an_outage(2, window=an_outage(1).window, state=State.SUBMITTED, status=Status.NONE)
    put(book, an_outage(1), waiting)
    approved = replace(waiting, revision=2, state=State.DECIDED, status=Status.APPROVED)
    with pytest.raises(EquipmentTaken), book.as_(SYSTEM) as page:
        page.revise(approved, an_event(approved, "decide"))
    with book.as_(SYSTEM) as page:
        assert page.outage(waiting.id) == waiting


def test_the_owners_reference_is_in_the_book_once(book):
    put(book, an_outage(1))
    again = an_outage(2, external_id="EXT-1", window=an_outage(9).window)
    with pytest.raises(BookMoved), book.as_(SYSTEM) as page:
        page.add(again, an_event(again))
    put(book, replace(an_outage(3, external_id="EXT-1", organisation="owner-b")))


def test_the_lifecycle_is_kept_by_the_database_too(book):
    put(book, an_outage(1))
    back = replace(an_outage(1), revision=2, state=State.DRAFT)
    with pytest.raises(ForbiddenMove), book.as_(SYSTEM) as page:
        page.revise(back, an_event(back, "change"))


def test_a_new_outage_begins_where_the_lifecycle_begins(servers):
    database = servers.named("wheel").fresh()
    book = PostgresBook(database.engine())
    put(book, an_outage(1, state=State.SUBMITTED, status=Status.NONE))
    with pytest.raises(ForbiddenMove), book.as_(SYSTEM) as page:
        page.add(an_outage(2), an_event("O-0002"))
    database.drop()


def test_history_tells_the_events_in_order_and_as_they_were(book, ann):
    outage = an_outage(1, state=State.SUBMITTED, status=Status.NONE)
    first = an_event(outage, actor=ann, after={"state": "submitted", "mw": 12.5, "list": [1, None]})
    with book.as_(ann) as page:
        page.add(outage, first)
    decided = replace(outage, revision=2, state=State.DECIDED, status=Status.APPROVED)
    second = an_event(decided, "decide", at=NOON + timedelta(seconds=1.5))
    with book.as_(SYSTEM) as page:
        page.revise(decided, second)
        page.keep_decision("D-1", outage.id, {"outcome": "approve"})
        page.note(an_event(outage.id, "look"))
        assert page.history(outage.id) == (first, second, an_event(outage.id, "look"))


def test_a_decision_is_kept_once_and_byte_for_byte(book):
    put(book, an_outage(1))
    record = {"outcome": "approve", "flow_mw": 1e22, "rows": [{"limit_mw": 0.1}], "text": "Zürich"}
    with book.as_(SYSTEM) as page:
        page.keep_decision("D-1", "O-0001", record)
    with book.as_(SYSTEM) as page:
        assert page.decision("D-1") == record
        with pytest.raises(NoSuchDecision):
            page.decision("D-2")
        with pytest.raises(NoSuchOutage):
            page.keep_decision("D-3", "O-9", record)


def test_pages_run_by_id_without_loss_or_repeat(book):
    outages = [an_outage(n) for n in range(1, 26)]
    put(book, *outages)
    seen, last = [], None
    with book.as_(SYSTEM) as page:
        while found := page.find(Search(after=last, limit=7)):
            seen += found
            last = found[-1].id
        assert seen == outages
        assert len(page.find(Search())) == 25


STATES = [(State.DECIDED, Status.APPROVED), (State.SUBMITTED, Status.NONE), (State.DECIDED, Status.DENIED)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_find_gives_what_a_filter_in_python_gives(book, data):
    with book.as_(SYSTEM) as page:
        everything = page.find(Search())
    if not everything:
        put(
            book,
            *[
                an_outage(
                    n,
                    assets=(f"branch:{n % 3 + 1}", f"gen:{n % 5 + 1}"),
                    organisation=f"owner-{'ab'[n % 2]}",
                    category=Category.GENERATION if n % 4 == 0 else Category.TRANSMISSION,
                    description=["50% _sag", "oil leak", ""][n % 3],
                    state=STATES[n % 3][0],
                    status=STATES[n % 3][1],
                )
                for n in range(1, 31)
            ],
        )
        with book.as_(SYSTEM) as page:
            everything = page.find(Search())
    maybe = lambda s: st.none() | s  # noqa: E731 - a word for the seven lines below
    hours = st.integers(min_value=-30, max_value=800)
    start = data.draw(hours)
    search = Search(
        window=data.draw(
            maybe(
                st.integers(1, 400).map(
                    lambda n: Window(start=NOON + timedelta(hours=start), end=NOON + timedelta(hours=start + n))
                )
            )
        ),
        assets=tuple(data.draw(st.lists(st.sampled_from(["branch:1", "gen:2", "bus:9"]), max_size=2))),
        organisation=data.draw(maybe(st.sampled_from(["owner-a", "owner-c"]))),
        states=tuple(data.draw(st.lists(st.sampled_from(["decided", "submitted"]), max_size=2))),
        statuses=tuple(data.draw(st.lists(st.sampled_from(["approved", "denied"]), max_size=2))),
        holding=data.draw(maybe(st.booleans())),
        pending=data.draw(maybe(st.booleans())),
        external_id=data.draw(maybe(st.sampled_from(["EXT-3", "EXT-99"]))),
        text=data.draw(maybe(st.sampled_from(["%", "_", "OIL", "ext-1", "\\"]))),
        after=data.draw(maybe(st.sampled_from(["O-0005", "O-0029"]))),
        limit=data.draw(maybe(st.integers(1, 9))),
    )

    def matches(outage):
        request = outage.request
        words = f"{outage.id}\n{request.external_id}\n{request.description}".lower()
        return all(
            [
                search.window is None or outage.window.overlaps(search.window),
                not search.assets or set(search.assets) & set(request.assets),
                search.organisation in {None, request.organisation},
                not search.states or outage.state in search.states,
                not search.statuses or outage.status in search.statuses,
                search.holding in {None, outage.holds},
                search.pending in {None, outage.pending},
                search.external_id in {None, request.external_id},
                search.text is None or search.text.lower() in words,
                search.after is None or outage.id > search.after,
            ]
        )

    expected = tuple(o for o in everything if matches(o))[: search.limit]
    with book.as_(SYSTEM) as page:
        assert page.find(search) == expected
