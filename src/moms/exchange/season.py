"""Season books as one compact file: JSON, compressed, with the engine and counts they were made with."""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from moms.desk.season import Entry
from moms.outages.document import request_document, request_from
from moms.values import Finding, Level, Refused, instant_text, parse_instant, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

FORMAT = "moms-season-1"
_FOLDER, _ENDS = resources.files("moms.data") / "season", ".json.xz"


class NotASeason(Refused):
    """A file that holds no season book."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A season book: its outages, and how it was made."""

    name: str
    clock: datetime
    """The instant the season is shown at."""
    rule_book: str
    entries: tuple[Entry, ...]
    made: dict[str, Any]
    """Engine version, model digest, seed, and how many requests were approved, moved, referred, denied."""


def save(season: Season, path: Path) -> None:
    """Write a season; the same season gives the same bytes."""
    document = {
        "format": FORMAT,
        "name": season.name,
        "clock": instant_text(season.clock),
        "rule_book": season.rule_book,
        "made": season.made,
        "entries": [_entry_document(e) for e in season.entries],
    }
    text = json.dumps(plain(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    fresh.replace(path)


def bundled(name: str) -> Season:
    """Read a season that is shipped with MOMS.

    Raises:
        NotASeason: none of that name.
    """
    names = bundled_names()
    if name not in names:
        raise NotASeason(f"there is no season {name!r}", field="season", fix=f"these are shipped: {', '.join(names)}")
    return read((_FOLDER / f"{name}{_ENDS}").read_bytes())


def bundled_names() -> tuple[str, ...]:
    """Name the seasons that are shipped with MOMS."""
    return tuple(sorted(f.name.removesuffix(_ENDS) for f in _FOLDER.iterdir() if f.name.endswith(_ENDS)))


def read(data: bytes) -> Season:
    """Read a season from its bytes.

    Raises:
        NotASeason: damaged, of another format, or holding something that is no request.
    """
    try:
        document = json.loads(lzma.decompress(data))
        if document["format"] != FORMAT:
            raise NotASeason(f"format {document['format']!r}, not {FORMAT}", field="season", fix="build it again")
        return Season(
            name=document["name"],
            clock=parse_instant(document["clock"]),
            rule_book=document["rule_book"],
            entries=tuple(_entry(e) for e in document["entries"]),
            made=document["made"],
        )
    except (lzma.LZMAError, ValueError, KeyError, TypeError) as why:
        raise NotASeason(f"the season cannot be read: {why}", field="season", fix="build it again") from why


def _entry_document(entry: Entry) -> dict[str, object]:
    return {
        "request": request_document(entry.request),
        "requester": entry.requester,
        "stamp": instant_text(entry.stamp),
        "verb": entry.verb,
        "conditions": entry.conditions,
        "findings": entry.findings,
        "record": entry.record,
    }


def _entry(document: dict[str, Any]) -> Entry:
    request = request_from(document["request"])
    if isinstance(request, list):
        raise NotASeason(f"no request: {request[0].says}", field=request[0].field, fix="build the season again")
    return Entry(
        request=request,
        requester=document["requester"],
        stamp=parse_instant(document["stamp"]),
        verb=document["verb"],
        conditions=tuple(document["conditions"]),
        findings=tuple(Finding(**{**f, "level": Level(f["level"])}) for f in document["findings"]),
        record=document["record"],
    )


def entries_in_order(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Give entries by stamp, then by the owner's reference."""
    return tuple(sorted(entries, key=lambda e: (e.stamp, e.request.organisation, e.request.external_id)))
