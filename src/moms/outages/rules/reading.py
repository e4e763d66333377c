"""What reading a document can find, for docs/rules.md; the findings themselves are made in `values.shape`."""

from __future__ import annotations

from dataclasses import dataclass

from moms.values import shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way in which a document cannot be read."""

    id: str
    asks: str
    source: str
    test: str = (
        "tests/outages/test_document.py::test_a_document_that_cannot_be_read_says_which_field_and_what_would_mend_it"
    )


READINGS: tuple[Reading, ...] = (
    Reading(id=shape.UNKNOWN, asks="Refuse a field that no request has.", source="published schema"),
    Reading(id=shape.MISSING, asks="Require every field that is needed.", source="domain 2, published schema"),
    Reading(id=shape.TYPE, asks="Require a value of the field's kind.", source="published schema"),
    Reading(id=shape.CHOICE, asks="Require one of the field's names.", source="domain 2.1, published schema"),
    Reading(id=shape.RANGE, asks="Require a value of the field's range and form.", source="published schema"),
    Reading(id=shape.INSTANT, asks="Require a date and time of the calendar.", source="architecture decision 9"),
    Reading(id=shape.ZONE, asks="Require an offset or a zone that exists.", source="architecture decision 9"),
    Reading(id=shape.GAP, asks="Refuse a local time that the clocks jump over.", source="architecture decision 9"),
    Reading(id=shape.TWICE, asks="Ask which, of a local time shown twice.", source="architecture decision 9"),
    Reading(id=shape.ORDER, asks="Require an end after its start.", source="domain 2"),
    Reading(id=shape.REPEATED, asks="Refuse a list that names one thing twice.", source="published schema"),
    Reading(id=shape.CONTRADICTS, asks="Refuse an offset its zone does not have then.", source="platform, time rules"),
)
