"""Values to start from, for tests of the ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from moms.outages import Category, Contact, Kind, Nature, Outage, Request, State, Status
from moms.values import Actor, Role, Window

NOW = datetime(2027, 1, 4, 15, tzinfo=UTC)
ANN = Actor(name="ann", organisation="Prairie Wires", role=Role.OWNER)
BOB = Actor(name="bob", organisation="operator", role=Role.ENGINEER)
CAL = Actor(name="cal", organisation="operator", role=Role.CONTROL_ROOM)
DEE = Actor(name="dee", organisation="River Power", role=Role.OWNER)
MOMS = Actor(name="moms", organisation="operator", role=Role.SYSTEM)
PHONE = Contact(name="Duty desk", phone="+1 317 555 0100")


def at(text: str) -> datetime:
    """Give an instant written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_window(start: str = "2027-03-01T13:00", *, hours: float = 48) -> Window:
    """Give a window of some hours."""
    return Window(start=at(start), end=at(start) + timedelta(hours=hours))


def a_request(**changes: Any) -> Request:
    """Give a transmission request that every entry rule likes, with changes."""
    fine = Request(
        external_id="PW-2027-017",
        organisation="Prairie Wires",
        category=Category.TRANSMISSION,
        kind=Kind.PLANNED,
        nature=Nature.LINE_MAINTENANCE,
        assets=("branch:1",),
        window=a_window(),
        recall_h=8.0,
        emergency_return_h=4.0,
        description="Replace insulators",
        contacts=(PHONE,),
    )
    return replace(fine, **changes)


def a_unit_request(**changes: Any) -> Request:
    """Give a generation request that every entry rule likes, with changes."""
    return a_request(
        **{
            "external_id": "RP-2027-003",
            "organisation": "River Power",
            "category": Category.GENERATION,
            "nature": Nature.OVERHAUL,
            "assets": ("gen:1",),
            "window": a_window("2027-09-06T05:00", hours=240),
        }
        | changes
    )


def an_outage(**changes: Any) -> Outage:
    """Give a submitted outage, with changes."""
    request = changes.pop("request", a_request())
    fine = Outage(
        id="O-1",
        request=request,
        state=State.SUBMITTED,
        status=Status.NONE,
        window=request.window,
        stamp=NOW,
        filed_at=NOW,
        requester="ann" if request.organisation == "Prairie Wires" else "dee",
    )
    return replace(fine, **changes)
