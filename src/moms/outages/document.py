"""Requests and outages as JSON documents, and back.

Instants go out in UTC. What comes in is read whole: either a Request, or all that is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from moms.outages.outage import Added, Outage, State, Status, Wish
from moms.outages.request import Category, Contact, Kind, Nature, Position, Recurrence, Request, Switch
from moms.values import Finding, Level, Window, digest, parse_instant, plain
from moms.values.shape import (
    BAD,
    PROSE,
    Choice,
    Field,
    Instant,
    Many,
    Notes,
    Number,
    Read,
    Record,
    Shape,
    Span,
    Text,
    YesNo,
    ZoneName,
)

if TYPE_CHECKING:
    from datetime import datetime

YEAR_H = 8784.0
ASSET = Text(
    pattern=r"(?:branch|gen|dcline|bus|breaker):[1-9][0-9]{0,8}",
    most=20,
    wants="branch:12, gen:7, dcline:1, bus:101 or breaker:3",
)
CLOCK = Text(pattern=r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", most=5, wants="a time of day, HH:MM")
ASSUMED_RETURN = timedelta(hours=24)
"""How long a forced outage is taken to last when the report does not say."""


class _Built:
    """A record read into one of our values."""

    def __init__(self, kind: type, record: Record) -> None:
        self.kind, self.record = kind, record

    def read(self, value: object, *, at: str, notes: Notes) -> Read:
        parts = self.record.read(value, at=at, notes=notes)
        return BAD if parts is BAD else self.kind(**parts)

    def schema(self) -> dict[str, object]:
        return self.record.schema()


def _field(name: str, shape: Shape, says: str, *, needed: bool = False) -> Field:
    return Field(name=name, shape=shape, says=says, needed=needed)


CONTACT = _Built(
    Contact,
    Record(
        fields=(
            _field("name", Text(), "the name of somebody who answers", needed=True),
            _field(
                "phone",
                Text(pattern=r"\+?[0-9][0-9 ()./-]{3,28}(?: ?x[0-9]{1,6})?", most=40, wants="a telephone number"),
                "a telephone that is answered day and night",
                needed=True,
            ),
            _field(
                "email",
                Text(
                    pattern=r"[^@\s\u0000-\u001f\u007f\ud800-\udfff]+@[^@\s\u0000-\u001f\u007f\ud800-\udfff]+",
                    wants="an address with one @",
                ),
                "an e-mail address",
            ),
        )
    ),
)
RECURRENCE = _Built(
    Recurrence,
    Record(
        fields=(
            _field("start", CLOCK, "when the work starts each day, HH:MM", needed=True),
            _field("end", CLOCK, "when it ends, HH:MM; at or before the start means the next day", needed=True),
            _field("zone", ZoneName(), "the zone of that clock, as America/Chicago", needed=True),
            _field(
                "days",
                Many(of=Number(least=1, most=7, whole=True), least=1, most=7),
                "ISO weekdays it starts on, 1 Monday to 7 Sunday; all if left out",
            ),
        )
    ),
)
SWITCH = _Built(
    Switch,
    Record(
        fields=(
            _field("normal", Choice(of=Position), "its normal state, open or closed", needed=True),
            _field("during", Choice(of=Position), "its state during the outage, open or closed", needed=True),
        )
    ),
)

REQUEST = Record(
    fields=(
        _field("external_id", Text(most=100), "your own reference; used again, it is the same request", needed=True),
        _field("organisation", Text(most=100), "the organisation that asks", needed=True),
        _field("category", Choice(of=Category), "transmission or generation", needed=True),
        _field("kind", Choice(of=Kind), "how the outage came to be asked for", needed=True),
        _field("nature", Choice(of=Nature), "the code of the nature of the work", needed=True),
        _field("assets", Many(of=ASSET, least=1, most=200), 'the elements to take out, as ["branch:12"]', needed=True),
        _field("window", Span(), "the preferred start and end; forced: actual start and expected return", needed=True),
        _field("zone", ZoneName(), "the zone of local times in this document that carry no offset"),
        _field("earliest_start", Instant(), "the earliest start you accept"),
        _field("latest_end", Instant(), "the latest end you accept"),
        _field("blackout", Many(of=Span()), "spans in which the work cannot be done"),
        _field("recall_h", Number(most=YEAR_H), "hours to give the equipment back when asked"),
        _field("emergency_return_h", Number(most=YEAR_H), "hours to give it back in an emergency"),
        _field("derate_to_mw", Number(most=1e5), "what a derated unit can still give, MW"),
        _field("recurrence", RECURRENCE, "work that comes back each day"),
        _field("switch", SWITCH, "for a breaker or switch: its normal state and its state during the outage"),
        _field("group", Text(most=100), "a name shared by outages to be studied together"),
        _field("after", Many(of=Text(most=100), most=20), "your references of outages that must end before it begins"),
        _field("project", Text(most=200), "the project it belongs to"),
        _field("location", Text(most=500), "where the work is"),
        _field("description", Text(pattern=PROSE, most=4000, wants="text"), "what is done, for people"),
        _field("contacts", Many(of=CONTACT, most=20), "whom to call, at any hour"),
        _field("discovered_at", Instant(), "forced and emergency: when it was found"),
        _field("agreed_load_at_risk", YesNo(), "whether the owners of load at risk have been told and agree"),
        _field("designated_units", Many(of=ASSET, most=5), "opportunity: the units whose absence starts it"),
        _field(
            "assumed",
            Many(of=Text(pattern=r"[a-z_.]+", most=40, wants="the name of a field")),
            "written by MOMS: fields a forced report came without",
        ),
    )
)
NEEDED = frozenset(one.name for one in REQUEST.fields if one.needed)
NEEDED_WHEN_BROKEN = frozenset({"kind", "organisation", "assets"})
"""What a forced or emergency report must say; the rest is filled in and named (semantics 2.5)."""


def request_document(request: Request) -> dict[str, object]:
    """Give the published JSON document of a request: what it says, nothing that is absent."""
    whole = cast("dict[str, object]", plain(request))
    return {name: value for name, value in whole.items() if value is not None and value not in ([], "")}


def request_from(
    document: object, *, organisation: str | None = None, zone: str | None = None, now: datetime | None = None
) -> Request | list[Finding]:
    """Read a request, or give all that is wrong with the document.

    `organisation` and `zone` stand where the document says none; `now` is the start of a forced
    outage whose report names no time at all.
    """
    if isinstance(document, Mapping):
        given = {"organisation": organisation, "zone": zone} | {k: v for k, v in document.items() if v is not None}
        document = {name: value for name, value in given.items() if value is not None}
    notes = Notes()
    broken = isinstance(document, Mapping) and document.get("kind") in ("forced", "emergency")
    assumed: tuple[str, ...] = ()
    if isinstance(document, Mapping):
        if "zone" in document:
            quiet = Notes()
            known = ZoneName().read(document["zone"], at="zone", notes=quiet)
            notes.zone = None if known is BAD else known
        if broken:
            document, assumed = _filled(document, now=now, zone=notes.zone)
    parts = REQUEST.read(document, at="", notes=notes, needed=(NEEDED_WHEN_BROKEN | {"window"}) if broken else NEEDED)
    if notes.found:
        return _once(notes.found)
    parts.pop("zone", None)
    parts["assumed"] = tuple(sorted({*parts.get("assumed", ()), *assumed})) if broken else ()
    return Request(**parts)


def _once(found: list[Finding]) -> list[Finding]:
    return list(dict.fromkeys(found))


def _filled(
    document: Mapping[str, object], *, now: datetime | None, zone: str | None
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Give a forced report with what it does not say filled in, and the names of what was."""
    whole = dict(document)
    assumed = []

    def assume(name: str, value: object) -> None:
        if value is not None:
            whole[name] = value
            assumed.append(name)

    assets = whole.get("assets")
    first = assets[0] if isinstance(assets, list) and assets else ""
    if "category" not in whole:
        assume("category", Category.GENERATION if str(first).startswith("gen:") else Category.TRANSMISSION)
    if "nature" not in whole:
        assume("nature", Nature.UNKNOWN)
    window = whole.get("window", {})
    if isinstance(window, Mapping):
        whole["window"], missing = _filled_window(window, found=whole.get("discovered_at"), now=now, zone=zone)
        assumed += missing
        if not whole["window"]:
            del whole["window"]
    if "external_id" not in whole:
        assume("external_id", f"report-{_fingerprint(document)}")
    return whole, tuple(assumed)


