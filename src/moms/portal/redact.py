"""What an owner is not shown of an answer: which outages of others it leaned on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.desk.ports import NoSuchOutage
from moms.records.notices import AN_ID, SEALED
from moms.values import digest, plain

if TYPE_CHECKING:
    from moms.portal.needs import Desk
    from moms.values import Actor


def shown(document: object, *, actor: Actor, desk: Desk, own: str = "") -> object:
    """Give a document as this caller may see it; the operator's people see all of it.

    The inputs of a decision list the whole book around it, a saved case what every unit was to give: an owner
    gets their fingerprint, so that it can be held against the record an auditor opens. Ids of outages that
    the caller may not see are sealed. `own` is the id of an outage known to be the caller's: nobody has to be asked.
    """
    whole = plain(document)
    if actor.sees_all:
        return whole
    return _sealed(_without_inputs(whole), desk, {own: True})


def _without_inputs(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: {"sealed": digest(part)} if _is_sealed(name, part, value) else _without_inputs(part)
            for name, part in value.items()
        }
    return [_without_inputs(part) for part in value] if isinstance(value, list) else value


def _is_sealed(name: str, part: object, beside: dict[str, object]) -> bool:
    of_record = name == "inputs" and "format" in beside
    return of_record or (name == "case" and isinstance(part, dict) and "gen.p_mw" in part)


def _sealed(value: object, desk: Desk, known: dict[str, bool]) -> object:
    if isinstance(value, str):
        return AN_ID.sub(lambda found: found[0] if _seen(found[0], desk, known) else SEALED, value)
    if isinstance(value, dict):
        return {name: _sealed(part, desk, known) for name, part in value.items()}
    return [_sealed(part, desk, known) for part in value] if isinstance(value, list) else value


def _seen(outage_id: str, desk: Desk, known: dict[str, bool]) -> bool:
    if outage_id not in known:
        try:
            desk.find(outage_id)
            known[outage_id] = True
        except NoSuchOutage:
            known[outage_id] = False
    return known[outage_id]
