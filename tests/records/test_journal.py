"""The chain by itself: any damage to any line shows, and nothing else does."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.records.journal import (
    GENESIS,
    Head,
    Line,
    NotALine,
    after,
    anchor,
    anchor_of,
    anchor_text,
    hash_of,
    heads_of,
    heads_text,
    link,
)
from moms.records.verify import Verdict, What, examine

AT = datetime(2027, 3, 1, tzinfo=UTC)


def a_chain(organisation="owner-a", count=6):
    head, lines = Head(organisation=organisation, count=0, hash=GENESIS), []
    for n in range(count):
        body = {"line": "event", "n": n, "written_by": {"name": "ann"}}
        lines.append(link(head, classification="restricted", outage_id=f"O-{n}", outage_revision=None, body=body))
        head = after(lines[-1])
    return lines


def judged(lines, *, heads=None, anchors=(), outside=()) -> Verdict:
    ordered = sorted(lines, key=lambda line: (line.organisation, line.sequence))
    heads = [after(chain[-1]) for chain in (a_chain(), a_chain("owner-b"))] if heads is None else heads
    return examine(lines=ordered, heads=heads, anchors=anchors, outside=outside, kept=(), book_version=0)


WHOLE = [*a_chain(), *a_chain("owner-b")]


def test_the_hash_is_the_one_anybody_can_compute_with_sha256sum():
    first, second = a_chain()[:2]
    text = f'{GENESIS}\nowner-a\n1\nrestricted\n1\nO-0\n\n{{"line":"event","n":0,"written_by":{{"name":"ann"}}}}'
    assert first.hash == hashlib.sha256(text.encode()).hexdigest()
    assert second.previous == first.hash


def test_a_whole_record_has_no_fault():
    assert judged(WHOLE).faults == ()
    assert examine(lines=(), heads=(), anchors=(), outside=(), kept=(), book_version=0).whole


@given(at=st.integers(0, 11), name=st.sampled_from([f.name for f in fields(Line)]), by=st.integers(1, 9))
def test_a_change_of_any_field_of_any_line_is_found_at_that_line(at, name, by):
    line = WHOLE[at]
    old = getattr(line, name)
    new = (old or 0) + by if name in {"sequence", "revision", "outage_revision"} else f"{old}{by}"
    faults = judged([*WHOLE[:at], replace(line, **{name: new}), *WHOLE[at + 1 :]]).faults
    places = {fault.row for fault in faults}
    sequence = new if name == "sequence" else line.sequence
    organisation = new if name == "organisation" else line.organisation
    assert f"line {sequence} of {organisation}" in places


@given(gone=st.sets(st.integers(0, 11), min_size=1))
def test_lines_that_are_gone_are_found_whichever_they_are(gone):
    faults = judged([line for n, line in enumerate(WHOLE) if n not in gone]).faults
    assert faults
    assert {fault.what for fault in faults} <= {What.MISSING, What.CHANGED}
    told = " ".join(fault.row for fault in faults)
    assert ("owner-a" in told, "owner-b" in told) == (any(n < 6 for n in gone), any(n >= 6 for n in gone))


@given(data=st.data())
def test_two_lines_that_changed_places_are_found(data):
    one, other = sorted(data.draw(st.sets(st.integers(0, 11), min_size=2, max_size=2)))
    lines = list(WHOLE)
    place = {n: (lines[n].organisation, lines[n].sequence) for n in (one, other)}
    lines[one] = replace(WHOLE[other], organisation=place[one][0], sequence=place[one][1])
    lines[other] = replace(WHOLE[one], organisation=place[other][0], sequence=place[other][1])
    rows = {fault.row for fault in judged(lines).faults if fault.what == What.CHANGED}
    assert rows >= {f"line {sequence} of {organisation}" for organisation, sequence in place.values()}


@given(start=st.integers(1, 5))
def test_a_tail_rewritten_with_all_hashes_passes_without_anchors_and_fails_with_one(start):
    true = a_chain()
    head, forged = after(true[start - 1]), list(true[:start])
    for n in range(start, 6):
        forged.append(
            link(head, classification="restricted", outage_id=f"O-{n}", outage_revision=None, body={"line": "event"})
        )
        head = after(forged[-1])
    rest = a_chain("owner-b")
    heads = [head, after(rest[-1])]
    assert judged([*forged, *rest], heads=heads).whole, "the limit that verify.py states"
    seen = anchor([after(true[-1]), after(rest[-1])], last=None, at=AT)
    for held in ({"anchors": [seen]}, {"outside": [seen]}):
        says = [fault.says for fault in judged([*forged, *rest], heads=heads, **held).faults]
        assert any("line 6 of owner-a is not the line that anchor 1 saw" in one for one in says)


def test_a_fork_and_a_lost_head_are_found():
    assert judged([*WHOLE, WHOLE[2]]).faults[0].what == What.TWICE
    says = [fault.says for fault in judged(WHOLE, heads=[after(WHOLE[5])]).faults]
    assert says == ["the chain of owner-b has no head"]


def test_line_breaks_that_would_make_two_lines_look_alike_are_refused():
    head = Head(organisation="owner\na", count=0, hash=GENESIS)
    with pytest.raises(NotALine, match="line break"):
        link(head, classification="restricted", outage_id="O-1", outage_revision=None, body={})


@given(
    heads=st.lists(
        st.builds(Head, organisation=st.text(max_size=5), count=st.integers(0, 9), hash=st.text("0123456789abcdef")),
        max_size=4,
    )
)
def test_anchors_are_read_back_as_they_were_written(heads):
    first = anchor(heads, last=None, at=AT)
    second = anchor(heads, last=first, at=AT)
    for value in (first, second):
        assert anchor_of(anchor_text(value)) == value
    assert heads_of(heads_text(heads)) == tuple(heads)
    assert second.previous == first.hash != second.hash


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"sequence": "x"}'])
def test_what_is_no_anchor_is_refused(text):
    with pytest.raises(NotALine):
        anchor_of(text)


def test_every_hash_is_of_its_own_line():
    assert all(hash_of(line) == line.hash for line in WHOLE)
    assert len({line.hash for line in WHOLE}) == len(WHOLE)
