"""Requests from files: one as JSON, many as CSV, with everything that is wrong and where."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moms.outages import Request, request_from
from moms.values import Finding, Level, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

MOST_BYTES = 50_000_000
LISTS = {"assets", "designated_units"}
PLAIN = (
    "external_id", "organisation", "category", "kind", "nature", "zone", "group", "project", "location", "description",
)  # fmt: skip
NUMBERS = ("recall_h", "emergency_return_h", "derate_to_mw")
INSTANTS = ("earliest_start", "latest_end", "discovered_at")
COLUMNS: dict[str, str] = {
    "external_id": "your own reference",
    "organisation": "the organisation that asks; left out, your own",
    "category": "transmission or generation",
    "kind": "planned, maintenance, forced, emergency, urgent, opportunity, derate, informational, hotline",
    "nature": "the code of the nature of the work, as LM",
    "assets": "elements with spaces between, as branch:12 branch:13",
    "start": "start, with an offset, or local in `zone`",
    "end": "end, likewise",
    "zone": "zone of times without an offset, as America/Chicago",
    "start_fold": "first or second, where the clock shows the start twice",
    "end_fold": "likewise for the end",
    "earliest_start": "the earliest start you accept",
    "latest_end": "the latest end you accept",
    "recall_h": "hours to give the equipment back when asked",
    "emergency_return_h": "hours to give it back in an emergency",
    "derate_to_mw": "what a derated unit can still give",
    "daily_start": "work that comes back each day: its start, HH:MM",
    "daily_end": "its end, HH:MM",
    "daily_zone": "the zone of its clock",
    "daily_days": "ISO weekdays with spaces between, 1 Monday to 7 Sunday; all if left out",
    "switch_normal": "breaker or switch: normal state, open or closed",
    "switch_during": "its state during the outage",
    "group": "a name shared by outages to be studied together",
    "after": "your references of outages that must end before it begins, with ; between",
    "project": "the project it belongs to",
    "location": "where the work is",
    "description": "what is done",
    "contact_name": "whom to call",
    "contact_phone": "a telephone that is answered day and night",
    "contact_email": "an e-mail address",
    "discovered_at": "forced and emergency: when it was found",
    "agreed_load_at_risk": "yes or no: whether the owners of load at risk agree",
    "designated_units": "opportunity: units with spaces between, as gen:7",
}
"""Columns of a CSV of requests, in any order; those left out are empty."""


class UnreadableFile(Refused):
    """A file that is not there, not text, or not of its format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One request of a CSV and the line it starts on, counted from 1, the header being line 1."""

    line: int
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong on one line."""

    line: int
    finding: Finding

    def __str__(self) -> str:
        where = f" {self.finding.field}:" if self.finding.field else ""
        remedy = f" ({self.finding.fix})" if self.finding.fix else ""
        return f"line {self.line}:{where} {self.finding.says}{remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A CSV read whole: what is good, and all that is not."""

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]

    def whole(self) -> tuple[Line, ...]:
        """Give the requests if every line is good.

        Raises:
            NotAllGood: some line is not.
        """
        if self.faults:
            raise NotAllGood(self.faults)
        return self.lines


