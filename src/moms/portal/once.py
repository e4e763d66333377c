"""What is asked twice under one key is done once, and answered twice with the same bytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import Request, Response

from moms.desk.answer import answer_document
from moms.desk.keys import Early, KeptAnswer, LostClaim, principal_of
from moms.desk.passkeys import check_decides
from moms.desk.people import Scope
from moms.desk.ports import BookMoved, DatabaseAway, NotYours
from moms.portal.errors import (
    Busy,
    KeyMissing,
    KeyReused,
    RevisionMissing,
    StillAtWork,
    of_refusal,
)
from moms.portal.guard import need, service_of
from moms.portal.redact import shown
from moms.values import Refused, canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.desk.answer import Answer
    from moms.desk.keys import Claim
    from moms.desk.people import Who
    from moms.portal.guard import Service
    from moms.portal.lanes import Lane
    from moms.portal.needs import Desk
    from moms.values import Actor

PASSING = (BookMoved, Busy, DatabaseAway, LostClaim)
"""Refusals that say try again: keeping them would make the retry useless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An answer as it goes out and is kept."""

    status: int
    kind: str
    body: str
    headers: dict[str, str]

    def response(self, *, replayed: bool) -> Response:
        """Give it as a response."""
        more = {"Idempotency-Replayed": "true"} if replayed else {}
        return Response(self.body, self.status, {**self.headers, "Cache-Control": "no-store", **more}, self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a deed gives that is no answer to an outage: a document, with a revision of its own where it has one."""

    document: dict[str, object]
    revision: int | None = None
    status: int = 200


if TYPE_CHECKING:
    Deed = Answer | Told


async def once(
    request: Request,
    who: Who,
    *,
    key: str | None,
    deed: Callable[[Desk], Deed],
    expected: tuple[str, int] | None = None,
    preview: bool = False,
    scope: Scope = Scope.WRITE,
    decides: bool = False,
    lane: Lane | None = None,
) -> Response:
    """Do a deed at most once under the caller's key, on the lane of studies.

    A deed that takes no time names another `lane`. It has to give the same answer when it is done again: one that
    died is not finished with a study there, but done again.

    With `decides` it is a person's of the operator that makes an outage's answer: its token has to reach to that,
    its session to have begun lately.

    Raises:
        OutOfScope, ProofTooOld, PasskeyNeeded, KeyMissing, KeyReused, StillAtWork, Busy: and nothing was done.
    """
    await admitted(request, who, preview=preview, scope=scope, decides=decides)
    service = service_of(request)
    asked = asked_of(request, await request.body(), expected)
    word = named(key)
    actor, lease = who.actor, lease_of(service)

    def work() -> Response:
        there = service.needs.keys.claim(
            principal=principal_of(actor), key=word, organisation=actor.organisation, asked=asked, lease=lease
        )
        if isinstance(there, KeptAnswer):
            return replayed(there.asked, asked, there.answer)
        found = answered(service, there, deed, expected=expected, preview=preview, again=lane is not None)
        return found.response(replayed=False)

    return await (lane or service.study).run(work)


async def admitted(
    request: Request, who: Who, *, preview: bool = False, scope: Scope = Scope.WRITE, decides: bool = False
) -> None:
    """See that who asks may do deeds of this kind at all.

    Raises:
        OutOfScope, ProofTooOld, PasskeyNeeded, NotYours: not so, or not with this credential.
    """
    need(who, Scope.READ if preview else scope)
    if decides and not preview and who.actor.sees_all:
        need(who, Scope.SETTLE)
        await _prove(service_of(request), who)
    # Asked here too: some use cases write as MOMS itself, where the database would let them.
    if who.actor.looks_only and not preview:
        raise NotYours(f"{who.actor.role} may not write this", field="role", fix="act in a role that may")


async def _prove(service: Service, who: Who) -> None:
    """See that who decides has shown lately who it is, and by its passkey where it has one or needs one."""
    needs = service.needs
    who.prove(now=needs.clock(), within=timedelta(seconds=needs.limits.proof_s))
    await service.quick.run(lambda: check_decides(register=needs.register, who=who, required=needs.limits.passkeys))


def answered(
    service: Service,
    claim: Claim,
    deed: Callable[[Desk], Deed] | None,
    *,
    expected: tuple[str, int] | None = None,
    preview: bool = False,
    again: bool = False,
) -> Written:
    """Do a deed under its key and keep the answer; one that had begun to write before is finished instead.

    With `again` it may be done again whatever it had written: it then gives the same answer.

    Raises:
        LostClaim: this process was thought dead meanwhile, and somebody else goes on with it.
    """
    with service.at_work(claim):
        try:
            early = Early(written=lambda answer: kept_of(_written(answer, actor=claim.actor, desk=desk)))
            desk = service.needs.desk(claim.actor, expected=None if claim.marks else expected, claim=claim, early=early)
            begun = (claim.marks and not again) or deed is None
            written = done(
                lambda: desk.resume(claim.marks) if begun or deed is None else deed(desk),
                actor=claim.actor, desk=desk, preview=preview, count=service.measures.decided, early=early,
            )  # fmt: skip
            if not early.kept:
                service.needs.keys.keep(claim, answer=kept_of(written))
        except BaseException:
            with contextlib.suppress(Exception):  # what is broken lets go of nothing; the lease does, in time
                service.needs.keys.let_go(claim)
            raise
    return written


