"""Write docs/rules.md: every rule with its id, what it asks, its source, its level and its test.

A room with rules of its own adds a `Chapter` to CHAPTERS: anything with `id`, `asks`, `source` and
`test` can stand in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from moms.decide.register import RULES
from moms.outages.guards import GUARDS
from moms.outages.lifecycle import TABLE
from moms.outages.rules import ALL
from moms.outages.rules.reading import READINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TARGET = Path(__file__).resolve().parents[1] / "docs" / "rules.md"


class Ruled(Protocol):
    """What a rule shows of itself."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def asks(self) -> str:
        """What it asks, one sentence."""
        ...

    @property
    def source(self) -> str:
        """Where it comes from."""
        ...

    @property
    def test(self) -> str:
        """The test that holds it: path::name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Rules of one kind."""

    title: str
    says: str
    rules: Sequence[Ruled]


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        title="Reading a request",
        says="Found while a document is read; all of them block, and all are given at once.",
        rules=READINGS,
    ),
    Chapter(
        title="Entry",
        says=(
            "Asked of every request before anybody studies it. `block`: it is returned. `refer`: a person decides. "
            "`flag`: noted. The rule book may set another level. Nothing blocks a forced or emergency report: "
            "what would, refers."
        ),
        rules=ALL,
    ),
    Chapter(
        title="Decision",
        says=(
            "The rows of a decision's table. Something missing refers whatever else is found; then a violated limit "
            "denies (transmission), counters, or moves (generation); then what is unsure refers; conditions come last."
        ),
        rules=RULES,
    ),
    Chapter(
        title="Lifecycle",
        says="Must hold before an outage moves on; each has one refusal of its own.",
        rules=GUARDS,
    ),
)


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
