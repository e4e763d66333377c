"""Who may act: persons, their passwords, sessions and tokens."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from moms.desk.ports import Event
from moms.values import SYSTEM, Actor, Refused, Role, digest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

OPERATOR = SYSTEM.organisation
OPERATORS_ROLES = frozenset({Role.ENGINEER, Role.CONTROL_ROOM, Role.PLANNER, Role.AUDITOR, Role.ADMINISTRATOR})
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
LONGEST_TOKEN_DAYS = 366
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
OWN_WORDS = ("moms", "outage", "management", "operator", "password", "passwort", "login", "admin", "welcome", "qwerty",
             "12345678", "1234", "abcd", "secret", "letmein")  # fmt: skip
"""What somebody who guesses tries first; the person's own name and organisation come to it."""
LEAST_LEFT, SHORTEST_WORD = 8, 3
"""Characters that a password has to have beside such words."""
SEEN_GRAIN = timedelta(minutes=1)
"""How stale the time of last use may get: not every read should cost a write."""
TOKEN_MARK = "moms_"  # noqa: S105 - a mark that lets scanners of repositories find a token, not a token


class NotAPerson(Refused):
    """A name, organisation, role or password that no person can have."""


class PersonExists(Refused):
    """Somebody has this name."""


class NoSuchPerson(Refused):
    """Nobody has this name."""


class NotSignedIn(Refused):
    """No session or token, or one that does not hold; the sentence never says why."""


class ProofTooOld(Refused):
    """A session whose person has not shown for a while who it is: enough for work, too old for a decision."""


class NotAToken(Refused):
    """A token that cannot be issued, or is not there."""


class Scope(StrEnum):
    """What a token may be used for; a session may do all that its person's role may."""

    READ = "read"
    WRITE = "write"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody, or a machine, who may sign in or hold tokens."""

    name: str
    organisation: str
    role: Role
    password: str | None
    """The argon2id hash; None for a machine."""
    disabled: bool = False
    made_at: datetime

    @property
    def actor(self) -> Actor:
        """The actor this person is to the desk."""
        return Actor(name=self.name, organisation=self.organisation, role=self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A session or a token; of its secret only the hash is kept. A certificate is looked at as one, and not kept."""

    hash: str
    kind: str
    """session, token or certificate."""
    person: str
    organisation: str
    label: str
    scopes: tuple[Scope, ...]
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    ended: bool = False

    @property
    def id(self) -> str:
        """A name to revoke it by, which is no help in guessing it."""
        return self.hash[:12]

    def holds(self, now: datetime) -> bool:
        """Tell whether it may still be used."""
        idle = self.kind == "session" and now - self.seen_at > IDLE
        return not self.ended and now < self.ends_at and not idle


