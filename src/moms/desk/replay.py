"""A decision computed again, from what it rested on: for whoever has to trust it without having made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.decide import Verdict
from moms.desk.ports import NotYours
from moms.desk.supposed import Supposed
from moms.desk.what_if import NothingDecided, what_if_as
from moms.values import SYSTEM

if TYPE_CHECKING:
    from datetime import datetime

    from moms.desk.ports import Book
    from moms.desk.what_if import Against, WhatIf
    from moms.desk.world import World
    from moms.values import Actor


IN_NOBODYS_WAY = frozenset({Verdict.PASS.value, Verdict.NOT_REQUIRED.value})


def replay(*, book: Book, world: World, actor: Actor, now: datetime, outage_id: str) -> dict[str, object]:
    """Study an outage again on the book and at the instant of its decision, and say whether it comes out the same.

    Nothing is written. Studies are compared by their digests, rules by their verdicts, the answer by its outcome; other
    windows are not looked for again. A rule that is asked since, and stands against nothing, is named and makes it no
    other.

    Raises:
        NotYours: not the operator's people. NoSuchOutage. NothingDecided: MOMS has decided nothing.
    """
    if not actor.sees_all:
        fix = "hold the fingerprint of its inputs against the record that an auditor opens"
        raise NotYours("a replay shows what others take out", field="role", fix=fix)
    with book.as_(actor) as page:
        page.outage(outage_id)
    found = what_if_as(book=book, world=world, now=now, supposed=Supposed(as_decided=True), outage=outage_id)
    against = found.against
    if against is None:
        raise NothingDecided(f"MOMS has not decided {outage_id}", field="outage", fix="read who settled it")
    with book.as_(SYSTEM) as page:
        record: dict[str, Any] = page.decision(against.decision)
    since, other = _other_rules(record, found)
    studied = record["evidence"]["security"] is not None
    return {
        "decision": against.decision, "outcome_then": against.outcome, "outcome_now": found.outcome,
        "same": against.outcome == found.outcome and not other and (against.same or not studied),
        "studied": studied, "studies_same": against.same, "rules_otherwise": other, "rules_since": since,
        "says": _says(against, studied=studied, other=other, since=since), "at": found.now, "study": found.id,
        "versions": dict(found.versions),
    }  # fmt: skip


def _other_rules(record: dict[str, Any], found: WhatIf) -> tuple[list[str], list[str]]:
    """Give the rules that are asked since and stand against nothing, and those whose verdict is another now, by id."""
    then = {(r["rule"], r["verdict"]) for r in record["rules"]}
    now = {(c.rule, str(c.verdict)) for c in found.checks}
    fresh = {rule for rule, _ in now} - {rule for rule, _ in then}
    since = {rule for rule, verdict in now if rule in fresh and verdict in IN_NOBODYS_WAY}
    since -= {rule for rule, verdict in now if verdict not in IN_NOBODYS_WAY}
    return sorted(since), sorted({rule for rule, _ in then ^ now} - since)


def _says(against: Against, *, studied: bool, other: list[str], since: list[str]) -> str:
    rules = f"; these rules come out otherwise: {', '.join(other)}" if other else ""
    rules += f"; asked since then, and nothing against it: {', '.join(since)}" if since else ""
    return f"{against.says if studied else 'the decision rests on rules alone, nothing was studied'}{rules}"
