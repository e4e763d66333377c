"""Each trap of the models has its tests, and they are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [line for line in (ROOT / "docs" / "formulations" / "traps.md").read_text("utf-8").splitlines()
        if re.match(r"\| [ivx]+ \|", line)]  # fmt: skip


def functions_in(path: Path) -> set[str]:
    return {one.name for one in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(one, ast.FunctionDef)}


def test_all_ten_traps_are_listed_in_order():
    assert [row.split("|")[1].strip() for row in ROWS] == ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"]


def test_every_test_named_is_there_and_every_trap_names_one():
    for row in ROWS:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, row
        for path, name in named:
            assert name in functions_in(ROOT / path), f"{path}::{name}"