class Kind(StrEnum):
    """By what somebody else vouches for a person."""

    PROVIDER = "provider"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What somebody else calls a person: a provider its subject, an authority the serial of its certificate.

    The administrator ties it to the person; nothing that the other says (a name, an address of mail) ever does.
    """

    kind: Kind
    issuer: str
    subject: str
    """The provider's subject, or the certificate's serial in hexadecimal."""
    print: str
    """The SHA-256 of the whole certificate; empty for a provider's subject."""
    person: str
    organisation: str
    scopes: tuple[Scope, ...]
    """What a certificate may be used for; a provider's word begins a session, which has none."""
    made_at: datetime
    ends_at: datetime | None
    """When the certificate lapses; None for a provider's subject."""
    ended: bool = False

    @property
    def id(self) -> str:
        """A name to revoke it by."""
        return digest((self.kind.value, self.issuer, self.subject, self.made_at))[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A key that a person's device or stick holds; of it the public half is kept."""

    id: str
    """As the authenticator names it, base64url."""
    person: str
    organisation: str
    label: str
    public_key: str
    """COSE, base64url."""
    counter: int
    """How often it signed, as it says; many always say 0."""
    made_at: datetime
    seen_at: datetime
    ended: bool = False


class Hasher(Protocol):
    """Makes passwords costly to guess."""

    def hash(self, password: str) -> str:
        """Give what to keep of a password."""
        ...

    def verify(self, kept: str | None, password: str) -> bool:
        """Tell whether it is that password; as slow for nobody's (None)."""
        ...


class RegisterPage(Protocol):
    """One transaction on the register of persons: each change goes with its line of the journal."""

    def person(self, name: str) -> Person | None:
        """Give a person, or None."""
        ...

    def hold(self, name: str) -> Person | None:
        """Give a person, or None; nobody changes it until the end."""
        ...

    def people(self) -> Sequence[Person]:
        """Give all, by name."""
        ...

    def add(self, person: Person, event: Event) -> None:
        """Enter a person."""
        ...

    def revise(self, person: Person, event: Event) -> None:
        """Write another password or whether disabled."""
        ...

    def credential(self, secret_hash: str) -> Credential | None:
        """Give a session or token by the hash of its secret, or None."""
        ...

    def standing(self, secret_hashes: Collection[str]) -> Sequence[Credential]:
        """Give those of these sessions and tokens that nobody has ended, of persons who are not disabled."""
        ...

    def credentials(self, *, kind: str) -> Sequence[Credential]:
        """Give all of a kind, by when they were made."""
        ...

    def open(self, person: str) -> Sequence[Credential]:
        """Give the sessions and tokens of a person that nobody has ended."""
        ...

    def keep(self, credential: Credential, event: Event) -> None:
        """Enter a session or token."""
        ...

    def end(self, credential: Credential, event: Event) -> None:
        """End a session or token; one that has ended stays as it is, and nothing is told."""
        ...

    def identity(self, kind: Kind, issuer: str, subject: str) -> Identity | None:
        """Give the newest identity of these words, ended or not, or None."""
        ...

    def enrolled(self, print_: str) -> Identity | None:
        """Give the certificate of this print, or None."""
        ...

    def identities(self) -> Sequence[Identity]:
        """Give all, by when they were made."""
        ...

    def tie(self, identity: Identity, event: Event) -> None:
        """Enter an identity."""
        ...

    def untie(self, identity: Identity, event: Event) -> None:
        """End an identity; one that has ended stays as it is, and nothing is told."""
        ...

    def began_by(self, label: str) -> bool:
        """Tell whether a session of this label ever began."""
        ...

    def seen(self, credential: Credential) -> None:
        """Write when it was last used: that alone is not told."""
        ...

    def passkey(self, passkey_id: str) -> Passkey | None:
        """Give a passkey, ended or not, or None."""
        ...

    def passkeys(self, person: str) -> Sequence[Passkey]:
        """Give the passkeys of a person that nobody has ended, oldest first."""
        ...

    def keep_passkey(self, passkey: Passkey, event: Event) -> None:
        """Enter a passkey."""
        ...

    def end_passkey(self, passkey: Passkey, event: Event) -> None:
        """End a passkey; one that has ended stays as it is, and nothing is told."""
        ...

    def passkey_used(self, passkey: Passkey) -> None:
        """Write how often and when it was last used: that alone is not told."""
        ...


class Register(Protocol):
    """The register of persons."""

    def as_(self, actor: Actor) -> AbstractContextManager[RegisterPage]:
        """Open one transaction as this actor."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who a session or token stands for, and what it may do."""

    actor: Actor
    credential: Credential

    def may(self, scope: Scope) -> bool:
        """Tell whether this credential reaches that far."""
        return self.credential.kind == "session" or scope in self.credential.scopes

    def prove(self, *, now: datetime, within: timedelta) -> None:
        """See that a session's person gave the password lately; a token proves by its scope what it is for.

        Raises:
            ProofTooOld: it is longer ago.
        """
        # A session begins with the password and with nothing else, and never gets a later beginning.
        if self.credential.kind == "session" and now - self.credential.made_at > within:
            minutes = within.total_seconds() / 60.0
            says = f"a decision needs you to have signed in within the last {minutes:g} minutes"
            fix = "sign in again (PUT /api/v1/session), then send the same request with the same Idempotency-Key"
            raise ProofTooOld(says, field="session", fix=fix)


def hash_of(secret: str) -> str:
    """Give what is kept of a secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def add_person(*, register: Register, actor: Actor, now: datetime, person: Person) -> None:
    """Enter a person.

    Raises:
        NotAPerson: as `check_person`. PersonExists: the name is taken.
    """
    check_person(person)
    with register.as_(actor) as page:
        if page.person(person.name) is not None:
            raise PersonExists(f"there is a {person.name!r} already", field="name", fix="choose another name")
        facts = {"role": person.role.value, "organisation": person.organisation}
        page.add(person, event("person.add", person.name, actor=actor, now=now, **facts))


def check_person(person: Person) -> None:
    """See that a person can be.

    Raises:
        NotAPerson: the name, the organisation or the role cannot be.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9._@-]{0,63}", person.name):
        raise NotAPerson(f"{person.name!r} is no name", field="name", fix="a-z, 0-9, and . _ @ - after the first")
    if not re.fullmatch(r"\S(?:[^\x00-\x1f\x7f]{0,98}\S)?", person.organisation):
        fix = "write it as the grid's register of owners does, up to 100 characters"
        raise NotAPerson("this is no organisation", field="organisation", fix=fix)
    if person.role == Role.SYSTEM:
        raise NotAPerson("nobody is the system", field="role", fix="choose another role")
    if person.role in OPERATORS_ROLES and person.organisation != OPERATOR:
        raise NotAPerson(f"{person.role} is a role of the operator", field="role", fix=f"use --org {OPERATOR}")


