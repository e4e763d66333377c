"""docs/rules.md is what the rules say of themselves, and every test it names is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from moms.desk.published import CHAPTERS
from tools.make_rules_doc import TARGET, text

ROOT = Path(__file__).parents[2]


def test_the_rules_document_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "run: python tools/make_rules_doc.py"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.title)
def test_every_rule_names_a_test_that_exists(chapter: object) -> None:
    rules = chapter.rules  # type: ignore[attr-defined]  # a Chapter; pytest passes it as object
    named = {tuple(one.test.split("::")) for one in rules}
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in there, f"{path} has no {name}"


def test_no_id_is_used_twice() -> None:
    ids = [one.id for chapter in CHAPTERS for one in chapter.rules]
    assert len(set(ids)) == len(ids)
