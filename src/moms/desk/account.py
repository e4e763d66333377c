"""What a person does with its own account: another password, a first one by invitation, its sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk.passkeys import MARK, PasskeyNeeded, by_passkey
from moms.desk.people import (
    ABSOLUTE,
    NotSignedIn,
    Who,
    a_credential,
    check_password,
    end_all,
    ended,
    event,
    hash_of,
    known,
)
from moms.values import SYSTEM, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from moms.desk.people import Credential, Hasher, Register
    from moms.values import Actor

INVITED = timedelta(hours=24)
OTHERS = "others"


class NoSuchSession(Refused):
    """This person has no session of that id."""


class WrongPassword(Refused):
    """The password that was given is not the one that holds."""


def change_password(
    *, register: Register, hasher: Hasher, now: datetime, who: Who, old: str, password: str, secret: str
) -> Who:
    """Give oneself another password; every session and token ends, and a fresh session begins.

    Raises:
        NotSignedIn: no session asks. WrongPassword. NotAPerson: the new one cannot be.
        PasskeyNeeded: there is a passkey, and this session did not begin by it.
    """
    _check_session(who)
    name = who.actor.name
    with register.as_(SYSTEM) as page:
        person, guarded = known(page, name), bool(page.passkeys(name))
    if guarded and not by_passkey(who):
        fix = "sign in with your passkey, then change the password"
        raise PasskeyNeeded("who has a passkey changes its password by it", field="session", fix=fix)
    if not hasher.verify(person.password, old):
        raise WrongPassword("this is not your password", field="old", fix="give the one by which you sign in now")
    check_password(password, name=name, organisation=person.organisation)
    kept = hasher.hash(password)
    with register.as_(SYSTEM) as page:
        if known(page, name) != person:  # disabled or given another password while the hash was made
            raise NotSignedIn("this session does not hold", fix="sign in again")
        page.revise(replace(person, password=kept), event("person.password", name, actor=who.actor, now=now))
        end_all(page, name, actor=who.actor, now=now)
        session = replace(
            a_credential("session", person, secret=secret, now=now, lasts=ABSOLUTE), made_at=who.credential.made_at
        )
        page.keep(session, event("session.begin", name, actor=who.actor, now=now, session=session.id))
    return Who(actor=who.actor, credential=session)


def invite(*, register: Register, actor: Actor, now: datetime, name: str, code: str) -> Credential:
    """Enter a code by which a person sets its own password, once and soon; an earlier code ends.

    Raises:
        NoSuchPerson: nobody of that name. NotSignedIn: who was disabled is not invited.
    """
    with register.as_(actor) as page:
        person = known(page, name)
        if person.disabled:
            raise NotSignedIn(f"{name!r} is disabled", field="name", fix="invite somebody who may act")
        for old in page.open(name):
            if old.kind == "invitation":
                page.end(old, ended(old, verb="invitation.end", actor=actor, now=now))
        found = a_credential("invitation", person, secret=code, now=now, lasts=INVITED)
        page.keep(found, event("invitation.make", name, actor=actor, now=now, invitation=found.id))
    return found


def accept_invitation(*, register: Register, hasher: Hasher, now: datetime, code: str, password: str) -> None:
    """Set a person's password with the code it was given; the code is used up, and every session ends.

    Passkeys stay: a code replaces a password and nothing more.

    Raises:
        NotSignedIn: no such code, or not any more. NotAPerson: the password cannot be; the code still holds.
    """
    with register.as_(SYSTEM) as page:
        found = page.credential(hash_of(code))
        person = page.person(found.person) if found is not None else None
    if found is None or person is None or person.disabled or found.kind != "invitation" or not found.holds(now):
        raise _no_code()
    check_password(password, name=person.name, organisation=person.organisation)
    kept = hasher.hash(password)
    with register.as_(SYSTEM) as page:
        held, there = page.hold(person.name), page.credential(found.hash)
        if held != person or there is None or there.ended:  # used or taken back while the hash was made
            raise _no_code()
        page.revise(replace(person, password=kept), event("person.password", person.name, actor=person.actor, now=now))
        end_all(page, person.name, actor=person.actor, now=now)


def own_sessions(*, register: Register, now: datetime, who: Who) -> list[dict[str, object]]:
    """Give the sessions of who asks that hold, oldest first.

    Raises:
        NotSignedIn: no session asks.
    """
    _check_session(who)
    with register.as_(SYSTEM) as page:
        found = [s for s in page.open(who.actor.name) if s.kind == "session" and s.holds(now)]
    return [
        {"id": s.id, "made_at": s.made_at, "seen_at": s.seen_at, "by": _by(s), "here": s.hash == who.credential.hash}
        for s in sorted(found, key=lambda s: (s.made_at, s.hash))
    ]


def end_sessions(*, register: Register, now: datetime, who: Who, which: str) -> None:
    """End one of one's own sessions by its id, or all but the one that asks.

    Raises:
        NotSignedIn: no session asks. NoSuchSession: none of that id.
    """
    _check_session(who)
    with register.as_(SYSTEM) as page:
        known(page, who.actor.name)
        mine = [s for s in page.open(who.actor.name) if s.kind == "session"]
        others = which == OTHERS
        found = [s for s in mine if (s.hash != who.credential.hash if others else s.id == which)]
        if not found and not others:
            raise NoSuchSession("you have no such session", field="session", fix="list yours")
        for session in found:
            page.end(session, ended(session, verb="session.end", actor=who.actor, now=now))


def _by(session: Credential) -> str:
    if not session.label:
        return "password"
    return "passkey" if session.label.startswith(MARK) else "provider"


def _check_session(who: Who) -> None:
    if who.credential.kind != "session":
        raise NotSignedIn(f"a {who.credential.kind} has no account", fix="sign in as a person: PUT /api/v1/session")


def _no_code() -> NotSignedIn:
    return NotSignedIn("this code does not hold", fix="ask the administrator for another: moms user invite")
