"""What everybody may read of the rules: every number of the file, none made up, each with its source."""

from __future__ import annotations

import json

import pytest

from moms.desk.published import CHAPTERS, Trust, book_document, numbers, rule_texts, trust_of
from moms.exchange.rulebook import HOME, open_rule_book, rule_books
from moms.values import plain


def written(name: str) -> dict[str, dict]:
    """Give every number of a rule book's file by its path, read without the program."""
    document = json.loads((HOME / f"{name}.json").read_text())
    parts = {section: part for section, part in document.items() if isinstance(part, dict)}
    return {
        f"{section}.{field}": one for section, part in parts.items() for field, one in part.items() if field != "source"
    }


@pytest.mark.parametrize("name", rule_books())
def test_each_number_of_the_file_is_there_with_its_source(name):
    shown = {one.path: one for one in numbers(open_rule_book(name))}
    for path, one in written(name).items():
        assert shown[path].source == one["source"], path
        if isinstance(one["value"], (int, float, str)):
            assert shown[path].value == one["value"], path


@pytest.mark.parametrize("name", rule_books())
def test_what_the_file_leaves_out_is_shown_as_the_programs_own(name):
    said = set(written(name))
    for one in numbers(open_rule_book(name)):
        assert (one.trust == Trust.UNSAID) == (one.path not in said), one.path


@pytest.mark.parametrize("name", rule_books())
def test_what_is_recalled_in_the_file_is_marked_so_even_inside_a_list(name):
    shown = {one.path: one.trust for one in numbers(open_rule_book(name))}
    recalled = {path for path, one in written(name).items() if "[M]" in json.dumps(one)}
    assert recalled
    assert {path for path, trust in shown.items() if trust == Trust.RECALLED} >= recalled


def test_the_weakest_source_counts():
    assert trust_of("A [S]; B [M]") == Trust.RECALLED
    assert trust_of("A [S]; ours [I]") == Trust.CHOSEN
    assert trust_of("recalled, to be verified") == Trust.RECALLED
    assert trust_of("A [S]") == Trust.SOURCED
    assert trust_of(None) == Trust.UNSAID


def test_the_texts_are_those_of_the_rules_and_can_be_written():
    found = rule_texts()
    assert [r["id"] for c in found for r in c["rules"]] == [r.id for c in CHAPTERS for r in c.rules]
    assert all(r["asks"] and r["source"] for c in found for r in c["rules"])
    plain([found, book_document(open_rule_book("miso-demo-1"))])
