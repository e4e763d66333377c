"""A study is kept with its outage, once, as it comes out again; the outage and its decision stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from moms.desk.attach import FoundOtherwise, NoSuchStudy, attach, attached, attached_study
from moms.desk.ports import NotYours, StaleRevision
from moms.desk.supposed import Supposed
from moms.desk.what_if_document import study_document
from moms.outages.guards import ReasonMissing
from moms.values import canonical
from tests.desk.test_what_if import PLANNER, WORLD, asked, filed
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER

if TYPE_CHECKING:
    from moms.desk.answer import Answer
    from moms.outages import Outage
    from moms.store.book import PostgresBook

LESS = {"redispatch": False}


def kept(book: PostgresBook, outage: Outage, *, reason: str = "for the record", **other: object) -> Answer:
    words = {"actor": ENGINEER, "now": NOW, "study": asked(book, outage.id, **LESS).id, **other}
    return attach(book=book, world=WORLD, outage_id=outage.id, supposed=Supposed(**LESS), reason=reason, **words)  # type: ignore[arg-type]  # tests name parts


def test_what_is_attached_is_what_was_looked_at_and_changes_nothing_else(book: PostgresBook) -> None:
    outage = filed(book, "branch:40")
    found = asked(book, outage.id, **LESS)
    with book.as_(ENGINEER) as page:
        version, record = page.version(), page.decision(str(outage.decision_id))
    answer = kept(book, outage)
    assert answer.outage == outage
    with book.as_(ENGINEER) as page:
        assert page.version() == version
        assert page.outage(outage.id) == outage
        assert page.decision(str(outage.decision_id)) == record
        assert canonical(attached_study(page, outage.id, found.id)) == canonical(study_document(found))
        assert [row["id"] for row in attached(page, outage.id)] == [found.id]
        last = page.history(outage.id)[-1]
    assert (last.verb, last.actor, last.reason) == ("attach_study", ENGINEER, f"study {found.id}: for the record")
    assert last.after["study"] == found.id


def test_attached_twice_it_is_there_once(book: PostgresBook) -> None:
    outage = filed(book, "branch:40")
    assert kept(book, outage).written
    again = kept(book, outage, actor=PLANNER)
    assert again.again
    assert not again.written
    with book.as_(ENGINEER) as page:
        assert len(attached(page, outage.id)) == 1
        assert [e.verb for e in page.history(outage.id)].count("attach_study") == 1


def test_the_clock_moves_on_and_the_study_keeps_its_name(book: PostgresBook) -> None:
    """So that a person may read before attaching; the days ahead stay inside the same forecast."""
    outage = filed(book, "branch:40")
    name = asked(book, outage.id, **LESS).id
    assert kept(book, outage, study=name, now=NOW + DAY / 24).written


def test_what_comes_out_otherwise_by_now_is_not_attached(book: PostgresBook) -> None:
    outage = filed(book, "branch:40")
    name = asked(book, outage.id, **LESS).id
    filed(book, "branch:7", minute=3)
    with pytest.raises(FoundOtherwise) as why:
        kept(book, outage, study=name)
    assert why.value.fix
    with book.as_(ENGINEER) as page:
        assert attached(page, outage.id) == []
        assert "attach_study" not in [e.verb for e in page.history(outage.id)]


def test_it_needs_a_reason_the_revision_that_was_read_and_a_role_that_may(book: PostgresBook) -> None:
    outage = filed(book, "branch:40")
    with pytest.raises(ReasonMissing):
        kept(book, outage, reason=" ")
    with pytest.raises(StaleRevision):
        kept(book, outage, revision=outage.revision - 1)
    with pytest.raises(NotYours):
        kept(book, outage, actor=OWNER)
    with book.as_(ENGINEER) as page:
        assert attached(page, outage.id) == []


def test_an_owner_reads_that_one_is_attached_and_not_the_study(book: PostgresBook) -> None:
    outage = filed(book, "branch:40")
    kept(book, outage)
    with book.as_(OWNER) as page:
        assert attached(page, outage.id) == []
        with pytest.raises(NoSuchStudy):
            attached_study(page, outage.id, asked(book, outage.id, **LESS).id)
        assert page.history(outage.id)[-1].verb == "attach_study"
