"""The demo's service: people let in, clock and script at work, pages served; and begun again where that is asked."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moms.desk.feed import script
from moms.store.people import PostgresRegister
from moms.store.place import open_place
from moms.values import Refused, Role
from moms.wiring.demo import PEOPLE, enter_people
from moms.wiring.live import DemoClock, Live
from moms.wiring.people import hasher, new_secret
from moms.wiring.replay import DemoHome, begin_again, keep_start
from moms.wiring.serve import serve
from moms.wiring.settings import OPERATOR
from moms.wiring.worlds import open_world

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from moms.exchange.season import Season
    from moms.portal.needs import Limits
    from moms.wiring.settings import Settings


def serve_demo(
    chosen: Settings,
    *,
    season: Season,
    port: int,
    seed: int,
    speed: float,
    limits: Limits,
    let_in: Callable[[Sequence[str], str], None],
    say: Callable[[str], None],
    worker: Sequence[str] = (),
    send_s: float = 5.0,
) -> None:
    """Serve until Ctrl-C; `let_in` is told who may sign in with which password, `say` the address.

    Raises:
        Refused: a clock that was given for this run: the demo has one of its own.
        NotAnAddress: as `serve`.
    """
    if chosen.fixed:
        raise Refused("the demo runs a clock of its own", field="now", fix="leave --now and MOMS_NOW out")
    there = DemoHome(home=chosen.home)
    world = open_world(grid=chosen.grid, rule_book=chosen.rule_book, home=chosen.home)
    told = say
    while True:
        live = _live(chosen, there, season=season, seed=seed, speed=speed, let_in=let_in)
        serve(chosen, host="127.0.0.1", port=port, public=None, limits=limits, say=_heard(told), worker=worker,
              send_s=send_s, demo=live, opened=world)  # fmt: skip
        if not live.replaying:
            return
        kept = begin_again(there, env=os.environ, clock=season.clock)
        told = _again(say, str(kept))


def finish_replay(chosen: Settings, *, season: Season) -> bool:
    """Finish a replay that died on its way; tell whether there was one."""
    there = DemoHome(home=chosen.home)
    if there.under_way:
        begin_again(there, env=os.environ, clock=season.clock)
        return True
    return False


def _heard(say: Callable[[str], None]) -> Callable[[str, str | None], None]:
    return lambda address, _measures: say(address)


def _again(say: Callable[[str], None], kept: str) -> Callable[[str], None]:
    return lambda address: say(f"{address} (begun again; what had been entered is in {kept})")


def _live(
    chosen: Settings,
    there: DemoHome,
    *,
    season: Season,
    seed: int,
    speed: float,
    let_in: Callable[[Sequence[str], str], None],
) -> Live:
    password, secrets = new_secret()[:16], hasher()
    with open_place(env=os.environ) as place:
        keep_start(place, there)
        root = Role.ADMINISTRATOR
        actor = type(chosen.actor)(name=chosen.actor.name, organisation=OPERATOR, role=root)
        names = enter_people(
            register=PostgresRegister(place.engine), actor=actor, now=datetime.now(UTC), kept=secrets.hash(password)
        )
    let_in(names, password)
    events = script(seed=seed, requests=[entry.request for entry in season.entries], begins=season.clock)
    return Live(
        clock=DemoClock(home=chosen.home, speed=speed), events=events, people=_people(names), password=password,
        hasher=secrets, run=new_secret()[:16], replayable=there.why_not(os.environ),
    )  # fmt: skip


def _people(names: Sequence[str]) -> tuple[dict[str, str], ...]:
    return tuple(
        {"name": name, "organisation": organisation, "role": role.value, "does": does}
        for name, organisation, role, does in PEOPLE
        if name in names
    )
