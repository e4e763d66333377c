"""The tables as SQLAlchemy sees them; a test compares them with what the migrations made."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, TSTZRANGE

SCHEMA = "moms"
metadata = MetaData(schema=SCHEMA)


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _own(*, organisation_is_key: bool = False) -> tuple[Column[str], Column[str], Column[int]]:
    """Give the three columns that every table has: whose row, who may see it, which revision."""
    return (
        Column("organisation", Text, primary_key=organisation_is_key, nullable=False),
        Column("classification", Text, nullable=False),
        Column("revision", BigInteger, nullable=False),
    )


book = Table("book", metadata, *_own(organisation_is_key=True))
"""One row; its revision is the version of the book."""

lifecycle_move = Table("lifecycle_move", metadata, *_own(), _text("from_state", key=True), _text("to_state", key=True))
"""Which state may follow which, as the code's lifecycle says; '' stands for "not there yet"."""

outage = Table(
    "outage",
    metadata,
    _text("id", key=True),
    *_own(),
    _text("external_id"),
    _text("category"),
    _text("kind"),
    _text("state"),
    _text("status"),
    Column("during", TSTZRANGE, nullable=False),
    Column("assets", ARRAY(Text), nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("blocks", Boolean, nullable=False),
    _text("words"),
    Column("document", JSON, nullable=False),
    Column("in_group", Text),
)

outage_equipment = Table(
    "outage_equipment",
    metadata,
    Column("outage_id", Text, ForeignKey("moms.outage.id"), primary_key=True),
    _text("asset", key=True),
    *_own(),
    Column("during", TSTZRANGE, nullable=False),
    Column("blocks", Boolean, nullable=False),
)
"""One row per outage and equipment, kept by a trigger; two that block may not overlap."""

outage_history = Table(
    "outage_history",
    metadata,
    Column("outage_id", Text, ForeignKey("moms.outage.id"), primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    _text("organisation"),
    _text("classification"),
    _text("state"),
    _text("status"),
    Column("during", TSTZRANGE, nullable=False),
    Column("document", JSON, nullable=False),
    _text("actor"),
    Column("known_from", TIMESTAMP(timezone=True), nullable=False, server_default=text("transaction_timestamp()")),
)
"""Every revision of every outage as it was, written by a trigger in the same transaction."""

decision = Table(
    "decision",
    metadata,
    _text("id", key=True),
    Column("outage_id", Text, ForeignKey("moms.outage.id"), nullable=False),
    *_own(),
    Column("record", JSON, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("organisation", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    _text("classification"),
    Column("revision", BigInteger, nullable=False),
    _text("previous"),
    _text("hash"),
    _text("outage_id"),
    Column("outage_revision", BigInteger),
    _text("body"),
)

journal_origin = Table(
    "journal_origin",
    metadata,
    Column("organisation", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _text("classification"),
    Column("revision", BigInteger, nullable=False),
    _text("door"),
    _text("address"),
    _text("credential"),
    _text("salt"),
    ForeignKeyConstraint(("organisation", "seq"), ("moms.journal.organisation", "moms.journal.seq")),
)
"""From where a line was asked for; the line holds the row's hash. For auditors."""

journal_head = Table("journal_head", metadata, *_own(organisation_is_key=True), _text("hash"))
"""The last hash of each chain; its revision is the number of lines."""

journal_anchor = Table(
    "journal_anchor",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    *_own(),
    _text("at"),
    _text("heads"),
    _text("previous"),
    _text("hash"),
)

person = Table(
    "person",
    metadata,
    _text("name", key=True),
    *_own(),
    _text("role"),
    Column("password", Text),
    Column("disabled", Boolean, nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
)
"""Who may act; the password is its argon2id hash."""

identity = Table(
    "identity",
    metadata,
    _text("id", key=True),
    *_own(),
    _text("kind"),
    _text("issuer"),
    _text("subject"),
    _text("print"),
    Column("person", Text, ForeignKey("moms.person.name"), nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    Column("ends_at", TIMESTAMP(timezone=True)),
    Column("ended", Boolean, nullable=False),
)
"""What a provider or an authority calls a person."""

credential = Table(
    "credential",
    metadata,
    _text("hash", key=True),
    *_own(),
    _text("kind"),
    Column("person", Text, ForeignKey("moms.person.name"), nullable=False),
    _text("label"),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    Column("seen_at", TIMESTAMP(timezone=True), nullable=False),
    Column("ends_at", TIMESTAMP(timezone=True), nullable=False),
    Column("ended", Boolean, nullable=False),
)
"""Sessions and tokens, by the hash of their secret."""

kept_answer = Table(
    "kept_answer",
    metadata,
    _text("principal", key=True),
    _text("key", key=True),
    *_own(),
    _text("asked"),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("transaction_timestamp()")),
    Column("leased_until", TIMESTAMP(timezone=True), nullable=False),
    Column("answer", JSON(none_as_null=True)),
    Column("marks", JSONB, nullable=False, server_default=text("'[]'")),
)
"""What was answered under a caller's own key, and what was written for it."""

work = Table(
    "work",
    metadata,
    _text("name", key=True),
    *_own(),
    _text("task"),
    _text("subject"),
    _text("cause"),
    Column("urgency", BigInteger, nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("transaction_timestamp()")),
    Column("free_from", TIMESTAMP(timezone=True), nullable=False),
    Column("became", Text, nullable=False, server_default=text("'open'::text")),
    Column("tries", BigInteger, nullable=False, server_default=text("0")),
    Column("holder", Text, nullable=False, server_default=text("''::text")),
    Column("says", Text, nullable=False, server_default=text("''::text")),
    Column("ended_at", TIMESTAMP(timezone=True)),
    Column("took_s", Double),
)
"""Duties that were seen to be due; the revision is the fence of whoever holds one, until `free_from`."""

work_share = Table(
    "work_share",
    metadata,
    *_own(organisation_is_key=True),
    Column("start_s", Double, nullable=False, server_default=text("0")),
    Column("finish_s", Double, nullable=False, server_default=text("0")),
)
"""What each organisation has had of the work, for the order of turns."""

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("day", Date, primary_key=True, nullable=False),
    Column("part", BigInteger, primary_key=True, nullable=False),
    *_own(),
    _text("mark"),
    Column("parts", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("book_version", BigInteger, nullable=False),
    Column("computed_at", TIMESTAMP(timezone=True), nullable=False),
)
"""What the network said to branches on a day, kept under the mark of what it rests on."""

change_set = Table(
    "change_set",
    metadata,
    _text("id", key=True),
    *_own(),
    _text("became"),
    Column("landing", BigInteger),
    Column("document", JSON, nullable=False),
)
"""Edits that are drafted together, and land together under a number or not at all; `landing` orders what has."""

saved_view = Table(
    "saved_view",
    metadata,
    _text("id", key=True),
    *_own(),
    _text("person"),
    _text("name"),
    Column("shared", Boolean, nullable=False),
    Column("filters", JSON, nullable=False),
    _text("sort"),
    Column("columns", ARRAY(Text), nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    Column("ended", Boolean, nullable=False, server_default=text("false")),
)
"""How somebody looks at a list, under a name."""

subscription = Table(
    "subscription",
    metadata,
    _text("id", key=True),
    *_own(),
    _text("person"),
    _text("role"),
    _text("channel"),
    _text("target"),
    Column("secret", Text),
    Column("owners", ARRAY(Text), nullable=False),
    Column("assets", ARRAY(Text), nullable=False),
    Column("verbs", ARRAY(Text), nullable=False),
    _text("severity"),
    Column("daily", Boolean, nullable=False, server_default=text("false")),
    Column("sees_all", Boolean, nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("areas", ARRAY(Text), nullable=False, server_default=text("'{}'")),
)
"""Who asked to be told of what, and how."""

notice = Table(
    "notice",
    metadata,
    _text("id", key=True),
    *_own(),
    _text("subscription"),
    _text("person"),
    _text("role"),
    _text("channel"),
    _text("target"),
    _text("severity"),
    _text("chain"),
    Column("seq", BigInteger, nullable=False),
    _text("outage_id"),
    Column("body", JSON, nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("transaction_timestamp()")),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("done_at", TIMESTAMP(timezone=True)),
    Column("done_by", Text),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("transaction_timestamp()")),
    Column("leased_until", TIMESTAMP(timezone=True)),
    Column("tries", BigInteger, nullable=False, server_default=text("0")),
    Column("answer", Text, nullable=False, server_default=text("''")),
    Column("ends_at", TIMESTAMP(timezone=True)),
    Column("matter", Text, nullable=False, server_default=text("''")),
    ForeignKeyConstraint(["chain", "seq"], ["moms.journal.organisation", "moms.journal.seq"]),
)
"""What is told to whom: the inbox, and what is still to be sent. Its revision counts who took it to send it."""

attachment = Table(
    "attachment",
    metadata,
    _text("id", key=True),
    *_own(),
    Column("outage_id", Text, ForeignKey("moms.outage.id"), nullable=False),
    _text("name"),
    _text("kind"),
    Column("size", BigInteger, nullable=False),
    _text("sha256"),
    _text("added_by"),
    _text("added_role"),
    Column("added_at", TIMESTAMP(timezone=True), nullable=False),
    _text("state"),
    Column("says", Text, nullable=False, server_default=text("''")),
    Column("looked_at", TIMESTAMP(timezone=True)),
    Column("body", LargeBinary, nullable=False),
)
"""Files at outages; the body is empty once something was found in it."""

passkey = Table(
    "passkey",
    metadata,
    _text("id", key=True),
    *_own(),
    Column("person", Text, ForeignKey("moms.person.name"), nullable=False),
    _text("label"),
    _text("public_key"),
    Column("counter", BigInteger, nullable=False, server_default=text("0")),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    Column("seen_at", TIMESTAMP(timezone=True), nullable=False),
    Column("ended", Boolean, nullable=False),
)
"""Passkeys by their id; of each the public key is kept, base64url of COSE."""

challenge_key = Table("challenge_key", metadata, *_own(organisation_is_key=True), _text("value"))
"""One row: by what a server knows a challenge that another server of this installation has given."""
