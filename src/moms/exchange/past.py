"""Past requests with what people decided, for `moms shadow`."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.exchange.requests import NotAllGood, UnreadableFile, parse_sheet
from moms.values import parse_instant

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from moms.outages import Request

FILED, HUMAN = "filed_at", "human_outcome"
OUTCOMES = ("approve", "accept", "counter", "deny", "refer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One request as it was filed, and its answer."""

    request: Request
    filed_at: datetime
    human: str


def read_past(path: Path) -> tuple[Past, ...]:
    """Read a table with the columns of `moms import` and two more: filed_at and human_outcome.

    Raises:
        UnreadableFile: not there, not text, without the two columns, or an outcome nobody knows.
        NotAllGood: a line that holds no request.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise UnreadableFile(f"{path.name} cannot be read: {why}", field="file", fix="give a CSV in UTF-8") from why
    rows = list(csv.reader(io.StringIO(text, newline="")))
    header = [c.strip() for c in rows[0]] if rows else []
    missing = [name for name in (FILED, HUMAN) if name not in header]
    if missing:
        raise UnreadableFile(f"{path.name} has no column {missing[0]!r}", field=missing[0], fix="add it")
    keep = [k for k, name in enumerate(header) if name not in {FILED, HUMAN}]
    filed_at, human = header.index(FILED), header.index(HUMAN)
    rest = io.StringIO(newline="")
    csv.writer(rest).writerows([[row[k] if k < len(row) else "" for k in keep] for row in rows])
    sheet = parse_sheet(rest.getvalue(), name=path.name)
    if sheet.faults:
        raise NotAllGood(sheet.faults)
    answers = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    return tuple(
        Past(
            request=line.request,
            filed_at=parse_instant(row[filed_at].strip(), field=FILED),
            human=_outcome(row[human].strip(), line=line.line),
        )
        for line, row in zip(sheet.lines, answers, strict=True)
    )


def _outcome(text: str, *, line: int) -> str:
    if text not in OUTCOMES:
        raise UnreadableFile(f"line {line}: {text!r} is no outcome", field=HUMAN, fix=f"one of {', '.join(OUTCOMES)}")
    return text
