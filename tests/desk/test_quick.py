"""The quick answer against the whole one: it never says more than the decision then says, and it writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from moms.desk import settle, submit
from moms.desk.calendar import keep_day
from moms.desk.quick import STARTS, NotAsked, Says, draft, quick
from moms.outages.policy import Notice
from moms.store.calendar import PostgresDays
from moms.values import Level, Window
from tests.desk.test_calendar import FIRST, branches, with_book
from tests.desk.test_flow import everything, through
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, ask

DAYS = 5
THEN = NOW + timedelta(minutes=1)
"""What was filed at NOW stands before whoever asks then."""


@pytest.fixture
def kept(book):
    return PostgresDays(book.engine)


def keep(book, world, kept):
    for k in range(DAYS):
        keep_day(book=book, world=world, kept=kept, now=THEN, day=FIRST + timedelta(days=k))


def on(asset, day, *, hours=(8, 18), days=1):
    """Give a request for some hours of a market day, or of several."""
    start = NOW.replace(hour=5, minute=0) + ((FIRST - NOW.date()).days + day) * DAY
    return ask(asset, start=start + timedelta(hours=hours[0]), days=days - 1 + (hours[1] - hours[0]) / 24)


def looked(book, world, kept, request, **more):
    return quick(
        **{"book": book, "world": world, "kept": kept, "actor": OWNER, "now": THEN, "request": request, "starts": True}
        | more
    )


def decided(book, world, request):
    """Give what the whole answer would be, None where the request is returned."""
    filed = submit.preview(book=book, world=world, actor=OWNER, now=THEN, request=request)
    if filed.outage is None:
        return None
    answer = settle.decide(book=book, world=world, now=THEN, outage_id=filed.outage.id, asked_by=OWNER, preview=True,
                           unfiled=filed.outage)  # fmt: skip
    return answer.record["outcome"]


@pytest.mark.parametrize(("seed", "slack"), [(0, 0.8), (3, 2.0)])
def test_free_is_what_the_decision_approves_and_returned_is_what_it_returns(book, kept, seed, slack):
    world = with_book(book, seed=seed, slack=slack)
    keep(book, world, kept)
    before, seen = everything(book), set()
    for k, asset in enumerate(branches(world)[::2]):
        request = on(asset, k % DAYS)
        found = looked(book, world, kept, request)
        seen.add(found.comes_to)
        filed = submit.preview(book=book, world=world, actor=OWNER, now=THEN, request=request)
        assert found.findings == filed.findings
        assert (found.comes_to == Says.RETURNED) == (filed.outage is None), asset
        if found.comes_to == Says.FREE:
            assert decided(book, world, request) == "approve", asset
        assert len(found.starts) <= STARTS
        for window in found.starts[:1]:
            moved = replace(request, window=window)
            assert window.end - window.start == request.window.end - request.window.start
            assert decided(book, world, moved) == "approve", (asset, window)
    assert Says.FREE in seen
    assert everything(book) == before


def test_other_starts_come_nearest_first_inside_what_the_owner_allows(book, kept):
    world = with_book(book, seed=3, slack=2.0)
    keep(book, world, kept)
    request = on("branch:3", 2)
    found = looked(book, world, kept, request)
    away = [abs(one.start - request.window.start) for one in found.starts]
    assert len(away) == STARTS
    assert away == sorted(away)
    late = replace(request, earliest_start=request.window.start)
    assert all(one.start > request.window.start for one in looked(book, world, kept, late).starts)


def test_what_was_not_computed_ahead_needs_a_study_and_says_so(book, kept):
    world = with_book(book, seed=3, slack=2.0)
    nothing = looked(book, world, kept, on("branch:3", 2))
    assert (nothing.comes_to, nothing.days, nothing.starts) == (Says.STUDY, (), ())
    assert looked(book, world, None, on("branch:3", 2)).comes_to == Says.STUDY
    keep(book, world, kept)
    assert looked(book, world, kept, on("branch:3", 2)).comes_to == Says.FREE
    past = looked(book, world, kept, on("branch:3", DAYS - 1, days=3))
    assert (past.comes_to, len(past.days), past.days_asked) == (Says.STUDY, 1, 3)
    together = looked(book, world, kept, on("branch:3", 0, days=2))
    assert (together.comes_to, len(together.days), together.starts) == (Says.STUDY, 2, ())
    two = replace(on("branch:3", 2), assets=("branch:3", "branch:4"))
    assert looked(book, world, kept, two).days == (), "two together are not each by itself"


def test_a_change_of_the_book_takes_the_word_free_back(book, kept):
    world = with_book(book, seed=3, slack=2.0)
    keep(book, world, kept)
    request = on("branch:3", 2)
    assert looked(book, world, kept, request).comes_to == Says.FREE
    through(book, world, ask("branch:15", days=1, start=request.window.start), now=THEN)
    assert looked(book, world, kept, request).comes_to == Says.STUDY


def test_a_late_request_is_a_persons_and_says_until_when_it_was_due(book, kept):
    world = with_book(book, seed=3, slack=2.0)
    request = on("branch:3", 2)
    notice = Notice(categories=(request.category,), kinds=(request.kind,), days=30, level=Level.REFER, source="test")
    late = replace(world, rules=replace(world.rules, entry=replace(world.rules.entry, notices=(notice,))))
    found = looked(book, late, kept, request)
    assert (found.comes_to, found.lead) == (Says.PERSON, "short")
    assert found.due == request.window.start - 30 * DAY
    assert looked(book, world, kept, request).due is None


def test_a_window_of_the_past_is_returned_and_looks_up_nothing(book, kept):
    world = with_book(book, seed=3, slack=2.0)
    gone = ask("branch:3", start=NOW - 40 * DAY)
    found = looked(book, world, kept, gone)
    assert (found.comes_to, found.days) == (Says.RETURNED, ())


def test_what_is_typed_is_read_and_what_is_not_typed_yet_is_nobodys_fault(book, kept):
    world = with_book(book, seed=3, slack=2.0)
    whole = on("branch:3", 2)
    words = {"assets": ["branch:3"], "window": {"start": whole.window.start.isoformat(),
             "end": whole.window.end.isoformat()}, "recall_h": None, "nature": None}  # fmt: skip
    request = draft(words, world=world, actor=OWNER, now=THEN)
    assert request.window == Window(start=whole.window.start, end=whole.window.end)
    assert looked(book, world, kept, request).findings == ()
    assert draft(words, world=world, actor=ENGINEER, now=THEN).organisation == "TO-1"
    assert draft(words | {"recall_h": 9.0}, world=world, actor=OWNER, now=THEN).recall_h == 9.0
    wrong = draft(words | {"window": {"start": "soon", "end": "later"}}, world=world, actor=OWNER, now=THEN)
    assert {one.field for one in wrong} == {"window.start", "window.end"}
    with pytest.raises(NotAsked, match="no equipment"):
        draft(words | {"assets": []}, world=world, actor=OWNER, now=THEN)