class NotAllGood(Refused):
    """A CSV with a bad line: nothing of it is imported unless the rest is asked for."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        lines = len({one.line for one in faults})
        said = "; ".join(str(one) for one in faults[:3])
        more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
        super().__init__(
            f"{lines} bad line(s), nothing imported: {said}{more}",
            field="file",
            fix="mend them, or import with --partial",
        )
        self.faults = faults


def read_request(
    path: Path, *, organisation: str | None = None, zone: str | None = None, now: datetime | None = None
) -> Request | list[Finding]:
    """Give the request of a JSON file, or all that is wrong with it.

    Raises:
        UnreadableFile: it is not there, or not JSON; the message has line and column.
    """
    document = parse_json(_text(path), name=path.name)
    return request_from(document, organisation=organisation, zone=zone, now=now)


def parse_json(text: str, *, name: str) -> object:
    """Give what strict JSON says: no field twice, no NaN.

    Raises:
        UnreadableFile: it is not JSON, with line and column.
    """

    def no_constant(written: str) -> None:
        raise UnreadableFile(f"{name} has {written}, which is no number of JSON", field="file", fix="leave it out")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                raise UnreadableFile(f"{name} has the field {key!r} twice", field=key, fix="say it once")
            seen[key] = value
        return seen

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=no_constant)
    except json.JSONDecodeError as fault:
        raise UnreadableFile(
            f"{name} is not JSON: line {fault.lineno}, column {fault.colno}: {fault.msg}",
            field="file",
            fix="mend it there",
        ) from None
    except (RecursionError, ValueError) as fault:
        raise UnreadableFile(
            f"{name} is not JSON that can be read: {fault}", field="file", fix="make it plainer"
        ) from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableFile(f"{path.name} is over {MOST_BYTES // 10**6} MB", field="file", fix="split it")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UnreadableFile(
            f"{path.name} is not UTF-8 text, from byte {fault.start}", field="file", fix="save it as UTF-8"
        ) from None
    except OSError as fault:
        raise UnreadableFile(f"cannot read {path}: {fault.strerror}", field="file", fix="check the path") from None


def read_sheet(
    path: Path, *, organisation: str | None = None, zone: str | None = None, now: datetime | None = None
) -> Sheet:
    """Give the requests of a CSV file with the columns of `COLUMNS`, and all faults of all lines.

    Raises:
        UnreadableFile: it is not there, has no header, or a column nobody knows.
    """
    return parse_sheet(_text(path), name=path.name, organisation=organisation, zone=zone, now=now)


def parse_sheet(
    text: str,
    *,
    name: str,
    organisation: str | None = None,
    zone: str | None = None,
    now: datetime | None = None,
) -> Sheet:
    """Give what `read_sheet` gives, of the text itself.

    Raises:
        UnreadableFile: as `read_sheet`.
    """
    rows = _rows(text, name=name)
    good, faults = [], []
    first_line: dict[tuple[str, str], int] = {}
    for line, row in rows:
        found = (
            row
            if isinstance(row, list)
            else request_from(_document(row), organisation=organisation, zone=zone, now=now)
        )
        if isinstance(found, list):
            faults += [Fault(line=line, finding=one) for one in found]
            continue
        reference = (found.organisation, found.external_id)
        if reference in first_line:
            faults.append(Fault(line=line, finding=_again(found.external_id, first_line[reference])))
            continue
        first_line[reference] = line
        good.append(Line(line=line, request=found))
    return Sheet(lines=tuple(good), faults=tuple(faults))


def _again(reference: str, line: int) -> Finding:
    says = f"external_id {reference} is on line {line} already"
    return Finding(rule="READ-11", level=Level.BLOCK, says=says, field="external_id", fix="give each its own")


def _rows(text: str, *, name: str) -> Iterator[tuple[int, dict[str, str] | list[Finding]]]:
    """Give each line that is not empty, as a dict by column or as what is wrong with its shape."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    last = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as fault:
            raise UnreadableFile(
                f"{name}, line {reader.line_num}: {fault}", field="file", fix="check its quotes"
            ) from None
        line, last = last + 1, reader.line_num
        if not any(cell.strip() for cell in row):
            continue
        if header is None:
            header = _header(row, name=name)
        elif len(row) != len(header):
            says = f"{len(row)} cells, and the header has {len(header)}"
            yield (
                line,
                [Finding(rule="READ-5", level=Level.BLOCK, says=says, field="line", fix="check commas and quotes")],
            )
        else:
            yield line, {column: cell.strip() for column, cell in zip(header, row, strict=True) if cell.strip()}
    if header is None:
        raise UnreadableFile(f"{name} is empty", field="file", fix=f"start with a header: {','.join(COLUMNS)}")


def _header(row: list[str], *, name: str) -> list[str]:
    header = [cell.strip() for cell in row]
    strangers = [one for one in header if one not in COLUMNS]
    if strangers:
        raise UnreadableFile(
            f"{name} has a column nobody knows: {strangers[0]!r}",
            field=strangers[0],
            fix=f"columns: {', '.join(COLUMNS)}",
        )
    if len(set(header)) < len(header):
        raise UnreadableFile(f"{name} has a column twice", field="file", fix="name each column once")
    return header


def _document(row: Mapping[str, str]) -> dict[str, object]:
    """Give the JSON document a line of the CSV stands for."""
    whole: dict[str, object] = {name: row[name] for name in (*PLAIN, *INSTANTS) if name in row}
    whole |= {name: row[name].split() for name in LISTS if name in row}
    whole |= {name: _number(row[name]) for name in NUMBERS if name in row}
    if "after" in row:
        whole["after"] = [one.strip() for one in row["after"].split(";") if one.strip()]
    ends = {name: _instant(row, name) for name in ("start", "end") if name in row}
    if ends:
        whole["window"] = ends
    for prefix, field in (("daily_", "recurrence"), ("switch_", "switch"), ("contact_", "contacts")):
        parts: dict[str, object] = {n.removeprefix(prefix): row[n] for n in row if n.startswith(prefix)}
        if "days" in parts:
            parts["days"] = [_number(one) for one in row["daily_days"].split()]
        if parts:
            whole[field] = [parts] if field == "contacts" else parts
    if "agreed_load_at_risk" in row:
        whole["agreed_load_at_risk"] = {"yes": True, "no": False}.get(
            row["agreed_load_at_risk"].lower(), row["agreed_load_at_risk"]
        )
    return whole


def _number(text: str) -> object:
    """Give the number a cell says, or the text itself, which the reading then refuses."""
    try:
        return float(text)
    except ValueError:
        return text


def _instant(row: Mapping[str, str], name: str) -> object:
    fold = row.get(f"{name}_fold")
    if fold is None:
        return row[name]
    return {"at": row[name], "zone": row.get("zone"), "fold": fold}
