"""The interface as OpenAPI 3.1: what each answer is, how it refuses, and what it cannot be asked without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from moms import __version__
from moms.portal import documents as d

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import FastAPI
    from pydantic import BaseModel

PREFIX = "/api/v1"
SCHEMAS = "#/components/schemas"
JSON, PROBLEM = "application/json", "application/problem+json"
BYTES = {"schema": {"type": "string", "format": "binary"}}
WORDS = {"schema": {"type": "string"}}

ANSWERS: dict[str, type[BaseModel]] = {
    **dict.fromkeys(("whoAmI", "signIn", "changePassword", "signInFromElsewhere", "signInByPasskey"), d.SignedIn),
    "listSessions": d.Sessions, "signInElsewhere": d.Address, "listPasskeys": d.Passkeys, "addPasskey": d.PasskeyLine,
    "listOutages": d.OutagePage, "getOutage": d.WholeOutage,
    **dict.fromkeys(
        ("submit", "forced", "decide", "settle", "change", "take", "decline", "extend", "start", "end", "cancel",
         "recall", "attachStudy"), d.Answer,
    ),
    **dict.fromkeys(("submitMany", "cancelMany", "settleMany", "acknowledgeMany"), d.Bulk),
    "assets": d.EquipmentFound, "lifecycle": d.Lifecycle, "about": d.About,
    "journal": d.JournalPage, "journalState": d.JournalState,
    "attachFile": d.StoredFile, "listFiles": d.StoredFiles,
    **dict.fromkeys(("listNotices", "listOutgoing"), d.NoticePage),
    **dict.fromkeys(("acknowledge", "resend"), d.Notice),
    "listViews": d.SavedViews,
    "saveView": d.SavedView,
    "changeView": d.SavedView,
    "listSubscriptions": d.Subscriptions, "follow": d.Subscribed,
    "communication": d.Communication,
    "listOffers": d.Offers, **dict.fromkeys(("studyOffer", "makeOffer", "answerOffer"), d.Offer),
    "listSeasonPlans": d.SeasonPlans,
    **dict.fromkeys(
        ("getSeasonPlan", "startSeasonPlan", "stopSeasonPlan", "proposeSeasonPlan", "acceptSeasonPlan",
         "takeBackSeasonPlan"), d.SeasonPlanLine,
    ),
    **dict.fromkeys(("explainSeasonPlan", "compareSeasonPlans"), d.Document),
    "listChangeSets": d.ChangeSets,
    **dict.fromkeys(
        ("getChangeSet", "openChangeSet", "editChangeSet", "rebaseChangeSet", "abandonChangeSet"), d.ChangeSetLine
    ),
    **dict.fromkeys(("measures", "listStudies", "reportFromField"), d.Documents),
    **dict.fromkeys(
        ("askForPasskey", "askForNewPasskey", "oneLine", "replay", "timeline", "windows", "quickAnswer", "calendar",
         "margin", "postedMargin", "map", "mapOutages", "mapStorm", "rules", "whatIf", "getStudy", "plan",
         "diffChangeSet", "mergeChangeSet", "previewChangeSet", "studyChangeSet", "tryChangeSet", "known", "fieldDay",
         "seeFromField", "room", "takeAlarm", "shift", "giveShift", "takeShift", "demo", "demoClock", "demoNext",
         "demoReplay"), d.Document,
    ),
    "demoBecome": d.SignedIn,
}  # fmt: skip
"""What each operation answers with. One that is missing is a KeyError: no answer goes without a name."""
OTHERWISE: dict[str, dict[str, Any]] = {
    "recordPdf": {"application/pdf": BYTES},
    "getFile": {"application/octet-stream": BYTES},
    "exportJournal": {"text/csv": WORDS, "application/x-ndjson": WORDS},
    "events": {"text/event-stream": WORDS},
}
"""Answers that are no JSON."""
NEEDED: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[\\x21-\\x7e]+$"},
    "If-Match": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
}
"""Headers that FastAPI takes for optional, since what is said of a missing one is our own."""
REFUSED = {
    400: "it cannot be read, or has no key", 401: "nobody is signed in", 403: "one may not",
    404: "it is not there, or not one's own", 409: "not now", 412: "it has changed since it was read",
    422: "understood, and it cannot be done as asked", 428: "a change without the revision it was made for",
    429: "too often", 503: "too much waits, or something outside does not answer",
}  # fmt: skip
NAMED: dict[frozenset[str], str] = {
    frozenset({"at", "zone", "fold"}): "LocalTime",
    frozenset({"name", "phone", "email"}): "Contact",
    frozenset({"normal", "during"}): "SwitchStates",
    frozenset({"start", "end", "zone", "days"}): "Recurrence",
}
"""Objects within a request that have a name of their own, by what they hold."""


def describe(app: FastAPI, *, request_schema: Mapping[str, Any], cookie: str) -> dict[str, Any]:
    """Describe the interface, the request by its published schema."""
    found = get_openapi(title="MOMS", version=__version__, openapi_version="3.1.0", routes=app.routes)
    parts = found.setdefault("components", {}).setdefault("schemas", {})
    parts |= _models()
    parts["OutageRequest"] = _hoisted(
        {k: v for k, v in request_schema.items() if k not in {"$schema", "title"}}, parts, field=""
    )
    parts["Returned"] = {"anyOf": [_ref("Answer"), _ref("Problem")]}
    parts["NoneFiled"] = {"anyOf": [_ref("Bulk"), _ref("Problem")]}
    request = _ref("OutageRequest")
    found["paths"][f"{PREFIX}/outages"]["post"]["requestBody"]["content"][JSON]["schema"] = request
    parts["Change"]["properties"]["request"] = request
    parts["SubmitMany"]["properties"]["requests"]["items"] = request
    parts["Outage"]["properties"]["request"] = request
    for draft in ("WhatIf", "Previewed", "Studied"):
        parts[draft]["properties"]["request"] = {"anyOf": [request, {"type": "null"}]}
    for path, operation in _operations(found):
        _complete(operation, path)
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own; ours is a Problem
        parts.pop(name, None)
    found["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": cookie},
    }
    found["security"] = [{"token": []}, {"session": []}]
    return found


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"{SCHEMAS}/{name}"}


def _models() -> dict[str, Any]:
    models: set[type[BaseModel]] = {d.Problem, *ANSWERS.values()}
    wanted = [(one, "serialization") for one in sorted(models, key=lambda one: one.__name__)]
    _, schema = models_json_schema(wanted, ref_template=SCHEMAS + "/{model}")  # type: ignore[arg-type]  # a mode
    found: dict[str, Any] = schema["$defs"]
    return found


def _operations(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, ways in found["paths"].items():
        for operation in ways.values():
            yield path, operation


def _complete(operation: dict[str, Any], path: str) -> None:
    """Say of one operation what it answers with, how it refuses, and what it needs."""
    name, responses = operation["operationId"], operation["responses"]
    for done in {"200", "202"} & set(responses):
        content = OTHERWISE.get(name) or {JSON: {"schema": _ref(ANSWERS[name].__name__)}}
        responses[done]["content"] = content
    asked = operation.get("parameters", [])
    for one in asked:
        _parameter(one)
    for status in sorted(_refusals(path, {one["name"] for one in asked}, body="requestBody" in operation)):
        responses[str(status)] = {"description": REFUSED[status], "content": {PROBLEM: {"schema": _ref("Problem")}}}
    responses["default"] = {"description": "refused otherwise", "content": {PROBLEM: {"schema": _ref("Problem")}}}
    back = "NoneFiled" if name == "submitMany" else "Returned" if ANSWERS.get(name) is d.Answer else None
    if back is not None:  # a request goes back with all its findings as an answer
        both = {kind: {"schema": _ref(back)} for kind in (JSON, PROBLEM)}
        responses["422"] = {"description": "not as asked: `returned` says so, or why", "content": both}


def _parameter(one: dict[str, Any]) -> None:
    """Say what a parameter has to be; in a query or header nothing can be null: it is left out."""
    schema: dict[str, Any] = one["schema"]
    kinds: list[dict[str, Any]] = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        one["schema"] = {**{k: v for k, v in schema.items() if k not in {"anyOf", "title"}}, **kinds[0]}
    if one["in"] == "header" and one["name"] in NEEDED:
        one |= {"schema": {**NEEDED[one["name"]]}, "required": True}


def _refusals(path: str, asked: set[str], *, body: bool) -> set[int]:
    found = {401, 403, 422, 429, 503}
    if "{" in path:
        found |= {404, 409}
    if body or "Idempotency-Key" in asked or "cursor" in asked:
        found |= {400, 409}
    if "If-Match" in asked:
        found |= {412, 428}
    return found


def _hoisted(schema: Any, parts: dict[str, Any], *, field: str) -> Any:  # noqa: ANN401 - a JSON Schema, as deep as it is
    """Give the objects within a request names, so that a program has one kind for each and not one a place."""
    if isinstance(schema, list):
        return [_hoisted(one, parts, field=field) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "enum" in schema:
        return {"title": field.title().replace("_", ""), **schema}
    there = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(there, dict) or not field:
        return {
            key: {n: _hoisted(v, parts, field=n) for n, v in part.items()}
            if key == "properties"
            else _hoisted(part, parts, field=field)
            for key, part in schema.items()
        }
    name = NAMED.get(frozenset(there))
    if name is None:  # the two spans of a request: of what is asked either end may be open
        name = "AskedWindow" if field == "window" else "Span" + field.title().replace("_", "")
    inner = {n: _hoisted(v, parts, field=n) for n, v in there.items()}
    parts[name] = {**schema, "properties": inner}
    return _ref(name)
