"""What the entry rules never look at may stay unread: they say the same of a request without it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from moms.outages import Kind, Outage, Recurrence, Request, State, Status
from moms.outages.check import check
from moms.outages.rules.reach import reach_of
from tests.outages.builders import ANN, BOB, NOW, a_request, a_unit_request, a_window, an_outage
from tests.outages.grids import OUTLET, a_grid, the_rules

GRID, RULES = a_grid(), the_rules()
ASSETS = (
    *(f"branch:{k}" for k in range(1, 18)),
    *(f"gen:{k}" for k in range(1, 7)),
    "bus:1",
    "bus:2",
    "bus:3",
    "dcline:1",
)
"""One branch and one unit more than the grid has."""
MODES = (
    (State.DECIDED, Status.APPROVED),
    (State.ACTIVE, Status.APPROVED),
    (State.VALIDATED, Status.NONE),
    (State.SUBMITTED, Status.NONE),
    (State.DECIDED, Status.DENIED),
    (State.CANCELLED, Status.NONE),
    (State.COMPLETED, Status.APPROVED),
)
DAILY = Recurrence(start="08:00", end="16:00", zone="America/Chicago")
windows = st.builds(
    lambda day, hours: a_window(f"2027-03-{day:02d}T13:00", hours=hours), st.integers(1, 12), st.integers(1, 90)
)
requests = st.builds(
    lambda make, assets, window, kind, group, organisation, back, after: make(
        assets=tuple(assets),
        window=window,
        kind=kind,
        group=group,
        organisation=organisation,
        recurrence=back,
        after=after,
    ),
    st.sampled_from((a_request, a_unit_request)),
    st.lists(st.sampled_from((*ASSETS, "branch:11", "branch:7", "gen:4", "gen:5", OUTLET)), min_size=1, max_size=3),
    windows,
    st.sampled_from((Kind.PLANNED, Kind.FORCED, Kind.INFORMATIONAL, Kind.MAINTENANCE)),
    st.sampled_from((None, None, "A", "B")),
    st.sampled_from(("Prairie Wires", "River Power")),
    st.sampled_from((None, None, DAILY)),
    st.sampled_from(((), (), ("W-0",), ("W-1", "W-3"), ("PW-2027-017",))),
)
others = st.lists(st.tuples(requests, st.sampled_from(MODES)), max_size=8)


def _book(found: list[tuple[Request, tuple[State, Status]]]) -> tuple[Outage, ...]:
    return tuple(
        an_outage(id=f"O-{number}", request=replace(request, external_id=f"W-{number}"), state=state, status=status)
        for number, (request, (state, status)) in enumerate(found)
    )


@settings(max_examples=400, deadline=None)
@given(requests, others, st.sampled_from((ANN, BOB)))
def test_what_lies_beyond_the_rules_reach_changes_nothing_they_say(request, there, actor) -> None:
    book, reach = _book(there), reach_of(request, grid=GRID)
    usual = {"grid": GRID, "rule_book": RULES, "now": NOW, "actor": actor}
    near = tuple(one for one in book if reach.holds(one))
    assert check(request, book=near, **usual) == check(request, book=book, **usual)


special = st.builds(
    lambda make, asset, hours: make(assets=(asset,), window=a_window(hours=hours)),
    st.just(a_request),
    st.sampled_from((OUTLET, "branch:11")),
    st.integers(1, 60),
)
partners = st.builds(
    lambda asset, day, hours: a_unit_request(assets=(asset,), window=a_window(f"2027-0{day}T13:00", hours=hours)),
    st.sampled_from(("gen:4", "gen:5")),
    st.sampled_from(("2-27", "3-01", "3-09")),
    st.integers(20, 200),
)


@settings(max_examples=300, deadline=None)
@given(special, st.lists(st.tuples(partners, st.sampled_from(MODES)), max_size=3))
def test_nor_does_it_where_what_is_out_elsewhere_counts(request, there) -> None:
    book, reach = _book(there), reach_of(request, grid=GRID)
    usual = {"grid": GRID, "rule_book": RULES, "now": NOW, "actor": ANN}
    near = tuple(one for one in book if reach.holds(one))
    assert check(request, book=near, **usual) == check(request, book=book, **usual)


def _said(request, *book: Outage) -> bool:
    """Tell whether a book makes the rules say anything that an empty one does not."""
    usual = {"grid": GRID, "rule_book": RULES, "now": NOW, "actor": ANN}
    return check(request, book=book, **usual) != check(request, book=(), **usual)


def test_the_reach_holds_each_kind_of_outage_that_changes_what_is_said() -> None:
    stands = {"state": State.DECIDED, "status": Status.APPROVED}
    leg = an_outage(request=a_request(assets=("branch:8",)), **stands)
    assert _said(a_request(assets=("branch:7",)), leg)
    assert reach_of(a_request(assets=("branch:7",)), grid=GRID).holds(leg), "the other leg has another name"
    unit = an_outage(request=a_unit_request(assets=("gen:5",), window=a_window(hours=300)), **stands)
    assert _said(a_request(assets=(OUTLET,)), unit)
    assert reach_of(a_request(assets=(OUTLET,)), grid=GRID).units == ("gen:5",)
    black = an_outage(request=a_unit_request(assets=("gen:4",), window=a_window()), **stands)
    assert _said(a_request(assets=("branch:11",)), black)
    assert reach_of(a_request(assets=("branch:11",)), grid=GRID).holds(black)
    far = replace(black, window=a_window("2027-05-01T13:00"))
    assert not reach_of(a_request(assets=("branch:11",)), grid=GRID).holds(far)


def test_a_plain_line_reaches_no_further_than_itself() -> None:
    reach = reach_of(a_request(assets=("branch:1",)), grid=GRID)
    assert (reach.same, reach.units, reach.restoration, reach.group) == (("branch:1",), (), False, None)
    other = an_outage(request=a_request(assets=("branch:2",)), state=State.DECIDED, status=Status.APPROVED)
    assert not reach.holds(other)
