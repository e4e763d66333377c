"""A database behind TLS, as on another machine: migrated, opened, verified; by nobody else's certificate."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text

from moms.outages import State, Status
from moms.store.embedded import ADMIN, DATABASE, Embedded
from moms.store.migrate import lifecycle
from moms.store.place import NotReady, migrate_named, open_place, prepare
from moms.store.service import service
from moms.values import SYSTEM
from tests.portal.authorities import made
from tests.postgres import DEBIAN_15, QUICK, an_event, an_outage, need_debian_15

THERE = "127.0.44.15"
"""An address of this machine at which no other server of PostgreSQL listens on its usual port."""


@dataclass(frozen=True)
class Far:
    """A server that is reached by TCP and TLS alone, and what vouches for it."""

    folder: Path
    passwords: dict[str, str]

    def url(self, login, *, authority="ca", host="localhost"):
        word = quote(self.passwords[login], safe="")
        more = f"hostaddr={THERE}&sslmode=verify-full&sslrootcert={self.folder / f'{authority}.pem'}"
        return f"postgresql://{login}:{word}@{host}:5432/{DATABASE}?{more}"


@pytest.fixture(scope="module")
def far():
    """Run Debian's PostgreSQL with TLS on a port; the wheel's has none."""
    need_debian_15()
    base = Path(tempfile.mkdtemp(prefix="moms-test-"))
    base.chmod(0o711)
    ca, twin = made("Operator's CA", ca=True), made("Operator's CA", ca=True)
    for name, one in (("ca", ca), ("twin", twin)):
        one.files(base, name)
    certificate, key = made("database", by=ca, client=False, server=True).files(base, "server")
    who = service(place=base, env={})
    for file in (certificate, key) if who.drop else ():
        os.chown(file, who.uid, who.gid)
    Path(key).chmod(0o600)
    settings = {**QUICK, "listen_addresses": THERE, "ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": key}
    env = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")} | {"MOMS_POSTGRES_BIN": str(DEBIAN_15)}
    embedded = Embedded(home=base / "far", env=env, settings=settings)
    address = embedded.start()
    try:
        prepare(address, database=DATABASE, moves=lifecycle())
        yield Far(folder=base, passwords=dict(address.passwords))
    finally:
        embedded.close()
        shutil.rmtree(base)


def test_a_database_behind_tls_is_migrated_opened_written_and_verified(far, tmp_path):
    assert migrate_named(env={"MOMS_MIGRATE_URL": far.url(ADMIN)}) is False  # it is at the step already
    filed = an_outage(state=State.SUBMITTED, status=Status.NONE)
    with open_place(env={"MOMS_DATABASE_URL": far.url("moms_app"), "MOMS_HOME": str(tmp_path)}) as place:
        with place.book.as_(SYSTEM) as page:
            page.add(filed, an_event(filed))
        with place.engine.connect() as connection:
            used = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert tuple(connection.execute(text(used)).one()) == (True, "TLSv1.3")
        assert place.verify().whole


@pytest.mark.parametrize(
    ("bent", "says"),
    [
        ({"authority": "twin"}, "certificate verify failed"),
        ({"host": "database.example"}, "does not match host name"),
    ],
)
def test_a_server_that_nobody_vouches_for_or_of_another_name_is_not_talked_to(far, tmp_path, bent, says):
    with pytest.raises(NotReady, match=says):
        open_place(env={"MOMS_DATABASE_URL": far.url("moms_app", **bent), "MOMS_HOME": str(tmp_path)})
