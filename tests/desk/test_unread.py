"""What is said of a request that cannot be read whole is what is said of it when it can, whatever it is mended to."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from moms.desk import submit
from moms.desk.unread import also_against
from moms.outages.document import request_document, request_from
from moms.values import Level
from tests.desk.test_calendar import with_book
from tests.desk.worlds import NOW, OWNER, ask

GOOD = request_document(ask())
FAULTS: dict[str, dict[str, Any]] = {
    "no such equipment": {"assets": ["branch:1", "branch:999"]},
    "past": {"window": {"start": "2026-02-01T00:00-05:00", "end": "2026-02-02T00:00-05:00"}},
    "nobody to call": {"contacts": []},
    "slower in an emergency": {"recall_h": 2.0, "emergency_return_h": 4.0},
    "other dates": {"earliest_start": "2027-06-01T00:00-05:00", "latest_end": "2027-06-09T00:00-05:00"},
    "hours that never are": {"recurrence": {"start": "23:00", "end": "23:30", "zone": "UTC", "days": ["sun"]}},
    "no work on a line": {"nature": "TL"},
    "a breaker without its states": {"nature": "BM"},
}  # fmt: skip
SPOILT: dict[str, Any] = {
    "assets": [], "window": {"start": "soon"}, "nature": "", "external_id": 7, "recall_h": "four",
    "emergency_return_h": "two", "contacts": [{"name": "Ann"}], "earliest_start": "once", "recurrence": {"start": "8"},
}  # fmt: skip
MENDED: dict[str, tuple[Any, ...]] = {
    "assets": (["branch:3"], ["branch:19", "branch:2"]),
    "window": (GOOD["window"], {"start": "2027-05-01T08:00-05:00", "end": "2027-05-09T18:00-05:00"}),
    "nature": ("LM", "OT"), "external_id": ("a", "b"), "recall_h": (4, 1), "emergency_return_h": (2, 0.5),
    "contacts": (GOOD["contacts"], [{"name": "Bo", "phone": "+1 555 0199"}]),
    "earliest_start": (None, "2027-02-01T00:00-05:00"), "recurrence": (None, None),
}  # fmt: skip


@pytest.fixture
def said(book):
    """Give what gives the faults of reading a document, and what is said beside them."""
    world = with_book(book, seed=0, slack=0.8)

    def found(document):
        read = request_from(document, now=NOW)
        if isinstance(read, list):
            also = also_against(document, tuple(read), book=book, world=world, actor=OWNER, now=NOW)
            return read, also
        filed = submit.preview(book=book, world=world, actor=OWNER, now=NOW, request=read)
        return [], tuple(f for f in filed.findings if f.level == Level.BLOCK)

    return found


def documents():
    for one, other in itertools.combinations_with_replacement(FAULTS, 2):
        yield {**GOOD, **FAULTS[one], **FAULTS[other]}


def test_what_is_said_of_the_rest_holds_however_it_is_mended(said):
    spoken = 0
    for document, spoilt in itertools.product(
        documents(), [*itertools.combinations(SPOILT, 1), *itertools.combinations(SPOILT, 2)]
    ):
        read, also = said({**document, **{name: SPOILT[name] for name in spoilt}})
        assert read, "it cannot be read"
        spoken += len(also)
        for mend in range(2):
            _, whole = said({**document, **{name: MENDED[name][mend] for name in spoilt}})
            assert set(also) <= set(whole), (spoilt, document)
    assert spoken > 100, "it is not silent either"


@pytest.mark.parametrize("spoilt", ["nature", "external_id", "contacts"])
def test_all_is_said_at_once_where_the_rules_do_not_rest_on_what_is_missing(said, spoilt):
    document = {**GOOD, **FAULTS["no such equipment"], **FAULTS["past"], **FAULTS["slower in an emergency"]}
    _, also = said({**document, spoilt: SPOILT[spoilt]})
    assert {f.rule for f in also} >= {"ASSET-1", "WINDOW-1", "RETURN-2"}
    assert also == said(document)[1]


@pytest.mark.parametrize(
    "document", [None, [], "branch:3", {}, {"assets": 3}, {**GOOD, "kind": "x"}, {**GOOD, "organisation": 1}]
)
def test_what_is_no_request_at_all_has_faults_and_nothing_beside_them(said, document):
    read, also = said(document)
    assert read
    assert also == ()
