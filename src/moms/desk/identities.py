"""Who a person is to others: a provider's subject, a certificate; tied by the administrator alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.desk.people import (
    ABSOLUTE,
    Credential,
    Identity,
    Kind,
    NotSignedIn,
    Scope,
    Who,
    a_credential,
    begin_session,
    ended,
    event,
    hash_of,
    known,
)
from moms.values import SYSTEM, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from moms.desk.people import Person, Register, RegisterPage
    from moms.values import Actor

LONGEST = 255
"""Characters of a subject, as OpenID Connect bounds it, and of an issuer; of an authority's name twice as many."""


class NotAnIdentity(Refused):
    """An identity that cannot be entered, or is not there."""


class IdentityTaken(Refused):
    """Somebody has this identity, or had this certificate."""


class Unbound(Refused):
    """The provider knows who this is, and nobody has said who that is here."""


class ProviderDown(Refused):
    """The provider does not answer, or with something that is no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What a provider said of who signed in with it, after all of it was checked."""

    issuer: str
    subject: str
    at: datetime
    """When the person last showed the provider who it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a certificate says of itself."""

    issuer: str
    """The authority's name, as RFC 4514 writes it."""
    serial: str
    """In hexadecimal."""
    print: str
    """The SHA-256 of the whole certificate, in hexadecimal."""
    starts_at: datetime
    ends_at: datetime


def bind(*, register: Register, actor: Actor, now: datetime, name: str, issuer: str, subject: str) -> Identity:
    """Tie a provider's subject to a person.

    Raises:
        NotAnIdentity: words that no provider gives. NoSuchPerson: nobody of that name may act.
        IdentityTaken: it is tied already.
    """
    for field, word in (("issuer", issuer), ("subject", subject)):
        if not 0 < len(word) <= LONGEST or not word.isprintable():
            raise NotAnIdentity(f"{word[:40]!r} is no {field}", field=field, fix=f"give 1 to {LONGEST} characters")
    return _tie(
        register, actor=actor, now=now, verb="identity.bind", name=name, kind=Kind.PROVIDER, issuer=issuer,
        subject=subject,
    )  # fmt: skip


def enrol(
    *,
    register: Register,
    actor: Actor,
    now: datetime,
    name: str,
    certificate: Certificate,
    scopes: tuple[Scope, ...],
) -> Identity:
    """Tie a certificate to a person; one that was revoked is never tied again.

    Raises:
        NotAnIdentity: it has lapsed, or no scope is given. NoSuchPerson: nobody of that name may act.
        IdentityTaken: this serial of this authority was enrolled before.
    """
    if certificate.ends_at <= now:
        fix = "enrol one that holds"
        raise NotAnIdentity(f"the certificate lapsed on {certificate.ends_at:%Y-%m-%d}", field="certificate", fix=fix)
    if not scopes:
        raise NotAnIdentity("a certificate needs a scope", field="scope", fix=f"one of {', '.join(Scope)}")
    return _tie(
        register, actor=actor, now=now, verb="identity.enrol", name=name, kind=Kind.CERTIFICATE,
        issuer=certificate.issuer, subject=certificate.serial, print_=certificate.print, scopes=scopes,
        ends_at=certificate.ends_at,
    )  # fmt: skip


def _tie(
    register: Register,
    *,
    actor: Actor,
    now: datetime,
    verb: str,
    name: str,
    kind: Kind,
    issuer: str,
    subject: str,
    print_: str = "",
    scopes: tuple[Scope, ...] = (),
    ends_at: datetime | None = None,
) -> Identity:
    with register.as_(actor) as page:
        person = known(page, name)
        if person.disabled:
            raise NotAnIdentity(f"{name!r} is disabled", field="name", fix="choose somebody who may act")
        there = page.identity(kind, issuer, subject)
        if there is not None and (not there.ended or kind == Kind.CERTIFICATE):
            is_ = "was revoked" if there.ended else f"is {there.person}'s"
            fix = "have the authority give another" if there.ended else f"moms people revoke {there.id}"
            raise IdentityTaken(f"{subject} of {issuer} {is_}", field="subject", fix=fix)
        found = Identity(
            kind=kind, issuer=issuer, subject=subject, print=print_, person=name, organisation=person.organisation,
            scopes=scopes, made_at=now, ends_at=ends_at,
        )  # fmt: skip
        facts = {"identity": found.id, "issuer": issuer, "subject": subject, "scopes": [s.value for s in scopes]}
        page.tie(found, event(verb, name, actor=actor, now=now, **facts))
    return found


