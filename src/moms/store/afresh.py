"""An empty book in place of the one there is: for a demo that begins again, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from moms.store.audit import ANCHORS
from moms.store.embedded import ADMIN, DATABASE, Embedded
from moms.store.migrate import lifecycle
from moms.store.place import NotReady, home_of, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping


def afresh(*, env: Mapping[str, str]) -> None:
    """Take the embedded database of a home away with all that is in it, and make an empty one in its place.

    Whoever calls it has kept what was in it, and knows that the home is a demo's (`wiring.replay`). It may be called
    again where a machine died over it.

    Raises:
        NotReady: the database is a named server, which is never emptied.
    """
    if env.get("MOMS_DATABASE_URL"):
        raise NotReady("a named server is never emptied", field="MOMS_DATABASE_URL", fix="use a demo's own MOMS_HOME")
    embedded = Embedded(home=home_of(env), env=env)
    try:
        address = embedded.start()
        with psycopg.connect(
            host=address.socket_folder, port=address.port, user=ADMIN, password=address.passwords[ADMIN],
            dbname="postgres", autocommit=True,
        ) as admin:  # fmt: skip
            name = psycopg.sql.Identifier(DATABASE)
            admin.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        (embedded.home / ANCHORS).unlink(missing_ok=True)
        prepare(address, database=DATABASE, moves=lifecycle())
    finally:
        embedded.close()
