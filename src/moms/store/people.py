"""The register of persons on PostgreSQL (`desk.people`)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, String, any_, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from moms.desk.people import Credential, Identity, Kind, Passkey, Person, Scope
from moms.store import tables
from moms.store.book import PostgresPage
from moms.store.refusals import said
from moms.store.rows import name_of, print_of
from moms.values import SYSTEM, Role

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection, Engine, Row, RowMapping

    from moms.desk.ports import Event
    from moms.values import Actor


class PostgresRegister:
    """The register, on one database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def challenge_key(self) -> bytes:
        """Give the key by which servers of this installation know what another of them has asked to be signed."""
        with self.as_(SYSTEM) as page:
            return page.challenge_key()

    @contextmanager
    def as_(self, actor: Actor) -> Iterator[PostgresRegisterPage]:
        """Open one transaction as this actor: committed at the end, rolled back on any exception."""
        with said(actor), self.engine.begin() as connection:
            page = PostgresRegisterPage(connection, actor=actor)
            yield page
            page.tell()


class PostgresRegisterPage:
    """One transaction on the register (`desk.people.RegisterPage`)."""

    def __init__(self, connection: Connection, *, actor: Actor) -> None:
        self._connection = connection
        self._journal = PostgresPage(connection, actor=actor)
        self._untold: list[tuple[Event, dict[str, Any]]] = []
        """Told at the end: a row is always locked before the chain, or two who write would wait for each other."""

    def challenge_key(self) -> bytes:
        """Give the key of challenges."""
        return str(self._connection.execute(select(tables.challenge_key.c.value)).scalar_one()).encode()

    def person(self, name: str) -> Person | None:
        """Give a person, or None."""
        row = self._connection.execute(select(tables.person).where(tables.person.c.name == name)).first()
        return None if row is None else _person(row)

    def hold(self, name: str) -> Person | None:
        """Give a person, or None; nobody changes it until the end."""
        query = select(tables.person).where(tables.person.c.name == name).with_for_update(key_share=True)
        row = self._connection.execute(query).first()
        return None if row is None else _person(row)

    def people(self) -> Sequence[Person]:
        """Give all, by name."""
        rows = self._connection.execute(select(tables.person).order_by(tables.person.c.name))
        return tuple(_person(row) for row in rows)

    def add(self, person: Person, event: Event) -> None:
        """Enter a person."""
        row = {
            "name": person.name,
            "organisation": person.organisation,
            "classification": "restricted",
            "revision": 1,
            "role": person.role.value,
            "password": person.password,
            "disabled": person.disabled,
            "made_at": person.made_at,
        }
        there = tables.person
        self._told(event, self._connection.execute(insert(there).values(row).returning(there)).mappings().first())

    def revise(self, person: Person, event: Event) -> None:
        """Write another password or whether disabled."""
        there = tables.person
        written = self._connection.execute(
            update(there)
            .where(there.c.name == person.name)
            .values(revision=there.c.revision + 1, password=person.password, disabled=person.disabled)
            .returning(there)
        )
        self._told(event, written.mappings().first())

    def credential(self, secret_hash: str) -> Credential | None:
        """Give a session or token by the hash of its secret, or None."""
        there = tables.credential
        row = self._connection.execute(select(there).where(there.c.hash == secret_hash)).first()
        return None if row is None else _credential(row)

    def standing(self, secret_hashes: Collection[str]) -> Sequence[Credential]:
        """Give those of these sessions and tokens that nobody has ended, of persons who are not disabled."""
        there, person = tables.credential, tables.person
        rows = self._connection.execute(
            select(there)
            .join(person, person.c.name == there.c.person)
            .where(
                there.c.hash == any_(literal(list(secret_hashes), ARRAY(String))), ~there.c.ended, ~person.c.disabled
            )
        )
        return tuple(_credential(row) for row in rows)

    def credentials(self, *, kind: str) -> Sequence[Credential]:
        """Give all of a kind, by when they were made."""
        there = tables.credential
        rows = self._connection.execute(select(there).where(there.c.kind == kind).order_by(there.c.made_at))
        return tuple(_credential(row) for row in rows)

    def open(self, person: str) -> Sequence[Credential]:
        """Give the sessions and tokens of a person that nobody has ended."""
        there = tables.credential
        query = select(there).where(there.c.person == person, ~there.c.ended).order_by(there.c.hash)
        return tuple(_credential(row) for row in self._connection.execute(query))

    def keep(self, credential: Credential, event: Event) -> None:
        """Enter a session or token."""
        row = {
            "hash": credential.hash,
            "organisation": credential.organisation,
            "classification": "restricted",
            "revision": 1,
            "kind": credential.kind,
            "person": credential.person,
            "label": credential.label,
            "scopes": [s.value for s in credential.scopes],
            "made_at": credential.made_at,
            "seen_at": credential.seen_at,
            "ends_at": credential.ends_at,
            "ended": credential.ended,
        }
        there = tables.credential
        self._told(event, self._connection.execute(insert(there).values(row).returning(there)).mappings().first())

    def end(self, credential: Credential, event: Event) -> None:
        """End a session or token; one that has ended stays as it is, and nothing is told."""
        there = tables.credential
        written = self._connection.execute(
            update(there)
            .where(there.c.hash == credential.hash, ~there.c.ended)
            .values(revision=there.c.revision + 1, ended=True)
            .returning(there)
        )
        self._told(event, written.mappings().first())

    def identity(self, kind: Kind, issuer: str, subject: str) -> Identity | None:
        """Give the newest identity of these words, ended or not, or None."""
        there = tables.identity
        query = (
            select(there)
            .where(there.c.kind == kind.value, there.c.issuer == issuer, there.c.subject == subject)
            .order_by(there.c.ended, there.c.made_at.desc())
            .limit(1)
        )
        row = self._connection.execute(query).first()
        return None if row is None else _identity(row)

    def enrolled(self, print_: str) -> Identity | None:
        """Give the certificate of this print, or None."""
        there = tables.identity
        row = self._connection.execute(
            select(there).where(there.c.kind == "certificate", there.c.print == print_)
        ).first()
        return None if row is None else _identity(row)

    def identities(self) -> Sequence[Identity]:
        """Give all, by when they were made."""
        rows = self._connection.execute(select(tables.identity).order_by(tables.identity.c.made_at))
        return tuple(_identity(row) for row in rows)

    def tie(self, identity: Identity, event: Event) -> None:
        """Enter an identity."""
        row = {
            "id": identity.id,
            "organisation": identity.organisation,
            "classification": "restricted",
            "revision": 1,
            "kind": identity.kind.value,
            "issuer": identity.issuer,
            "subject": identity.subject,
            "print": identity.print,
            "person": identity.person,
            "scopes": [s.value for s in identity.scopes],
            "made_at": identity.made_at,
            "ends_at": identity.ends_at,
            "ended": identity.ended,
        }
        there = tables.identity
        self._told(event, self._connection.execute(insert(there).values(row).returning(there)).mappings().first())

    def untie(self, identity: Identity, event: Event) -> None:
        """End an identity; one that has ended stays as it is, and nothing is told."""
        there = tables.identity
        written = self._connection.execute(
            update(there)
            .where(there.c.id == identity.id, ~there.c.ended)
            .values(revision=there.c.revision + 1, ended=True)
            .returning(there)
        )
        self._told(event, written.mappings().first())

    def began_by(self, label: str) -> bool:
        """Tell whether a session of this label ever began."""
        there = tables.credential
        query = select(there.c.hash).where(there.c.kind == "session", there.c.label == label)
        return self._connection.execute(query).first() is not None

    def seen(self, credential: Credential) -> None:
        """Write when it was last used: that alone is not told, and is no revision."""
        there = tables.credential
        self._connection.execute(
            update(there).where(there.c.hash == credential.hash).values(seen_at=credential.seen_at)
        )

    def passkey(self, passkey_id: str) -> Passkey | None:
        """Give a passkey, ended or not, or None."""
        row = self._connection.execute(select(tables.passkey).where(tables.passkey.c.id == passkey_id)).first()
        return None if row is None else _passkey(row)

    def passkeys(self, person: str) -> Sequence[Passkey]:
        """Give the passkeys of a person that nobody has ended, oldest first."""
        there = tables.passkey
        query = select(there).where(there.c.person == person, ~there.c.ended).order_by(there.c.made_at, there.c.id)
        return tuple(_passkey(row) for row in self._connection.execute(query))

    def keep_passkey(self, passkey: Passkey, event: Event) -> None:
        """Enter a passkey."""
        row = {
            "id": passkey.id,
            "organisation": passkey.organisation,
            "classification": "restricted",
            "revision": 1,
            "person": passkey.person,
            "label": passkey.label,
            "public_key": passkey.public_key,
            "counter": passkey.counter,
            "made_at": passkey.made_at,
            "seen_at": passkey.seen_at,
            "ended": passkey.ended,
        }
        there = tables.passkey
        self._told(event, self._connection.execute(insert(there).values(row).returning(there)).mappings().first())

    def end_passkey(self, passkey: Passkey, event: Event) -> None:
        """End a passkey; one that has ended stays as it is, and nothing is told."""
        there = tables.passkey
        written = self._connection.execute(
            update(there)
            .where(there.c.id == passkey.id, ~there.c.ended)
            .values(revision=there.c.revision + 1, ended=True)
            .returning(there)
        )
        self._told(event, written.mappings().first())

    def passkey_used(self, passkey: Passkey) -> None:
        """Write how often and when it was last used: that alone is not told, and is no revision."""
        there = tables.passkey
        self._connection.execute(
            update(there).where(there.c.id == passkey.id).values(counter=passkey.counter, seen_at=passkey.seen_at)
        )

    def tell(self) -> None:
        """Write the lines of what was changed."""
        for event, row in self._untold:
            self._journal.tell(event, name=name_of(row), revision=row["revision"], document=print_of(row))
        self._untold.clear()

    def _told(self, event: Event, row: RowMapping | None) -> None:
        if row is not None:
            self._untold.append((event, dict(row)))