def _fingerprint(document: Mapping[str, object]) -> str:
    try:
        return digest(document)[:16]
    except (TypeError, ValueError, UnicodeEncodeError):  # not JSON: the reading that follows says what is wrong
        return "unreadable"


def _filled_window(
    window: Mapping[str, object], *, found: object, now: datetime | None, zone: str | None
) -> tuple[dict[str, object], list[str]]:
    whole = {name: value for name, value in window.items() if value is not None}
    assumed = []
    if "start" not in whole and (found is not None or now is not None):
        whole["start"] = found if found is not None else str(plain(now))
        assumed.append("window.start")
    if "end" not in whole and "start" in whole:
        start = Instant().read(whole["start"], at="window.start", notes=Notes(zone=zone))
        if start is not BAD:
            whole["end"] = str(plain(start + ASSUMED_RETURN))
            assumed.append("window.end")
    return whole, assumed


def request_schema() -> dict[str, object]:
    """Give the published JSON Schema (2020-12) of a request document."""
    schema = REQUEST.schema()
    del schema["required"]
    broken = {"properties": {"kind": {"enum": [Kind.FORCED.value, Kind.EMERGENCY.value]}}, "required": ["kind"]}
    loose = {name: {"type": "null"} for name in sorted(NEEDED - NEEDED_WHEN_BROKEN)}
    properties = cast("dict[str, dict[str, object]]", schema["properties"])
    for name in loose:
        inner = {key: part for key, part in properties[name].items() if key != "description"}
        says = properties[name]["description"]
        properties[name] = {"description": says, "anyOf": [_loosened(name, inner), {"type": "null"}]}
    strict: dict[str, dict[str, object]] = {name: {"not": {"type": "null"}} for name in loose}
    strict["window"] = {
        "not": {"type": "null"},
        "required": ["start", "end"],
        "properties": {n: {"not": {"type": "null"}} for n in ("start", "end")},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "MOMS outage request",
        "description": (
            "One outage request. Instants carry an offset, or hang in a zone of the document or their own. "
            "What no schema can say (an end before its start, a local time that never comes) is refused too."
        ),
        **schema,
        "required": sorted(NEEDED_WHEN_BROKEN),
        "if": broken,
        "else": {"required": sorted(NEEDED), "properties": strict},
    }


