"""What the database said no to, in the desk's words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from moms.desk.ports import BookMoved, EquipmentTaken, ForbiddenMove, NoSuchOutage, NotYours, StaleRevision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.outages import Outage
    from moms.values import Actor

FORBIDDEN = "42501"
RACES = {"40001": "serialisation", "40P01": "deadlock", "55P03": "lock wait"}


def refusal(why: DBAPIError, outage: Outage) -> Exception:
    """Say in the desk's words why the database refused, or give back what it said."""
    state = getattr(why.orig, "sqlstate", None)
    constraint = getattr(getattr(why.orig, "diag", None), "constraint_name", None)
    if constraint == "outage_equipment_one_at_a_time":
        return EquipmentTaken(
            f"other standing work has {', '.join(outage.request.assets)} within"
            f" {outage.window.start:%Y-%m-%dT%H:%MZ} to {outage.window.end:%Y-%m-%dT%H:%MZ}",
            field="window",
            fix="ask for another window, or wait until the other ends",
        )
    if constraint in {"outage_filed_once", "outage_pkey"}:
        return BookMoved(
            f"{outage.id} ({outage.request.external_id}) came into the book meanwhile", fix="read it again"
        )
    if state == "MS001":
        return ForbiddenMove(
            str(why.orig).splitlines()[0], field="state", fix="take the steps of the lifecycle in order"
        )
    if state == FORBIDDEN:
        return not_for(outage.request.organisation)
    return why


def not_for(organisation: str) -> NotYours:
    """Say that an actor may not write for an organisation."""
    says = f"this actor may not write for {organisation}"
    return NotYours(says, field="organisation", fix="act for that organisation")


@contextmanager
def said(actor: Actor) -> Iterator[None]:
    """Say in the desk's words that another transaction was in the way, or that this actor may not write."""
    try:
        yield
    except DBAPIError as why:
        state = getattr(why.orig, "sqlstate", None)
        if state == FORBIDDEN:
            raise looks_only(actor) from why
        if state in RACES:
            raise BookMoved("another change was being written at the same time", fix="read it again") from why
        raise


def stale(outage: Outage, stored: int) -> StaleRevision:
    """Say that an outage has gone on meanwhile."""
    return StaleRevision(
        f"{outage.id} is at revision {stored}, and this would be revision {outage.revision}",
        field="revision",
        fix="read it again",
    )


def looks_only(actor: Actor) -> NotYours:
    """Say that an actor may look and no more."""
    return NotYours(f"{actor} may not write this", field="actor", fix="act in a role that may")


def unknown(outage_id: str) -> NoSuchOutage:
    """Say that there is no such outage, or none that the actor may see."""
    return NoSuchOutage(f"there is no outage {outage_id!r}", field="outage", fix="list them with: moms list")
