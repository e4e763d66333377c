"""The program itself, serving in a process of its own, and somebody who may ask it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from moms.desk import people
from moms.desk.people import Person, Scope
from moms.store.people import PostgresRegister
from moms.values import SYSTEM, Actor, Role
from moms.wiring.people import new_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moms.store.place import Place


@contextmanager
def running(env: Mapping[str, str], *words: str) -> Iterator[tuple[int, int]]:
    """Serve while inside; give the port and the process.

    Raises:
        RuntimeError: it did not begin, with what it said.
    """
    log = Path(env["MOMS_HOME"]) / "log"
    command = [sys.executable, "-m", "moms", "serve", "--port", "0", "--rate", "100000", "--json", *words]
    with log.open("w") as told:
        process = subprocess.Popen(command, env=dict(env), stdout=subprocess.PIPE, stderr=told, text=True)  # noqa: S603 - this very program
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith('{"address"'):
            rest = line + (process.stdout.read() if process.stdout else "")
            raise RuntimeError(f"the service did not begin: {rest[:400]} {log.read_text()[-400:]}")
        yield urlsplit(json.loads(line)["address"]).port or 0, process.pid
    finally:
        process.terminate()
        process.communicate(timeout=120)


def token_of(place: Place, *, name: str, organisation: str, role: Role) -> str:
    """Enter somebody, and give a token of theirs."""
    register, now = PostgresRegister(place.engine), datetime.now(UTC)
    admin = Actor(name="bench", organisation=SYSTEM.organisation, role=Role.ADMINISTRATOR)
    person = Person(name=name, organisation=organisation, role=role, password=None, made_at=now)
    people.add_person(register=register, actor=admin, now=now, person=person)
    secret = new_token()
    people.issue_token(register=register, actor=admin, now=now, name=name, secret=secret, days=1,
                       scopes=(Scope.READ, Scope.WRITE))  # fmt: skip
    return secret
