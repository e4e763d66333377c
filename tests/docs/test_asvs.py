"""`security/asvs.csv` is whole, and names nothing that is not there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest

from moms.desk import files
from moms.desk.account import INVITED
from moms.desk.people import (
    ABSOLUTE,
    IDLE,
    LEAST_LEFT,
    LONGEST_PASSWORD,
    LONGEST_TOKEN_DAYS,
    OWN_WORDS,
    SHORTEST_PASSWORD,
)
from moms.portal import passkeys
from moms.portal.needs import Limits
from tools.count_asvs import ROOT, STATES, TARGET, Row, rows, text

if TYPE_CHECKING:
    from pathlib import Path

ALL = rows()
# The levels of each section's requirements in turn, read off the standard's own table (version 5.0.0, of May 2025).
LEVELS = {
    "V1.1": "22", "V1.2": "1111122223", "V1.3": "112222222223", "V1.4": "222", "V1.5": "123",
    "V2.1": "122", "V2.2": "112", "V2.3": "12223", "V2.4": "23",
    "V3.1": "3", "V3.2": "113", "V3.3": "12223", "V3.4": "11222233", "V3.5": "11122333", "V3.6": "3",
    "V3.7": "22333",
    "V4.1": "12233", "V4.2": "23333", "V4.3": "22", "V4.4": "1222",
    "V5.1": "2", "V5.2": "112333", "V5.3": "113", "V5.4": "222",
    "V6.1": "122", "V6.2": "111111112222", "V6.3": "11223333", "V6.4": "112233", "V6.5": "22222333", "V6.6": "2223",
    "V6.7": "33", "V6.8": "2222",
    "V7.1": "222", "V7.2": "1111", "V7.3": "22", "V7.4": "11222", "V7.5": "223", "V7.6": "22",
    "V8.1": "1233", "V8.2": "1123", "V8.3": "133", "V8.4": "23",
    "V9.1": "111", "V9.2": "1222",
    "V10.1": "22", "V10.2": "223", "V10.3": "22223", "V10.4": "1111122222233333", "V10.5": "22222", "V10.6": "22",
    "V10.7": "222",
    "V11.1": "2233", "V11.2": "22233", "V11.3": "11233", "V11.4": "1222", "V11.5": "23", "V11.6": "23",
    "V11.7": "33",
    "V12.1": "12233", "V12.2": "11", "V12.3": "22223",
    "V13.1": "2333", "V13.2": "222223", "V13.3": "2233", "V13.4": "1222233",
    "V14.1": "22", "V14.2": "12223333", "V14.3": "122",
    "V15.1": "12233", "V15.2": "12233", "V15.3": "1222222", "V15.4": "3333",
    "V16.1": "2", "V16.2": "22222", "V16.3": "2222", "V16.4": "222", "V16.5": "2223",
    "V17.1": "23", "V17.2": "22223333", "V17.3": "22",
}  # fmt: skip
DOCUMENTED = frozenset({"V2.1", "V5.1", "V6.1", "V7.1", "V8.1", "V11.1", "V13.1", "V14.1", "V15.1", "V16.1"})
"""Sections that ask for a document: there, and only there, a section of one may show that a row is met."""


def standard() -> dict[str, int]:
    return {f"{name}.{at}": int(level) for name, levels in LEVELS.items() for at, level in enumerate(levels, start=1)}


def test_the_standard_is_counted_as_others_count_it():
    # Its own introduction: 345 requirements, 70 of level 1, 183 more of level 2, 92 more of level 3.
    assert Counter(standard().values()) == {1: 70, 2: 183, 3: 92}


def test_every_requirement_of_both_levels_is_there_once():
    wanted = {name: level for name, level in standard().items() if level < 3}
    assert [row.id for row in ALL] == list(wanted), "in the standard's order, none missing, none twice, none unknown"
    assert {row.id: row.level for row in ALL} == wanted


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_a_row_says_what_its_state_asks_for(row: Row):
    assert row.state in STATES
    assert 3 <= len(row.about) <= 70, "a few words of our own"
    assert "verify that" not in row.about.lower()
    if row.state == "met":
        assert row.shown_by, "what shows it?"
        assert not row.why
    else:
        assert not row.shown_by
        assert len(row.why) >= 7, "why, or what is missing?"
    for name in row.shown_by:
        if ".md#" in name:
            assert row.id.rpartition(".")[0] in DOCUMENTED, "only a test can show this"
            path, _, heading = name.partition("#")
            assert heading in headings(path), f"{path} has no section {heading!r}"
        else:
            path, _, test = name.partition("::")
            assert test in runs_in(path), f"{path} has no {test} that runs"


@cache
def headings(path: str) -> frozenset[str]:
    return frozenset(re.findall(r"^#+ (.+)$", (ROOT / path).read_text("utf-8"), flags=re.MULTILINE))


@cache
def runs_in(path: str) -> frozenset[str]:
    """Give the tests of a file that run each time: skipped, expected to fail and long ones do not count."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    idle = re.compile(r"mark\.(skip|skipif|xfail|long)\b")
    marks = [
        node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    assert not any(idle.search(ast.unparse(node)) for node in marks), f"all of {path} may be left out"
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return frozenset(one.name for one in found if not any(idle.search(ast.unparse(d)) for d in one.decorator_list))


def test_a_long_or_skipped_test_shows_nothing(tmp_path: Path):
    path = tmp_path / "test_x.py"
    path.write_text("import pytest\n@pytest.mark.long\ndef test_a(): ...\n@pytest.mark.skip\ndef test_b(): ...\n"
                    "def test_c(): ...\ndef other(): ...\n")  # fmt: skip
    assert runs_in(str(path)) == {"test_c"}


def test_the_counts_stand_in_security_md():
    assert TARGET.read_text("utf-8") == text(), "run: python tools/count_asvs.py"


def test_the_numbers_of_the_document_are_the_programs():
    said, limits = (ROOT / "docs" / "security.md").read_text("utf-8"), Limits()
    assert timedelta(minutes=30) == IDLE
    assert timedelta(hours=12) == ABSOLUTE
    for sentence in (
        "after 30 minutes without use and after 12 hours",
        f"within the last {limits.proof_s / 60:g} minutes",
        f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
        f"at most {LONGEST_TOKEN_DAYS} days",
        f"made of**: {', '.join(OWN_WORDS)}, and",
        f"at least {LEAST_LEFT} characters have to be left",
        f"{limits.sign_in_per_min:g} attempts a minute from one address",
        f"({limits.studies} at once, {limits.queue} waiting",
        f"another lane with {limits.quick} threads",
        f"{limits.per_s:g} requests a second (bursts of {limits.burst:g})",
        f"Bodies {limits.body_bytes // 1024} KiB, {limits.json_depth} levels, {limits.body_s:g} s",
        f"queries {limits.query_bytes // 1024} KiB",
        f"{limits.streams} streams",
        f"files {limits.file_bytes // 2**20} MiB, {limits.file_s:g} s, {limits.files} at once",
        f"{files.MOST_FILES} files and {files.MOST_BYTES_EACH // 2**20} MiB to an outage",
        f"1 to {files.LONGEST_NAME} characters",
        f"once within {INVITED / timedelta(hours=1):g} hours",
        f"challenges {passkeys.LASTS_S // 60} minutes",
    ):
        assert sentence in said, sentence