def _person(row: Row[tuple[object, ...]]) -> Person:
    return Person(
        name=row.name,
        organisation=row.organisation,
        role=Role(row.role),
        password=row.password,
        disabled=row.disabled,
        made_at=row.made_at,
    )


def _identity(row: Row[tuple[object, ...]]) -> Identity:
    return Identity(
        kind=Kind(row.kind),
        issuer=row.issuer,
        subject=row.subject,
        print=row.print,
        person=row.person,
        organisation=row.organisation,
        scopes=tuple(Scope(s) for s in row.scopes),
        made_at=row.made_at,
        ends_at=row.ends_at,
        ended=row.ended,
    )


def _passkey(row: Row[tuple[object, ...]]) -> Passkey:
    return Passkey(
        id=row.id,
        person=row.person,
        organisation=row.organisation,
        label=row.label,
        public_key=row.public_key,
        counter=row.counter,
        made_at=row.made_at,
        seen_at=row.seen_at,
        ended=row.ended,
    )


def _credential(row: Row[tuple[object, ...]]) -> Credential:
    return Credential(
        hash=row.hash,
        kind=row.kind,
        person=row.person,
        organisation=row.organisation,
        label=row.label,
        scopes=tuple(Scope(s) for s in row.scopes),
        made_at=row.made_at,
        seen_at=row.seen_at,
        ends_at=row.ends_at,
        ended=row.ended,
    )
