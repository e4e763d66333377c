"""A decision on paper and in a picture, read back by a library that did not write it; and computed again."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import replace

import pytest
from pypdf import PdfReader

from moms.desk.one_line import one_line
from moms.desk.ports import NoSuchOutage, NotYours
from moms.desk.replay import replay
from moms.desk.what_if import NothingDecided
from moms.exchange.recordpdf import record_pdf
from moms.outages.document import to_document
from moms.values import Role, plain
from tests.desk.test_flow import everything, through
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask, placed

AUDITOR = replace(ENGINEER, role=Role.AUDITOR)


@pytest.fixture
def denied(book):
    """Give the small world, and a request that exceeds a limit in it."""
    world = placed(a_world(slack=0.8))
    answer = through(book, world, ask("branch:19"))
    assert answer.record["binding"]["kind"] == "flow", answer.record["binding"]
    return world, answer


def whole_of(book, answer, **more):
    with book.as_(ENGINEER) as page:
        stored = page.outage(answer.outage.id)
        history = [
            {"at": e.at, "verb": e.verb, "actor": str(e.actor), "reason": e.reason} for e in page.history(stored.id)
        ]
    return plain({"outage": to_document(stored) | more, "decision": answer.record, "history": history})


def text_of(paper: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages).split())


def test_the_same_record_gives_the_same_bytes_and_says_what_the_record_says(book, denied):
    world, answer = denied
    whole = whole_of(book, answer)
    picture = one_line(answer.record, grid=world.grid, actor=ENGINEER)
    paper = record_pdf(whole, picture=picture)
    assert record_pdf(whole, picture=picture) == paper
    text = text_of(paper)
    assert " ".join(answer.record["says"].split()) in text
    assert f"{answer.record['binding']['percent']:.1f} %" in text
    for rule in answer.record["rules"]:
        assert rule["rule"] in text.replace(" ", "") or rule["rule"] in text
    for line in answer.record["would_change"]:
        assert " ".join(line.split()) in text
    assert f"page 1 of {len(PdfReader(io.BytesIO(paper)).pages)}" in text


def test_another_record_gives_another_paper_and_strange_letters_are_not_lost(book, denied):
    _, answer = denied
    whole = whole_of(book, answer)
    other = {
        **whole,
        "outage": {**whole["outage"], "request": {**whole["outage"]["request"], "description": "خط <b>&"}},
    }
    assert record_pdf(whole) != record_pdf(other)
    assert "\\u062e\\u0637 <b>&" in text_of(record_pdf(other))
    assert "There is no decision yet." in text_of(record_pdf({**whole, "decision": None}))


def test_the_picture_runs_from_bus_to_bus_as_the_grid_does(denied):
    world, answer = denied
    binding, lines = answer.record["binding"], world.grid.network.branches
    picture = one_line(answer.record, grid=world.grid, actor=ENGINEER)
    [binds] = [row for row in picture["rows"] if row["part"] == "binds"]
    assert binds["id"] == binding["element"]
    assert {row["id"] for row in picture["rows"] if row["part"] == "out"} == set(answer.record["assets"])
    if binding["contingency"]:
        assert [row["id"] for row in picture["rows"] if row["part"] == "lost"] == [binding["contingency"]]
    of_bus: dict[int, int] = {}
    for row in picture["rows"]:
        branch = int(row["id"].removeprefix("branch:")) - 1
        for column, bus in ((row["start"], lines.from_bus[branch]), (row["end"], lines.to_bus[branch])):
            assert of_bus.setdefault(int(bus), column) == column, "a bus has one column"
    assert len(set(of_bus.values())) == len(of_bus) == len(picture["columns"])
    assert picture["percent"] == binding["percent"]


def test_to_an_owner_the_buses_of_others_have_no_name_and_show_no_neighbours(denied):
    world, answer = denied
    picture = one_line(answer.record, grid=world.grid, actor=replace(OWNER, organisation="TO-9"))
    assert set(picture["columns"]) == {""}
    assert len(picture["columns"]) == 2 * len(picture["rows"])


def test_what_no_flow_binds_has_no_picture(denied):
    world, answer = denied
    for binding in (None, {"kind": "margin", "row": "MISO", "day": "2027-02-10", "with_mw": 1.0, "without_mw": 2.0}):
        assert one_line({**answer.record, "binding": binding}, grid=world.grid, actor=ENGINEER) is None
    assert one_line(None, grid=world.grid, actor=ENGINEER) is None


def test_a_decision_is_replayed_by_who_did_not_make_it_to_the_same_studies(book, denied):
    world, answer = denied
    through(book, world, ask("branch:12", start=START))  # the book has moved since
    before = everything(book)
    common = {"book": book, "world": world, "now": NOW + DAY}
    found = replay(**common, actor=AUDITOR, outage_id=answer.outage.id)
    assert (found["same"], found["studies_same"], found["decision"]) == (True, True, answer.record["id"])
    assert (found["studied"], found["rules_otherwise"]) == (True, [])
    assert found["outcome_now"] == found["outcome_then"] == answer.record["outcome"]
    assert everything(book) == before, "nothing is written"
    with pytest.raises(NotYours):
        replay(**common, actor=OWNER, outage_id=answer.outage.id)
    with pytest.raises(NoSuchOutage):
        replay(**common, actor=AUDITOR, outage_id="OTG-ZZZZZZZZ")


def test_a_replay_on_other_ratings_is_not_the_same_and_says_so(book, denied):
    _, answer = denied
    other = placed(a_world(slack=0.7))
    found = replay(book=book, world=other, actor=AUDITOR, now=NOW + DAY, outage_id=answer.outage.id)
    assert not found["same"]
    assert not found["studies_same"]
    assert "it finds something else than the decision" in found["says"]


class Before:
    """The book with decisions of a time when some rules were not asked yet."""

    def __init__(self, book, *rules):
        self._book, self._rules = book, rules

    @contextmanager
    def as_(self, actor):
        with self._book.as_(actor) as page:
            yield BeforePage(page, self._rules)


class BeforePage:
    def __init__(self, page, rules):
        self._page, self._rules = page, rules

    def __getattr__(self, name):
        return getattr(self._page, name)

    def decision(self, name):
        found = self._page.decision(name)
        return {**found, "rules": [r for r in found["rules"] if r["rule"] not in self._rules]}


def test_a_rule_that_is_asked_since_makes_it_another_only_where_it_stands_against_it(book, denied):
    world, answer = denied
    verdicts = {r["rule"]: r["verdict"] for r in answer.record["rules"]}
    passed = next(rule for rule, verdict in verdicts.items() if verdict == "pass")
    failed = next(rule for rule, verdict in verdicts.items() if verdict == "fail")
    common = {"world": world, "now": NOW + DAY, "actor": AUDITOR, "outage_id": answer.outage.id}
    found = replay(book=Before(book, passed), **common)
    assert (found["same"], found["rules_since"], found["rules_otherwise"]) == (True, [passed], [])
    assert f"asked since then, and nothing against it: {passed}" in found["says"]
    found = replay(book=Before(book, passed, failed), **common)
    assert (found["same"], found["rules_since"], found["rules_otherwise"]) == (False, [passed], [failed])


def test_what_moms_has_not_decided_cannot_be_replayed(book):
    from moms.desk import submit

    world = a_world()
    filed = submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=ask()).outage
    with pytest.raises(NothingDecided):
        replay(book=book, world=world, actor=AUDITOR, now=NOW, outage_id=filed.id)