def _loosened(name: str, schema: dict[str, object]) -> dict[str, object]:
    if name != "window":
        return schema
    parts = cast("dict[str, object]", schema["properties"])
    loose = {key: {"anyOf": [part, {"type": "null"}]} for key, part in parts.items()}
    return {key: part for key, part in schema.items() if key != "required"} | {"properties": loose}


def to_document(outage: Outage) -> dict[str, object]:
    """Give the JSON document of an outage: every field, absent ones null, instants in UTC."""
    whole = cast("dict[str, object]", plain(outage))
    wish = cast("dict[str, object]", whole["wish"]) if outage.wish else None
    if wish is not None and outage.wish is not None:
        wish["request"] = request_document(outage.wish.request)
    return whole | {"request": request_document(outage.request), "wish": wish}


class NotAnOutage(ValueError):  # noqa: N818 - named for the fact
    """A stored document that no outage can have written: the store is damaged or of another version."""


def from_document(document: Mapping[str, Any]) -> Outage:
    """Give the outage that `to_document` wrote.

    Raises:
        NotAnOutage: it did not write this.
    """
    request = _request(document["request"], outage_id=document.get("id"))
    known = {one.name for one in fields(Outage)}
    strangers = sorted(set(document) - known)
    if strangers:
        raise NotAnOutage(f"outage {document.get('id')} has fields of another version: {', '.join(strangers)}")
    return Outage(**{**document, **_read_back(document), "request": request})


def _request(document: object, *, outage_id: object) -> Request:
    request = request_from(document)
    if not isinstance(request, Request):
        raise NotAnOutage(f"outage {outage_id}: {request[0].says}")
    return request


def _wish(document: Mapping[str, Any]) -> Wish | None:
    parts = document.get("wish")
    if parts is None:
        return None
    return Wish(
        request=_request(parts["request"], outage_id=document.get("id")),
        stamp=parse_instant(parts["stamp"]),
        added=_added(parts["added"]),
        stamped_h=parts["stamped_h"],
    )


def _added(parts: Iterable[Mapping[str, Any]]) -> tuple[Added, ...]:
    return tuple(Added(window=_window(one["window"]), stamp=parse_instant(one["stamp"])) for one in parts)


def _read_back(document: Mapping[str, Any]) -> dict[str, Any]:
    instants = {name: _instant(document.get(name)) for name in ("stamp", "filed_at", "actual_start", "actual_end")}
    return {
        **instants,
        "state": State(document["state"]),
        "status": Status(document["status"]),
        "granted": Status(document["granted"]) if document.get("granted") else None,
        "window": _window(document["window"]),
        "conditions": tuple(document.get("conditions", ())),
        "findings": tuple(Finding(**{**one, "level": Level(one["level"])}) for one in document.get("findings", ())),
        "added": _added(document.get("added", ())),
        "wish": _wish(document),
    }


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)


def _window(parts: Mapping[str, str]) -> Window:
    return Window(start=parse_instant(parts["start"]), end=parse_instant(parts["end"]))