def revoke(*, register: Register, actor: Actor, now: datetime, identity: str) -> Identity:
    """End an identity at once, and every session that it began.

    Raises:
        NotAnIdentity: none of that id.
    """
    with register.as_(actor) as page:
        found = [one for one in page.identities() if one.id == identity]
        if not found:
            fix = "list them with: moms people list"
            raise NotAnIdentity(f"there is no identity {identity!r}", field="identity", fix=fix)
        name = found[0].person
        known(page, name)  # held, so that no session begins by it meanwhile
        page.untie(found[0], event("identity.revoke", name, actor=actor, now=now, identity=identity))
        for session in page.open(name):
            if session.label.startswith(_label(found[0], "")):
                page.end(session, ended(session, verb="session.end", actor=actor, now=now))
    return replace(found[0], ended=True)


def sign_in_vouched(
    *, register: Register, now: datetime, vouched: Vouched, flow: str, secret: str, old: str | None
) -> Who:
    """Begin a session by a provider's word; it counts from when the provider saw the person, not from now.

    `flow` names the way through the provider, which begins one session at most.

    Raises:
        Unbound: nobody is tied to this subject. NotSignedIn: who is may not act, it is too long ago, or the way was
            used before.
    """
    with register.as_(SYSTEM) as page:
        person, identity = _vouched_for(page, vouched)
        label = _label(identity, hash_of(flow)[:32])
        if page.began_by(label):
            raise NotSignedIn("this sign-in was used already", fix="begin it again")
        made_at = min(vouched.at, now)
        session = replace(
            a_credential("session", person, secret=secret, now=now, lasts=ABSOLUTE, label=label),
            made_at=made_at, ends_at=made_at + ABSOLUTE,
        )  # fmt: skip
        if session.ends_at <= now:
            raise NotSignedIn("the provider saw you too long ago", fix="sign in with it anew")
        begin_session(page, session, actor=person.actor, now=now, old=old, identity=identity.id)
    return Who(actor=person.actor, credential=session)


def _vouched_for(page: RegisterPage, vouched: Vouched) -> tuple[Person, Identity]:
    """Give who it is, held until the end: a second use of one way, and who revokes it, wait here."""
    seen = page.identity(Kind.PROVIDER, vouched.issuer, vouched.subject)
    person = page.hold(seen.person) if seen is not None else None
    found = page.identity(Kind.PROVIDER, vouched.issuer, vouched.subject)  # read again: revoked while we waited?
    if found is None or found.ended or person is None or person.name != found.person:
        fix = f"an administrator ties you to a person: moms people bind NAME --subject '{vouched.subject}'"
        raise Unbound("your provider knows you, and MOMS does not yet know who you are", field="subject", fix=fix)
    if person.disabled:
        raise NotSignedIn("you may no longer act here", fix="ask an administrator")
    return person, found


def _label(identity: Identity, flow: str) -> str:
    return f"provider {identity.id} {flow}"


def whose_certificate(*, register: Register, now: datetime, certificate: Certificate) -> Who:
    """Give who acts by a certificate, asked of the register each time, so that revoking works at once.

    Whoever calls has seen to it that the other side holds the certificate's key.

    Raises:
        NotSignedIn: it is nobody's, is not the one that was enrolled, was revoked or does not hold now.
    """
    with register.as_(SYSTEM) as page:
        found = page.identity(Kind.CERTIFICATE, certificate.issuer, certificate.serial)
        person = page.person(found.person) if found is not None else None
    if (
        found is None
        or person is None
        or person.disabled
        or found.ended
        or found.print != certificate.print
        or found.ends_at is None
        or not certificate.starts_at <= now < min(certificate.ends_at, found.ends_at)
    ):
        raise NotSignedIn("this certificate does not hold", fix="have it enrolled: moms people enrol")
    return Who(actor=person.actor, credential=_as_credential(found, now=now))


def _as_credential(identity: Identity, *, now: datetime) -> Credential:
    """Look at a certificate as a credential: it has scopes like a token, and is kept as an identity."""
    return Credential(
        hash=identity.print, kind="certificate", person=identity.person, organisation=identity.organisation, label="",
        scopes=identity.scopes, made_at=identity.made_at, seen_at=now, ends_at=identity.ends_at or now,
    )  # fmt: skip


def still_holds(*, register: Register, now: datetime, who: Who) -> bool:
    """Tell whether who began something long may go on with it: nothing was revoked, disabled or has lapsed."""
    shown = who.credential
    with register.as_(SYSTEM) as page:
        person = page.person(who.actor.name)
        if shown.kind == "certificate":
            identity = page.enrolled(shown.hash)
            good = identity is not None and not identity.ended and now < (identity.ends_at or now)
        else:
            kept = page.credential(shown.hash)
            good = kept is not None and kept.holds(now)
    return good and person is not None and not person.disabled
