"""A process dies at any word to its database: nothing that was answered or begun is lost, nothing is done twice."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from moms.desk.keys import LostClaim
from moms.portal.once import answered
from moms.store.audit import verify
from tests.desk.worlds import OWNER
from tests.wiring.crashing import DEEDS, Deed, Died, Fate, lines, name_of, nothing, process, wish


def undisturbed(database, book, deed, day):
    """Do it once with nothing going wrong; give what the journal tells and how many points there were."""
    name = deed.ready(book, day)
    before = len(lines(database, day))
    fate = Fate()
    with process(database, deed.world, now=deed.now(day), fate=fate) as one:
        done = one.do(deed, name, day, f"k{day}")
    assert done.status == 200, done.body
    told = lines(database, day)
    assert len(told) > before, f"{deed.name} wrote nothing"
    return told, fate.points


def lapse(database):
    """Let time pass in which nobody renews a lease."""
    with database.admin() as admin:
        admin.execute("UPDATE moms.kept_answer SET leased_until = made_at WHERE answer IS NULL")


def come_back(database, deed, name, day, *, sweep):
    """Start again after a lease has lapsed; give status and body of the answer, asked for twice."""
    lapse(database)
    with process(database, deed.world, now=deed.now(day), fate=Fate()) as again:
        if sweep:
            again.sweep()  # the service finishes what was begun by itself; what was not begun waits for its caller
        first, kept = (again.do(deed, name, day, f"k{day}") for _ in range(2))
    found = (first["status"], first["body"]) if isinstance(first, dict) else (first.status, first.body)
    assert isinstance(kept, dict)
    assert (kept["status"], kept["body"]) == found
    return found


def crash_and_come_back(database, book, deed, *, day, at, wanted, cut=False):
    """Let it happen at a point, come back, and hold the journal against that of a life in which nothing did."""
    name = deed.ready(book, day)
    fate = Fate(at=at, cut=cut)
    with process(database, deed.world, now=deed.now(day), fate=fate) as one, pytest.raises((Died, DBAPIError)):
        one.do(deed, name, day, f"k{day}")
    status, body = come_back(database, deed, name, day, sweep=day % 2)
    assert lines(database, day) == wanted, (deed.name, at, fate.points[-1])
    assert status == 200, (deed.name, at, body)
    assert json.loads(body)["outage"]["id"] == name


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_who_dies_around_a_commit_has_done_it_exactly_once_after_all(database, book, deed):
    wanted, points = undisturbed(database, book, deed, 0)
    writes = [at for at, point in enumerate(points, start=1) if point in {"before commit", "after commit"}]
    assert len(writes) >= 6, points  # the key is taken, the deed is done, the answer is kept
    for day, at in enumerate(writes, start=1):
        crash_and_come_back(database, book, deed, day=day, at=at, wanted=wanted)
    assert verify(book.engine, outside=()).whole


@pytest.mark.parametrize("deed", [d for d in DEEDS if d.name in {"submit", "change", "cancel"}], ids=lambda d: d.name)
def test_a_commit_whose_answer_never_came_is_neither_lost_nor_done_again(database, book, deed):
    wanted, points = undisturbed(database, book, deed, 0)
    writes = [at for at, point in enumerate(points, start=1) if point == "after commit"]
    for day, at in enumerate(writes[1:-1], start=1):  # the key's own two are the other test's
        crash_and_come_back(database, book, deed, day=day, at=at, wanted=wanted, cut=True)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
@pytest.mark.parametrize("other", ["is done", "is at work"])
def test_who_was_thought_dead_and_wakes_writes_nothing_more(database, book, deed, other):
    wanted, _ = undisturbed(database, book, deed, 0)
    name = deed.ready(book, 1)
    before, taken = lines(database, 1), []

    def frozen(desk, outage_id, day):
        lapse(database)
        if other == "is done":
            come_back(database, deed, name, 1, sweep=True)
        else:
            taken.append(second.claim(deed, "k1"))
        return deed.do(desk, outage_id, day)

    both = {"database": database, "world": deed.world, "now": deed.now(1), "fate": Fate()}
    with process(**both) as second:
        with process(**both) as first, pytest.raises(LostClaim):
            first.do(replace(deed, do=frozen), name, 1, "k1")
        assert lines(database, 1) == (before if taken else wanted)
        for claim in taken:
            answered(second.service, claim, lambda desk: deed.do(desk, name, 1))
    assert lines(database, 1) == wanted


@pytest.mark.long
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_who_dies_at_any_word_to_the_database_has_done_it_exactly_once(database, book, deed, cases):
    wanted, points = undisturbed(database, book, deed, 0)
    for at in range(1, len(points) + 1):
        crash_and_come_back(database, book, deed, day=at, at=at, wanted=wanted)
        cases.append(1)
    assert verify(book.engine, outside=()).whole


@pytest.mark.parametrize("sweep", [False, True])
def test_who_dies_while_it_files_for_a_worker_has_filed_it_once(database, book, sweep):
    deed = Deed(name="file", actor=OWNER, ready=nothing, do=lambda desk, _, day: desk.file(wish(day)))
    name, fate = name_of(0), Fate()
    with process(database, deed.world, now=deed.now(0), fate=fate) as one:
        assert one.do(deed, name, 0, "k0", again=True).status == 202
    filed = lines(database, 0)
    assert [verb for _, verb, _ in filed] == ["submit", "validate"]
    for at in range(1, len(fate.points) + 1):
        with process(database, deed.world, now=deed.now(at), fate=Fate(at=at)) as one, pytest.raises(Died):
            one.do(deed, name_of(at), at, f"k{at}", again=True)
        was_filed = lines(database, at)
        lapse(database)
        with process(database, deed.world, now=deed.now(at), fate=Fate()) as back:
            if sweep:
                back.sweep()
            first, second = (back.do(deed, name_of(at), at, f"k{at}", again=True) for _ in range(2))
        # Request and answer are one transaction: whatever was filed has been answered, and nobody decides it instead.
        assert isinstance(second, dict)
        assert second["status"] == 202
        assert not was_filed or first == second, fate.points[at - 1]
        assert lines(database, at) == filed
    assert verify(book.engine, outside=()).whole
