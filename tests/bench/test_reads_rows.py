"""The first page of a long list is timed over HTTP for each filter; the book it is of holds what it says."""

from __future__ import annotations

from collections import Counter

from moms.bench import reads
from moms.desk.branch import matches
from moms.desk.ports import Search
from moms.store.place import open_place
from moms.values import SYSTEM


def test_each_filter_is_timed_for_each_reader():
    found = {row.id: row for row in reads.rows(quick=True)}
    assert set(found) == {"reads.p95.operator", "reads.p95.owner"}
    for row in found.values():
        assert row.runs == len(reads.FILTERS) * reads.FEW_TRIES
        assert 0.0 < row.value < 60_000.0
        assert row.goal == reads.GOAL_MS


def test_the_store_finds_in_that_book_what_a_search_through_all_documents_finds(tmp_path):
    many = 2_000
    with open_place(env={"MOMS_HOME": str(tmp_path / "home")}) as place:
        with reads._admin(place) as admin:
            reads.fill(admin, many)
        whole = [reads.outage(number) for number in range(many)]
        with place.book.as_(SYSTEM) as page:
            assert Counter(o.state for o in page.find(Search())) == Counter(o.state for o in whole)
            for search in (
                Search(assets=("branch:8", "branch:15")), Search(assets=("branch:77",), organisation="owner-12"),
                Search(states=("active", "validated")), Search(assets=("branch:77",), states=("closed",)),
                Search(pending=True), Search(text="crew 13"), Search(assets=("gen:1",)),
            ):  # fmt: skip
                wanted = [o.id for o in whole if matches(o, search)]
                assert [o.id for o in page.find(search)] == wanted
                assert [name for name, _ in page.revisions(search)] == wanted
                assert wanted or search.assets
