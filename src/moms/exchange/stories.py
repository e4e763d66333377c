"""The packaged stories: four requests, fixed, and what each is there to show."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from moms.outages.document import request_from
from moms.values import Refused

if TYPE_CHECKING:
    from moms.outages import Request


class NotAStory(Refused):
    """A packaged story that cannot be read: a fault of the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One request and what it is there to show. Everything said about the answer is computed."""

    name: str
    title: str
    shows: str
    """What kind of answer it leads to; the test compares, and says what the engine found instead."""
    requester: str
    request: Request
    leads_to: dict[str, object]
    """outcome, and what else must be in the record."""


def bundled_stories() -> tuple[Story, ...]:
    """Give the stories in order.

    Raises:
        NotAStory: one cannot be read.
    """
    folder = resources.files("moms.data") / "stories"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    return tuple(_story(f.name.removesuffix(".json"), json.loads(f.read_text(encoding="utf-8"))) for f in files)


def _story(name: str, document: dict[str, object]) -> Story:
    request = request_from(document["request"])
    if isinstance(request, list):
        raise NotAStory(f"{name}: {request[0].says}", field=request[0].field, fix=request[0].fix)
    leads = document["leads_to"]
    return Story(
        name=name,
        title=str(document["title"]),
        shows=str(document["shows"]),
        requester=str(document["requester"]),
        request=request,
        leads_to=dict(leads) if isinstance(leads, dict) else {},
    )
