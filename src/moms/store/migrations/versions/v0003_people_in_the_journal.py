"""Each revision of a person, session or token has its line in the journal, with the fingerprint of the row.

What is there already is told once, as found: what it was before this step nobody vouches for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import op
from sqlalchemy import text

from moms.records.journal import Head, link
from moms.store.rows import name_of, print_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEEPS = """
CREATE OR REPLACE FUNCTION moms.person_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.disabled AND NOT NEW.disabled THEN
    RAISE EXCEPTION 'who was disabled stays so' USING ERRCODE = 'MS007';
  END IF;
  IF NEW.revision <> OLD.revision + 1 THEN
    RAISE EXCEPTION 'person % is at revision %', OLD.name, OLD.revision USING ERRCODE = 'MS004';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION moms.credential_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended AND NOT NEW.ended THEN
    RAISE EXCEPTION 'what has ended stays so' USING ERRCODE = 'MS007';
  END IF;
  IF NEW.revision <> OLD.revision + (NEW.ended AND NOT OLD.ended)::int THEN
    RAISE EXCEPTION 'a session or token has a new revision when it ends' USING ERRCODE = 'MS004';
  END IF;
  RETURN NEW;
END $$;
"""

TOLD = """
CREATE FUNCTION moms.person_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM moms.journal j
      WHERE j.outage_id = 'person:' || NEW.name AND j.outage_revision = NEW.revision) THEN
    RAISE EXCEPTION 'person % revision % has no line in the journal', NEW.name, NEW.revision USING ERRCODE = 'MS006';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION moms.credential_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM moms.journal j
      WHERE j.outage_id = 'credential:' || left(NEW.hash, 32) AND j.outage_revision = NEW.revision) THEN
    RAISE EXCEPTION 'a session or token has no line in the journal' USING ERRCODE = 'MS006';
  END IF;
  RETURN NULL;
END $$;

REVOKE ALL ON FUNCTION moms.person_told(), moms.credential_told() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER person_told AFTER INSERT OR UPDATE ON moms.person
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moms.person_told();
CREATE CONSTRAINT TRIGGER credential_told AFTER INSERT OR UPDATE ON moms.credential
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moms.credential_told();
CREATE TRIGGER not_removed BEFORE DELETE ON moms.person FOR EACH ROW EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER not_removed BEFORE DELETE ON moms.credential FOR EACH ROW EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.person FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();
CREATE TRIGGER kept BEFORE TRUNCATE ON moms.credential FOR EACH STATEMENT EXECUTE FUNCTION moms.append_only();
"""
SYSTEM = {"name": "moms", "organisation": "operator", "role": "system"}
CHAIN = "operator"


def upgrade() -> None:
    """Tell of what is there, then ask for a line with each change."""
    bind = op.get_bind()
    # A process of the step before may be writing: what it writes has to be told too.
    op.execute("LOCK TABLE moms.person, moms.credential IN SHARE ROW EXCLUSIVE MODE")
    op.execute(KEEPS)
    op.execute(
        "SELECT set_config('moms.organisation', 'operator', true), set_config('moms.role', 'system', true),"
        " set_config('moms.actor', 'moms', true)"
    )
    for table, key in (("person", "name"), ("credential", "hash")):
        for row in bind.execute(text(f"SELECT * FROM moms.{table} ORDER BY {key}")).mappings().all():  # noqa: S608
            _tell(bind, dict(row), table)
    op.execute(TOLD)


def _tell(bind: Connection, row: dict[str, object], table: str) -> None:
    """Write the line that says that a row was found."""
    lock = text("SELECT count, hash, at FROM moms.journal_lock(:chain)")
    count, last, at = bind.execute(lock, {"chain": CHAIN}).one()
    name = name_of(row)
    body = {
        "line": "event",
        "at": at,
        "actor": SYSTEM,
        "verb": f"{table}.found",
        "outage_id": "",
        "reason": "",
        "rule_book": "",
        "before": None,
        "after": {"name": name},
        "outage_revision": row["revision"],
        "document": print_of(row),
        "written_by": SYSTEM,
        "written_at": at,
        "book_version": bind.execute(text("SELECT revision FROM moms.book")).scalar_one(),
    }
    line = link(
        Head(organisation=CHAIN, count=count, hash=last),
        classification="restricted",
        outage_id=name,
        outage_revision=int(str(row["revision"])),
        body=body,
    )
    bind.execute(
        text(
            "INSERT INTO moms.journal (organisation, seq, classification, revision, previous, hash, outage_id,"
            " outage_revision, body) VALUES (:organisation, :sequence, :classification, :revision, :previous, :hash,"
            " :outage_id, :outage_revision, :body)"
        ),
        {name: getattr(line, name) for name in line.__dataclass_fields__},
    )


def downgrade() -> None:
    """Refuse: a journal is not taken back."""
    msg = "this step is not undone; restore a backup instead"
    raise NotImplementedError(msg)
