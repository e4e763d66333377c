"""Join the portal with the book, the register and the grid, and serve it."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn

from moms import __version__
from moms.desk.catalogue import catalogue_of
from moms.desk.duties import Task
from moms.outages import request_schema
from moms.portal.app import make_app
from moms.portal.needs import Limits, Needs, Waits
from moms.portal.passkeys import Challenges
from moms.portal.watch import Measures
from moms.store.calendar import PostgresDays
from moms.store.keys import PostgresKeys, marker
from moms.store.notices import PostgresNotices
from moms.store.outgoing import PostgresOutgoing
from moms.store.people import PostgresRegister
from moms.store.place import open_place
from moms.store.views import PostgresViews
from moms.store.work import PostgresWork
from moms.values import SYSTEM, Refused
from moms.wiring.beside import beside
from moms.wiring.files import file_room, looking
from moms.wiring.landed import current
from moms.wiring.measured import measured
from moms.wiring.memory import give_back, leave_alone
from moms.wiring.office import Office
from moms.wiring.people import hasher, new_secret, provider_of
from moms.wiring.sending import sending
from moms.wiring.settings import settings
from moms.wiring.tls import Shows, proxy_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from moms.desk.keys import Claim, Early
    from moms.desk.work import Row
    from moms.desk.world import World
    from moms.portal.needs import Desk
    from moms.store.place import Place
    from moms.values import Actor
    from moms.wiring.live import Live
    from moms.wiring.settings import Settings
    from moms.wiring.tls import Tls

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEADER_BYTES = 16_384


class NotAnAddress(Refused):
    """A host or a public address under which MOMS is not served."""


def serve(
    chosen: Settings,
    *,
    host: str,
    port: int,
    public: str | None,
    limits: Limits,
    say: Callable[[str, str | None], None],
    worker: Sequence[str] = (),
    send_s: float = 5.0,
    metrics: int | None = None,
    tls: Tls | None = None,
    proxies: Sequence[str] = (),
    demo: Live | None = None,
    opened: World | None = None,
    more: Sequence[Sequence[str]] = (),
    shared: Shared | None = None,
) -> None:
    """Serve until told to stop; `say` is told the address once it is open. `worker` is what to run beside it.

    Notices go out every `send_s` (0: never). `metrics` is a port of this machine alone for Prometheus, and `say` is
    told its address too. With `tls` it serves TLS itself; one of the `proxies` is believed about clients'
    certificates. With a `demo` its clock runs and its routes are there. `more` are the words of servers on
    the same port; each is handed the port after `--share`, and is itself started with it as `shared`.

    Raises:
        NotAnAddress: beyond this machine without TLS before it, or a port that is taken.
    """
    hosts, secure = _hosts(host, public, tls=tls is not None)
    factory = None if tls is None else _ready(tls.context())
    _many_files(limits)
    with (
        contextlib.ExitStack() as told,
        open_place(env=os.environ) as place,
        shared.opened() if shared else _listening(host, port) as open_,
    ):
        measures = Measures()
        # A demo's people are made up, and so are their files: it works where no scanner is.
        env = dict(os.environ) if demo is None else {"MOMS_SCANNER": "none", **os.environ}
        given = needs(chosen, place, hosts=hosts, secure=secure, limits=limits, opened=opened, env=env)
        name = f"[{host}]" if ":" in host else host
        here = f"{'http' if tls is None else 'https'}://{name}:{open_.getsockname()[1]}"
        provider = None if demo else provider_of(os.environ, base=public or here)
        proxy = proxy_of(proxies, os.environ)
        app = make_app(
            replace(given, demo=demo, provider=provider, proxy=proxy, own_tls=tls is not None), measures=measures
        )
        leave_alone()
        looked_at = told.enter_context(measured(measures, port=metrics)) if metrics is not None else None
        say(here, looked_at)
        config = uvicorn.Config(
            app, http=Shows, ssl_context_factory=factory, loop="asyncio", ws="none", lifespan="on", log_config=None,
            access_log=False, server_header=False, date_header=True, proxy_headers=False,
            h11_max_incomplete_event_size=HEADER_BYTES, timeout_keep_alive=15, timeout_graceful_shutdown=5,
            limit_concurrency=1000 + limits.streams,
        )  # fmt: skip
        # uvicorn raises the signal that stopped it once more when all requests are done: what is open here,
        # the database first of all, has to be closed before the process may go.
        signal.signal(signal.SIGTERM, _stop)
        server = uvicorn.Server(config)
        with (
            contextlib.suppress(KeyboardInterrupt),
            beside(worker),
            sending(place, os.environ, every_s=send_s),
            looking(file_room(place, env, now=lambda: _now(chosen)[0])),
            _played(demo, given, server),
            _left_with(shared, server),
        ):
            for words in more:
                fd = open_.fileno()
                told.enter_context(beside((*words, "--share", str(fd)), fds=(fd,)))
            server.run(sockets=[open_])


def _ready(context: ssl.SSLContext) -> Callable[..., ssl.SSLContext]:
    """Give what uvicorn calls for a context: the one whose files were read before anything was opened."""
    return lambda *_: context


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A port that another server opened, and that server's process."""

    fd: int
    parent: int

    def opened(self) -> socket.socket:
        """Give the port.

        Raises:
            NotAnAddress: that number is no port that somebody listens on.
        """
        try:
            found = socket.socket(fileno=self.fd)
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                return found
            found.close()
        except OSError:
            pass
        raise NotAnAddress(f"{self.fd} is no open port", field="--share", fix="use --processes, which hands it on")


