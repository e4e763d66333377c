"""Write docs/rules.md: every rule with its id, what it asks, its source, its level and its test.

The chapters are those the pages show (`moms.desk.published`); this adds the transitions.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from moms.desk.published import CHAPTERS
from moms.outages.lifecycle import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = Path(__file__).resolve().parents[1] / "docs" / "rules.md"


def text() -> str:
    """Give the file's text."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Rules"
    yield ""
    yield "Made by `tools/make_rules_doc.py` from the rules themselves; do not edit by hand."
    for chapter in CHAPTERS:
        yield from ("", f"## {chapter.title}", "", chapter.says, "")
        yield "| id | what it asks | level | source | test |"
        yield "|---|---|---|---|---|"
        for one in chapter.rules:
            level = getattr(one, "level", "block")
            yield f"| {one.id} | {_cell(one.asks)} | {level} | {_cell(one.source)} | `{one.test}` |"
    yield from _moves()


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _moves() -> Iterator[str]:
    yield from ("", "## Transitions", "", "Every row of the table in `moms.outages.lifecycle`; (same) stays.", "")
    yield "| verb | from state | from status | to state | to status | who | guards | source |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in TABLE:
        ends = ", ".join(sorted(one or "(same)" for one in row.ends))
        yield (
            f"| {row.verb} | {_all(row.states)} | {_all(row.statuses)} | {row.to_state or '(same)'} | {ends} "
            f"| {_all(row.who)} | {', '.join(one.id for one in row.guards)} | {_cell(row.source)} |"
        )


def _all(names: frozenset[str]) -> str:
    return "any" if len(names) == 10 else ", ".join(sorted(names))


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    print(f"wrote {TARGET}")