def check_password(password: str, *, name: str = "", organisation: str = "") -> None:
    """See that a password is neither short nor endless nor made of words that are tried first.

    Raises:
        NotAPerson: it is.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        fix = f"use {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
        raise NotAPerson("the password is too short or too long", field="password", fix=fix)
    if len(left_of(password, (*OWN_WORDS, name, organisation))) < LEAST_LEFT:
        fix = "use several words that have nothing to do with you, this desk or one another"
        raise NotAPerson("the password is made of words that are tried first", field="password", fix=fix)


def left_of(password: str, words: Sequence[str]) -> str:
    """Give what a password has beside such words: letters and digits, each run of one character as one.

    >>> left_of("Moms-Admin-TO-1-x", ("moms", "admin", "TO-1")), left_of("aaaaaaaaaaaa", ())
    ('x', 'a')
    """
    found = _bare(password)
    for word in sorted({_bare(word) for word in words}, key=lambda word: (-len(word), word)):
        found = found.replace(word, "") if len(word) >= SHORTEST_WORD else found
    return re.sub(r"(.)\1+", r"\1", found)


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum() or ord(c) > 0x2000)


def disable(*, register: Register, actor: Actor, now: datetime, name: str) -> None:
    """Let a person act no more; sessions and tokens end in the same transaction.

    Raises:
        NoSuchPerson: nobody has this name.
    """
    with register.as_(actor) as page:
        page.revise(replace(known(page, name), disabled=True), event("person.disable", name, actor=actor, now=now))
        end_all(page, name, actor=actor, now=now)


def set_password(*, register: Register, actor: Actor, now: datetime, name: str, kept: str) -> None:
    """Give a person another password; sessions and tokens end.

    Raises:
        NoSuchPerson: nobody has this name.
    """
    with register.as_(actor) as page:
        page.revise(replace(known(page, name), password=kept), event("person.password", name, actor=actor, now=now))
        end_all(page, name, actor=actor, now=now)


def issue_token(
    *,
    register: Register,
    actor: Actor,
    now: datetime,
    name: str,
    secret: str,
    scopes: tuple[Scope, ...],
    days: int,
    label: str = "",
) -> Credential:
    """Enter a token of a person.

    Raises:
        NoSuchPerson: nobody has this name, or is disabled. NotAToken: no scope, or too long a life.
    """
    if not scopes:
        raise NotAToken("a token needs a scope", field="scope", fix=f"one of {', '.join(Scope)}")
    if not 0 < days <= LONGEST_TOKEN_DAYS:
        raise NotAToken(f"a life of {days} days", field="days", fix=f"give 1 to {LONGEST_TOKEN_DAYS}")
    with register.as_(actor) as page:
        person = known(page, name)
        if person.disabled:
            raise NoSuchPerson(f"{name!r} is disabled", field="name", fix="choose somebody who may act")
        token = a_credential("token", person, secret=secret, now=now, lasts=timedelta(days=days), label=label,
                            scopes=scopes)  # fmt: skip
        page.keep(token, event("token.issue", name, actor=actor, now=now, token=token.id, scopes=list(scopes)))
    return token


def revoke_token(*, register: Register, actor: Actor, now: datetime, token: str) -> None:
    """End a token, at once.

    Raises:
        NotAToken: none of that id.
    """
    with register.as_(actor) as page:
        found = [t for t in page.credentials(kind="token") if t.id == token]
        if not found:
            raise NotAToken(f"there is no token {token!r}", field="token", fix="list them with: moms token list")
        page.end(found[0], event("token.revoke", found[0].person, actor=actor, now=now, token=token))


def sign_in(
    *, register: Register, hasher: Hasher, now: datetime, name: str, password: str, secret: str, old: str | None
) -> Who:
    """Begin a session under a fresh secret; the one that was shown, if any, ends.

    Raises:
        NotSignedIn: nobody of that name, another password, or disabled: the answer is the same.
    """
    with register.as_(SYSTEM) as page:
        person = page.person(name)
    # Outside the transaction: a hash takes a tenth of a second, and nobody's takes as long.
    good = hasher.verify(person.password if person else None, password)
    if person is None or not good or person.disabled:
        raise _not_right()
    session = a_credential("session", person, secret=secret, now=now, lasts=ABSOLUTE)
    with register.as_(SYSTEM) as page:
        if page.hold(name) != person:  # disabled or given another password while the hash was made
            raise _not_right()
        begin_session(page, session, actor=person.actor, now=now, old=old)
    return Who(actor=person.actor, credential=session)


def begin_session(
    page: RegisterPage, session: Credential, *, actor: Actor, now: datetime, old: str | None, **facts: object
) -> None:
    """Enter a session; the one whose secret was shown, if any, ends."""
    shown = page.credential(hash_of(old)) if old else None
    if shown is not None and shown.kind == "session":
        page.end(shown, ended(shown, verb="session.end", actor=actor, now=now))
    page.keep(session, event("session.begin", session.person, actor=actor, now=now, session=session.id, **facts))


def sign_out(*, register: Register, now: datetime, who: Who) -> None:
    """End a session."""
    with register.as_(SYSTEM) as page:
        page.end(who.credential, ended(who.credential, verb="session.end", actor=who.actor, now=now))


def whose(*, register: Register, now: datetime, secret: str, kind: str) -> Who:
    """Give who a secret stands for, asked of the register each time, so that revoking works at once.

    Raises:
        NotSignedIn: it stands for nobody, or no longer.
    """
    with register.as_(SYSTEM) as page:
        found = page.credential(hash_of(secret))
        person = page.person(found.person) if found else None
        if found is None or person is None or person.disabled or found.kind != kind or not found.holds(now):
            raise NotSignedIn(f"this {kind} does not hold", fix="sign in again, or use another token")
        if now - found.seen_at > SEEN_GRAIN:
            found = replace(found, seen_at=now)
            page.seen(found)
    return Who(actor=person.actor, credential=found)


def a_credential(
    kind: str,
    person: Person,
    *,
    secret: str,
    now: datetime,
    lasts: timedelta,
    label: str = "",
    scopes: tuple[Scope, ...] = (),
) -> Credential:
    """Make a session or token of a person that begins now."""
    return Credential(
        hash=hash_of(secret),
        kind=kind,
        person=person.name,
        organisation=person.organisation,
        label=label,
        scopes=scopes,
        made_at=now,
        seen_at=now,
        ends_at=now + lasts,
    )


def end_all(page: RegisterPage, name: str, *, actor: Actor, now: datetime) -> None:
    """End every session and token of a person."""
    for found in page.open(name):
        page.end(found, ended(found, verb=f"{found.kind}.end", actor=actor, now=now))


def ended(found: Credential, *, verb: str, actor: Actor, now: datetime) -> Event:
    """Tell that a session or token ended."""
    return event(verb, found.person, actor=actor, now=now, **{found.kind: found.id})


def _not_right() -> NotSignedIn:
    return NotSignedIn("the name or the password is not right", fix="try again, or ask an administrator")


def known(page: RegisterPage, name: str) -> Person:
    """Give a person, whom nobody changes until the end.

    Raises:
        NoSuchPerson: nobody has this name.
    """
    found = page.hold(name)
    if found is None:
        raise NoSuchPerson(f"there is no {name!r}", field="name", fix="list them with: moms user list")
    return found


def event(verb: str, name: str, *, actor: Actor, now: datetime, **facts: object) -> Event:
    """Tell of a person in the journal."""
    return Event(
        at=now, actor=actor, verb=verb, outage_id="", reason="", rule_book="", before=None,
        after={"person": name, **facts},
    )  # fmt: skip
