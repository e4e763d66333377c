"""What a timeline reads is what the documents say, to whom they are shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moms.desk.ports import Search
from moms.outages import State, Status
from moms.values import SYSTEM, Window
from tests.postgres import NOON, an_event, an_outage

HOUR = timedelta(hours=1)


def of_document(outage):
    """Give what a bar has to say of an outage."""
    asked = outage.request
    return (
        outage.id, asked.external_id, asked.organisation, asked.category, asked.kind, outage.state, outage.status,
        asked.assets, outage.window, outage.actual_start, outage.actual_end,
    )  # fmt: skip


def of_bar(bar):
    return (
        bar.id, bar.external_id, bar.organisation, bar.category, bar.kind, bar.state, bar.status,
        bar.assets, bar.window, bar.actual_start, bar.actual_end,
    )  # fmt: skip


@pytest.fixture
def full(book):
    """Give a book with one outage in each of many states, one after another, some of them past their end."""
    back = {State.PENDING_COMPLETE, State.COMPLETED, State.CLOSED}
    with book.as_(SYSTEM) as page:
        for n, state in enumerate(list(State) * 2, 1):
            none = state in {State.DRAFT, State.SUBMITTED, State.VALIDATED, State.IN_STUDY}
            outage = an_outage(
                n, assets=(f"branch:{n}", "branch:99") if n % 5 == 0 else (f"branch:{n}",), state=state,
                status=Status.NONE if none else Status.APPROVED,
                actual_start=NOON + n * HOUR if state in back | {State.ACTIVE} else None,
                actual_end=NOON + (n + 9) * HOUR if state in back else None,
            )  # fmt: skip
            page.add(outage, an_event(outage))
    return book


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(-100, 800), hours=st.integers(1, 400), most=st.integers(1, 40))
def test_the_bars_are_the_outages_of_the_window_and_those_not_back_by_start(full, start, hours, most):
    window = Window(start=NOON + start * HOUR, end=NOON + (start + hours) * HOUR)
    with full.as_(SYSTEM) as page:
        every, found = page.find(Search()), page.bars(window, most=most)
    out = {State.ACTIVE, State.PENDING_COMPLETE}
    wanted = [o for o in every if o.window.overlaps(window) or (o.state in out and o.window.start < window.end)]
    wanted.sort(key=lambda o: (o.window.start, o.id))
    assert [of_bar(bar) for bar in found] == [of_document(o) for o in wanted[:most]]


def test_an_owner_is_shown_its_own_and_nobody_elses(full, ann, bob, eve):
    window = Window(start=NOON - 999 * HOUR, end=NOON + 9999 * HOUR)
    seen = {}
    for who in (ann, bob, eve):
        with full.as_(who) as page:
            seen[who.name] = len(page.bars(window, most=100))
    assert seen == {"ann": 28, "bob": 0, "eve": 28}
