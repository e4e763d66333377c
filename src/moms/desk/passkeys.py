"""Passkeys: a person adds its own, signs in by one, and decides by nothing less once it has one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.desk.people import (
    ABSOLUTE,
    NotSignedIn,
    Passkey,
    Who,
    a_credential,
    begin_session,
    ended,
    event,
    hash_of,
    known,
)
from moms.values import SYSTEM, Refused, digest

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from moms.desk.people import Person, Register, RegisterPage
    from moms.values import Actor

MOST = 10
LONGEST_LABEL = 60
MARK = "passkey "
"""How the label of a session begins that a passkey began."""


class NotAPasskey(Refused):
    """What was sent is no passkey that can be entered or used."""


class NoSuchPasskey(Refused):
    """This person has no passkey of that id."""


class TooManyPasskeys(Refused):
    """A person with as many passkeys as one may have."""


class PasskeyNeeded(Refused):
    """A deed for which this person's session has to have begun by a passkey, and has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new passkey, after all that the authenticator said of it was checked."""

    id: str
    public_key: str
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a passkey signed, after all of it was checked."""

    id: str
    counter: int
    challenge: bytes
    """What it was asked to sign: it begins one session at most."""


def handle_of(person: Person) -> bytes:
    """Give what an authenticator knows a person by: it tells nothing of the person."""
    return bytes.fromhex(digest(("passkey", person.name, person.organisation, person.made_at)))


def by_passkey(who: Who) -> bool:
    """Tell whether a passkey began this session."""
    return who.credential.kind == "session" and who.credential.label.startswith(MARK)


def own(*, register: Register, who: Who) -> tuple[Person, tuple[Passkey, ...]]:
    """Give who asks, and its passkeys.

    Raises:
        NotSignedIn: no session asks: passkeys are for persons.
    """
    _check_session(who)
    with register.as_(SYSTEM) as page:
        return known(page, who.actor.name), tuple(page.passkeys(who.actor.name))


def check_may_change(*, register: Register, who: Who, now: datetime, within: timedelta) -> None:
    """See that a session may change the passkeys of its person.

    Raises:
        NotSignedIn, ProofTooOld. PasskeyNeeded: there is one already, and this session did not begin by it.
    """
    _check_session(who)
    who.prove(now=now, within=within)
    if not by_passkey(who) and own(register=register, who=who)[1]:
        raise _needed("who has a passkey changes its passkeys by one of them")


def check_decides(*, register: Register, who: Who, required: bool) -> None:
    """See that who has a passkey decides by it, and that everybody has one where the installation requires it.

    A token or certificate proves by its scope, and a provider's word by the provider.

    Raises:
        PasskeyNeeded: it has to, and did not.
    """
    if who.credential.kind != "session" or who.credential.label:
        return
    has = own(register=register, who=who)[1]
    if has or required:
        raise _needed("a decision needs your passkey" if has else "a decision here needs a passkey: add one first")


def add(*, register: Register, who: Who, now: datetime, made: Made, label: str) -> Passkey:
    """Enter a passkey of who asks; entered again it is there once.

    Raises:
        NotAPasskey: of somebody else, ended, or a label that cannot be. TooManyPasskeys.
    """
    if not 0 < len(label.strip()) <= LONGEST_LABEL or not label.isprintable():
        raise NotAPasskey("this is no name of a passkey", field="label", fix=f"give 1 to {LONGEST_LABEL} characters")
    name = who.actor.name
    with register.as_(SYSTEM) as page:
        person = known(page, name)
        there = page.passkey(made.id)
        if there is not None:
            if there.ended or there.person != name:
                raise NotAPasskey("this passkey was entered before", field="credential", fix="make another")
            return there
        if len(page.passkeys(name)) >= MOST:
            raise TooManyPasskeys(f"{name} has {MOST} passkeys", field="passkeys", fix="remove one first")
        found = Passkey(
            id=made.id, person=name, organisation=person.organisation, label=label.strip(), public_key=made.public_key,
            counter=made.counter, made_at=now, seen_at=now,
        )  # fmt: skip
        page.keep_passkey(found, event("passkey.add", name, actor=who.actor, now=now, passkey=found.id, label=label))
    return found


def remove(*, register: Register, who: Who, now: datetime, passkey_id: str) -> None:
    """End a passkey of who asks, and every other session that it began.

    Raises:
        NoSuchPasskey: none of that id.
    """
    name = who.actor.name
    with register.as_(SYSTEM) as page:
        known(page, name)  # held, so that no session begins by it meanwhile
        found = [one for one in page.passkeys(name) if one.id == passkey_id]
        if not found:
            raise NoSuchPasskey("you have no such passkey", field="passkey", fix="list yours")
        _end(page, found[0], actor=who.actor, now=now)
        for session in page.open(name):
            if session.label.startswith(_label(found[0], "")) and session.hash != who.credential.hash:
                page.end(session, ended(session, verb="session.end", actor=who.actor, now=now))


def forget(*, register: Register, actor: Actor, now: datetime, name: str) -> int:
    """End all passkeys of a person who has lost them, and all its sessions; give how many.

    The administrator's way: whoever asks for it has to be known to be that person by other means.

    Raises:
        NoSuchPerson: nobody has this name.
    """
    with register.as_(actor) as page:
        known(page, name)
        found = page.passkeys(name)
        for one in found:
            _end(page, one, actor=actor, now=now)
        for session in page.open(name):
            if session.kind == "session":
                page.end(session, ended(session, verb="session.end", actor=actor, now=now))
    return len(found)


def public_key_of(*, register: Register, passkey_id: str) -> tuple[Passkey, Person]:
    """Give a passkey that somebody shows, and whose it is.

    Raises:
        NotSignedIn: none of that id, ended, or of somebody who may not act; the sentence never says which.
    """
    with register.as_(SYSTEM) as page:
        found = page.passkey(passkey_id)
        person = page.person(found.person) if found is not None else None
    if found is None or found.ended or person is None or person.disabled:
        raise not_right()
    return found, person


def sign_in_by_passkey(*, register: Register, now: datetime, signed: Signed, secret: str, old: str | None) -> Who:
    """Begin a session by what a passkey signed; the one that was shown, if any, ends.

    Raises:
        NotSignedIn: the passkey ended meanwhile, its counter did not rise, or this was used before.
    """
    with register.as_(SYSTEM) as page:
        seen = page.passkey(signed.id)
        person = page.hold(seen.person) if seen is not None else None
        found = page.passkey(signed.id)  # read again: used or ended while we waited?
        if found is None or found.ended or person is None or person.disabled:
            raise not_right()
        if (signed.counter or found.counter) and signed.counter <= found.counter:
            raise not_right()  # a copy of it may be at work
        label = _label(found, hash_of(signed.challenge.hex())[:32])
        if page.began_by(label):
            raise not_right()
        page.passkey_used(replace(found, counter=signed.counter, seen_at=now))
        session = a_credential("session", person, secret=secret, now=now, lasts=ABSOLUTE, label=label)
        begin_session(page, session, actor=person.actor, now=now, old=old, passkey=found.id)
    return Who(actor=person.actor, credential=session)


def passkey_document(passkey: Passkey) -> dict[str, object]:
    """Write a passkey for its person."""
    return {"id": passkey.id, "label": passkey.label, "made_at": passkey.made_at, "seen_at": passkey.seen_at}


def not_right() -> NotSignedIn:
    """Say that a passkey does not hold, and never why."""
    return NotSignedIn("this passkey does not hold here", fix="try again, or ask an administrator")


def _end(page: RegisterPage, passkey: Passkey, *, actor: Actor, now: datetime) -> None:
    page.end_passkey(passkey, event("passkey.end", passkey.person, actor=actor, now=now, passkey=passkey.id))


def _label(passkey: Passkey, challenge: str) -> str:
    return f"{MARK}{digest(passkey.id)[:16]} {challenge}"


def _check_session(who: Who) -> None:
    if who.credential.kind != "session":
        raise NotSignedIn(f"a {who.credential.kind} has no passkeys", fix="sign in as a person: PUT /api/v1/session")


def _needed(says: str) -> PasskeyNeeded:
    fix = "sign in with your passkey (PUT /api/v1/session/passkey), then send the same request with the same key"
    return PasskeyNeeded(says, field="session", fix=fix)
