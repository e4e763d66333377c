#!/usr/bin/env python3
"""Count `security/asvs.csv` into the table of `SECURITY.md`; a test fails where the two differ.

python tools/count_asvs.py      write the table
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "security" / "asvs.csv"
TARGET = ROOT / "SECURITY.md"
STATES = ("met", "not applicable", "open")
BEGIN, END = "<!-- counts: tools/count_asvs.py -->\n", "<!-- end of counts -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One requirement: its id and level are the standard's, all else is ours."""

    id: str
    level: int
    about: str
    state: str
    shown_by: tuple[str, ...]
    why: str


def rows() -> tuple[Row, ...]:
    """Read the list."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return tuple(
            Row(id=one["id"], level=int(one["level"]), about=one["about"], state=one["state"],
                shown_by=_names(one["shown_by"]), why=one["why"])
            for one in csv.DictReader(file)
        )  # fmt: skip


def _names(text: str) -> tuple[str, ...]:
    """Give what shows it: one section of a document (which has spaces), or any number of tests."""
    return (text,) if ".md#" in text else tuple(text.split())


def table(found: tuple[Row, ...]) -> str:
    """Write the counts by level."""
    lines = [
        "| level | requirements | met | not applicable | open | met, of those that apply |",
        "|---|---|---|---|---|---|",
    ]
    for name, levels in (("1", {1}), ("2", {2}), ("1 and 2", {1, 2})):
        count = Counter(one.state for one in found if one.level in levels)
        apply = count["met"] + count["open"]
        cells = [name, sum(count.values()), *(count[state] for state in STATES), f"{100 * count['met'] // apply} %"]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def text() -> str:
    """Give SECURITY.md as it has to be."""
    before, _, rest = TARGET.read_text(encoding="utf-8").partition(BEGIN)
    assert rest, f"{TARGET.name} has no place for the counts"
    return before + BEGIN + table(rows()) + END + rest.partition(END)[2]


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    print(table(rows()))
