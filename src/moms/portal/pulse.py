"""One look at the journal for all who listen: what thousands of open streams cost is not what each would."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from moms.desk.identities import still_holds
from moms.portal.errors import Busy
from moms.values import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moms.desk.people import Who
    from moms.desk.ports import Told
    from moms.portal.lanes import Lane
    from moms.portal.needs import Needs
    from moms.values import Actor

LOG = logging.getLogger("moms.portal")
EVERY_S = 0.5
BEAT_S = 15.0
MOST = 500
"""Lines told at once."""


class Turn:
    """What all who listen wait for: something happened, somebody may no longer listen, or it was long quiet."""

    def __init__(self) -> None:
        self._over = asyncio.Event()
        self.quiet = False
        self.told: dict[tuple[str, str, str], asyncio.Task[tuple[Told, ...]]] = {}
        """Who sees the same and has heard as much is told the same: asked for once in each turn."""

    async def wait(self) -> bool:
        """Wait for its end; tell whether it ended only because it was long quiet."""
        await self._over.wait()
        return self.quiet

    def end(self, *, quiet: bool) -> None:
        """Let all go on who wait."""
        self.quiet = quiet
        self._over.set()


class Pulse:
    """Who listens in this process, and the one look at the database that is made for all of them."""

    def __init__(self, needs: Needs, lane: Lane) -> None:
        self._needs, self._lane = needs, lane
        self._ears: Counter[str] = Counter()
        self._each: Counter[str] = Counter()
        self._machines: dict[str, Who] = {}
        """Those who act by a certificate, which is no row among sessions and tokens."""
        self._heads: Mapping[str, int] = {}
        self._gone: frozenset[str] = frozenset()
        self._quiet_s = 0.0
        self.turn = Turn()

    @property
    def streams(self) -> int:
        """How many listen."""
        return self._ears.total()

    def room(self, who: Who) -> None:
        """See that one more may listen.

        Raises:
            Busy: too many do already, all together or as this person.
        """
        limits = self._needs.limits
        if self.streams >= limits.streams:
            raise Busy("too many listen already", fix="try again later, or read the list")
        if self._each[who.actor.name] >= limits.streams_each:
            raise Busy("you listen in too many windows already", fix="close some, or read the list")

    @contextmanager
    def listening(self, who: Who) -> Iterator[None]:
        """Count somebody among those who listen."""
        counted = ((self._ears, who.credential.hash), (self._each, who.actor.name))
        self._gone -= {who.credential.hash}  # it held when it was asked for, a moment ago
        if who.credential.kind == "certificate":
            self._machines[who.credential.hash] = who
        for counter, name in counted:
            counter[name] += 1
        try:
            yield
        finally:
            for counter, name in counted:
                counter[name] -= 1
                if not counter[name]:
                    del counter[name]
            if not self._ears[who.credential.hash]:
                self._machines.pop(who.credential.hash, None)

    def holds(self, who: Who) -> bool:
        """Tell whether this session, token or certificate held at the last look."""
        return who.credential.hash not in self._gone

    async def told(self, turn: Turn, actor: Actor, cursor: Mapping[str, int]) -> tuple[Told, ...]:
        """Give the lines after those that this actor may see.

        Raises:
            Busy: too much waits for the database.
        """
        # What is seen depends on organisation and role, never on the name: the policies of `journal` say so.
        eyes = (actor.organisation, actor.role.value, json.dumps(cursor, sort_keys=True))
        task = turn.told.get(eyes)
        if task is None:
            asked = self._lane.run(lambda: tuple(self._needs.desk(actor).told(cursor, limit=MOST)))
            task = turn.told[eyes] = asyncio.create_task(asked)
        try:
            return await asyncio.shield(task)
        except Busy:
            turn.told.pop(eyes, None)
            raise

    async def beat(self) -> None:
        """Look for all, and end the turn where there is a reason; for ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            if self._ears:
                await self._look()

    async def _look(self) -> None:
        asked = frozenset(self._ears)
        try:
            # On a thread of its own: neither looks nor studies may keep it waiting.
            heads, standing = await asyncio.to_thread(self._read, asked)
        except Exception:
            LOG.exception("the journal could not be read for those who listen; their streams end")
            heads, standing = {}, frozenset()
        gone, happened = asked - standing, heads != self._heads
        self._quiet_s = 0.0 if happened else self._quiet_s + EVERY_S
        self._heads, self._gone = heads, gone
        quiet = self._quiet_s >= BEAT_S
        if happened or gone or quiet:
            over, self.turn = self.turn, Turn()
            over.end(quiet=quiet and not happened)
            self._quiet_s = 0.0

    def _read(self, asked: frozenset[str]) -> tuple[Mapping[str, int], frozenset[str]]:
        """Give how long each chain of the journal is, and which of these sessions, tokens and certificates hold."""
        register, now = self._needs.register, self._needs.clock()
        with register.as_(SYSTEM) as page:
            there = page.standing(asked)
        holds = {c.hash for c in there if c.holds(now)}
        holds |= {
            name for name, who in dict(self._machines).items() if still_holds(register=register, now=now, who=who)
        }
        return dict(self._needs.desk(SYSTEM).heads()), frozenset(holds)