@contextlib.contextmanager
def _left_with(shared: Shared | None, server: uvicorn.Server) -> Iterator[None]:
    """Stop when the server that shares its port has gone, however it went."""
    if shared is None:
        yield
        return
    done = threading.Event()

    def watch() -> None:
        while not done.wait(1.0):
            if os.getppid() != shared.parent:
                server.should_exit = True

    threading.Thread(target=watch, name="parent", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _many_files(limits: Limits) -> None:
    """Let this process open a file for each stream and each request, as far as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1500 + limits.streams
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def _played(demo: Live | None, given: Needs, server: uvicorn.Server) -> contextlib.AbstractContextManager[None]:
    if demo is None:
        return contextlib.nullcontext()

    def stop() -> None:
        server.should_exit = True

    return demo.at_work(register=given.register, desk=given.desk, stop=stop)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def needs(
    chosen: Settings,
    place: Place,
    *,
    hosts: frozenset[str],
    secure: bool,
    limits: Limits,
    opened: World | None = None,
    env: Mapping[str, str] = os.environ,
) -> Needs:
    """Put together what the portal is handed; the grid is read now, so that nobody waits for it later.

    `opened` is a world that somebody has read already, as its files have it. What lands later is in the answers at
    once; names on the list of equipment are those of the start.
    """
    office = Office(settings=chosen, book=place.book, opened=opened)
    base, world = office.base, office.world

    def desk(
        actor: Actor, *, expected: tuple[str, int] | None = None, claim: Claim | None = None, early: Early | None = None
    ) -> Desk:
        book = place.book if expected is None else place.book.expecting(*expected)
        book = book if claim is None else book.marking(marker(claim, early))
        # The clock of the desk is the installation's, simulated or not; sessions go by the wall clock.
        return Office(settings=replace(chosen, actor=actor, now=_now(chosen)[0]), book=book, opened=base,
                      early=early, days=PostgresDays(place.engine),
                      notices=PostgresNotices(place.engine), duty=duty)  # fmt: skip

    def duty(planning: str) -> Row | None:
        return PostgresWork(place.engine).of(Task.PLAN, planning)

    def ready() -> None:
        with place.book.as_(SYSTEM) as page:
            page.version()

    def waits() -> Waits:
        duties, since = PostgresWork(place.engine).standing()
        late_s = 0.0 if since is None else max(0.0, (_now(chosen)[0] - since).total_seconds())
        return Waits(notices=PostgresOutgoing(place.engine).waiting(), duties=duties, late_s=late_s)

    keys, register = PostgresKeys(place.engine), PostgresRegister(place.engine)
    keys.forget()
    return Needs(
        desk=desk,
        register=register,
        challenges=Challenges(key=register.challenge_key()),
        notices=PostgresNotices(place.engine),
        views=PostgresViews(place.engine),
        keys=keys,
        files=file_room(place, env, now=lambda: _now(chosen)[0]),
        hasher=hasher(),
        secret=new_secret,
        clock=lambda: datetime.now(UTC),
        ready=ready,
        waits=waits,
        hosts=hosts,
        secure=secure,
        request_schema=request_schema(),
        limits=limits,
        idle=give_back,
        catalogue=catalogue_of(world.grid),
        about=lambda: _about(chosen, current(place.book, base, chosen, now=_now(chosen)[0])),
        verify=place.verify,
    )


def _now(chosen: Settings) -> tuple[datetime, bool]:
    """Give what the desk's clock says, and whether it is simulated."""
    here = chosen if chosen.fixed else settings()
    return here.now, here.simulated


def _about(chosen: Settings, world: World) -> dict[str, object]:
    now, simulated = _now(chosen)
    return {
        "now": now,
        "simulated": simulated,
        "grid": world.grid.title,
        "notes": world.grid.notes,
        "rule_book": f"{world.rules.id} v{world.rules.version}",
        "operator": SYSTEM.organisation,
        "version": __version__,
        "control_phone": os.environ.get("MOMS_CONTROL_PHONE") or None,
    }


def _hosts(host: str, public: str | None, *, tls: bool = False) -> tuple[frozenset[str], bool]:
    """Give the names it answers to, and whether browsers reach it by TLS."""
    if public is None:
        if host not in {"127.0.0.1", "localhost", "::1"}:
            fix = "put TLS before it or give --tls-cert, and --public https://NAME, or serve on 127.0.0.1"
            raise NotAnAddress(f"{host} is not this machine alone", field="--host", fix=fix)
        return LOOPBACK, tls
    parts = urlsplit(public)
    if parts.scheme != "https" or not parts.hostname:
        raise NotAnAddress(f"{public!r} is no address with TLS", field="--public", fix="write https://moms.example")
    return frozenset({parts.hostname, *LOOPBACK}), True


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or the event loop leaves Nagle's wait on, and each small answer comes 40 ms late.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(2048)  # whoever is told the address may connect at once, and waits until the first answer
    except OSError as why:
        found.close()
        fix = "choose another, or 0 for any"
        raise NotAnAddress(f"port {port} of {host}: {why.strerror}", field="--port", fix=fix) from why
    return found
