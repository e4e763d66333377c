"""Keep a what-if with its outage: whole in the operator's journal, with a line in the journal of the outage.

What is kept is what MOMS finds when it is attached: the study is made again, and only if it comes out under the
name that the person saw is it written. The outage and its decision stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.desk.answer import Answer
from moms.desk.ports import Event, StaleRevision
from moms.desk.what_if import may_ask, what_if
from moms.desk.what_if_document import study_document
from moms.outages.guards import ReasonMissing
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.desk.supposed import Supposed
    from moms.desk.what_if import WhatIf
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.values import Actor

VERB = "attach_study"


class FoundOtherwise(Refused):
    """The study comes out differently now: something it rests on has changed since it was looked at."""


class NoSuchStudy(Refused):
    """No study of that name is attached to the outage."""


def attach(
    *,
    book: Book,
    world: World,
    actor: Actor,
    now: datetime,
    outage_id: str,
    supposed: Supposed,
    study: str,
    reason: str,
    revision: int | None = None,
) -> Answer:
    """Attach a study to its outage, for a reason; attached again it is there once.

    Raises:
        NotYours, NoSuchOutage, and what `what_if` refuses. ReasonMissing: no reason.
        FoundOtherwise: it comes out under another name now.
        StaleRevision: the outage is not at `revision` when it is written.
    """
    may_ask(actor)
    if not reason.strip():
        raise ReasonMissing("no reason is given for attaching the study", field="reason", fix="say why, for the record")
    found = what_if(book=book, world=world, actor=actor, now=now, supposed=supposed, outage=outage_id)
    if found.id != study:
        says = f"the study comes out as {found.id} now, not as {study}: what it rests on has changed"
        raise FoundOtherwise(says, field="study", fix="run it again and look at what differs")
    with book.as_(actor) as page:
        page.hold(page.version())
        outage = page.outage(outage_id)
        if revision is not None and outage.revision != revision:
            says = f"{outage_id} is at revision {outage.revision}, not {revision}"
            raise StaleRevision(says, field="If-Match", fix="read it again")
        again = any(row["id"] == study for row in attached(page, outage_id))
        if not again:
            _write(page, world, outage, found, actor=actor, now=now, reason=reason)
    says = f"study {study} is attached" + (" already" if again else "")
    return Answer(outage=outage, written=not again, again=again, says=says)


def _write(
    page: Page, world: World, outage: Outage, found: WhatIf, *, actor: Actor, now: datetime, reason: str
) -> None:
    kept = {"study": study_document(found), "by": str(actor), "at": now, "reason": reason}
    page.enter(_register(outage.id), kept)
    page.note(
        Event(at=now, actor=actor, verb=VERB, outage_id=outage.id, reason=f"study {found.id}: {reason}",
              rule_book=world.rules.name, before=None,
              after={"state": str(outage.state), "status": str(outage.status), "study": found.id})
    )  # fmt: skip


def attached(page: Page, outage_id: str) -> Sequence[dict[str, object]]:
    """Give the studies attached to an outage in few words, oldest first; none to an actor who may not see them."""
    rows = []
    for entry in page.entries(_register(outage_id)):
        study: dict[str, object] = entry["study"]  # type: ignore[assignment]  # as `_write` enters it
        rows.append({"id": study["id"], "by": entry["by"], "at": entry["at"], "reason": entry["reason"],
                     "outcome": study["outcome"], "supposed": study["supposed"],
                     "pairs_found": study["pairs_found"]})  # fmt: skip
    return rows


def attached_study(page: Page, outage_id: str, study: str) -> dict[str, object]:
    """Give one attached study whole.

    Raises:
        NoSuchStudy: none of that name, or not this actor's to see.
    """
    for entry in page.entries(_register(outage_id)):
        found: dict[str, object] = entry["study"]  # type: ignore[assignment]  # as `_write` enters it
        if found["id"] == study:
            return found
    raise NoSuchStudy(f"no study {study} is attached to {outage_id}", field="study", fix="list those that are")


def _register(outage_id: str) -> str:
    """Name the operator's register of an outage's studies."""
    return f"studies:{outage_id}"


__all__ = ["VERB", "FoundOtherwise", "NoSuchStudy", "attach", "attached", "attached_study"]