def kept_of(written: Written) -> dict[str, object]:
    """Give an answer as it is kept under its key."""
    return {"status": written.status, "kind": written.kind, "body": written.body, "headers": written.headers}


def lease_of(service: Service) -> timedelta:
    """Give how long a key is held without a sign of life."""
    return timedelta(seconds=service.needs.limits.lease_s)


def revision_of(outage_id: str, if_match: str | None) -> tuple[str, int]:
    """Read the revision that a change was made for.

    Raises:
        RevisionMissing: none is said, or no single one.
    """
    found = re.fullmatch(r'"(\d{1,9})"', if_match or "")
    if found is None:
        fix = 'send the ETag of the outage as you read it, If-Match: "3"'
        raise RevisionMissing("a change needs the revision it was made for", field="If-Match", fix=fix)
    return outage_id, int(found[1])


def etag(revision: object) -> str:
    """Write a revision as an entity tag."""
    return f'"{revision}"'


def done(
    deed: Callable[[], Deed], *, actor: Actor, desk: Desk, preview: bool, count: Callable[[str], None],
    early: Early | None = None,
) -> Written:  # fmt: skip
    """Do a deed and write its answer, or why it was refused.

    Raises:
        Refused: one of those that say try again.
    """
    try:
        answer = deed()
    except PASSING:
        raise
    except Refused as refusal:
        said = of_refusal(refusal)
        return Written(status=said.status_code, kind=str(said.media_type), body=bytes(said.body).decode(), headers={})
    if early is not None and early.kept and early.answer is not None:
        return Written(**early.answer)  # type: ignore[arg-type]  # as it was written
    if isinstance(answer, Told):
        body = canonical(shown(answer.document, actor=actor, desk=desk)).decode()
        headers = {} if answer.revision is None else {"ETag": etag(answer.revision)}
        return Written(status=answer.status, kind="application/json", body=body, headers=headers)
    if answer.written and not answer.again and not preview and answer.record is not None:
        count(str(answer.record["outcome"]))
    return _written(answer, actor=actor, desk=desk, preview=preview)


def _written(answer: Answer, *, actor: Actor, desk: Desk, preview: bool = False) -> Written:
    outage = answer.outage
    ours = outage is not None and outage.request.organisation == actor.organisation
    document = shown(answer_document(answer), actor=actor, desk=desk, own=outage.id if outage and ours else "")
    fresh = outage is not None and outage.revision and answer.written and not preview
    headers = {"ETag": etag(outage.revision)} if outage is not None and fresh else {}
    body = canonical(document).decode()
    if outage is not None and answer.left_to_worker:
        headers |= {"Location": f"/api/v1/outages/{outage.id}", "Preference-Applied": "respond-async"}
        return Written(status=202, kind="application/json", body=body, headers=headers)
    return Written(status=422 if answer.returned else 200, kind="application/json", body=body, headers=headers)


def asked_of(request: Request, body: bytes, expected: tuple[str, int] | None) -> str:
    """Give the fingerprint of what is asked."""
    what = f"{request.method} {request.url.path}?{request.url.query} {expected}\n".encode()
    return hashlib.sha256(what + body).hexdigest()


def named(key: str | None) -> str:
    """Give the key of a POST.

    Raises:
        KeyMissing: none, or one that cannot be.
    """
    if key is None or not re.fullmatch(r"[\x21-\x7e]{1,200}", key):
        fix = "send a fresh random one, up to 200 visible characters, and the same one when you try again"
        raise KeyMissing("a POST needs an Idempotency-Key", field="Idempotency-Key", fix=fix)
    return key


def replayed(before: str, asked: str, answer: dict[str, object] | None) -> Response:
    """Give again what was answered under a key.

    Raises:
        KeyReused: it was for another request. StillAtWork: there is no answer yet.
    """
    if before != asked:
        fix = "use a fresh key for another request"
        raise KeyReused("this key was used for another request", field="Idempotency-Key", fix=fix)
    if answer is None:
        raise StillAtWork("the same request is being answered now", field="Idempotency-Key", fix="ask again shortly")
    return Written(**json.loads(json.dumps(answer))).response(replayed=True)
