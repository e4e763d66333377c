"""How many requests the running service takes in: server, worker and database on this machine, and the sender too.

Requests are sent when their time has come, whether or not earlier ones have been answered, and each is timed from
that instant: a server that stalls makes all that wait late. They are filed with `Prefer: respond-async`, which
writes request, journal and notices and leaves the decision to the worker, who decides meanwhile.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from moms.bench.own_home import own_home
from moms.bench.rows import Row
from moms.bench.served import running, token_of
from moms.desk.catalogue import catalogue_of
from moms.exchange.grids import open_grid
from moms.exchange.rulebook import HOME
from moms.outages import Category
from moms.store.place import open_place
from moms.values import SYSTEM, Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from moms.store.place import Place

GRID, RULES = "miso", "miso-demo-1"
YEARLY_PER_S, TENFOLD_PER_S = 14.0, 139.0
"""50,000 requests, as many as a year has, within an hour; and ten times that."""
P95_MS = 300.0
SENDERS = 64
AHEAD_DAYS = 200
DAYS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How long and how fast."""

    seconds: float
    rate_per_s: float
    steps_per_s: tuple[float, ...]
    step_s: float
    drain_s: float


WHOLE = Size(seconds=60.0, rate_per_s=YEARLY_PER_S, steps_per_s=(28.0, 56.0, 84.0, 112.0, TENFOLD_PER_S), step_s=15.0,
             drain_s=120.0)  # fmt: skip
QUICK = Size(seconds=3.0, rate_per_s=4.0, steps_per_s=(8.0,), step_s=2.0, drain_s=10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of one request."""

    status: int
    late_ms: float
    """From when it was due to be sent until it was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The running service, as the sender sees it."""

    port: int
    pid: int
    token: str
    place: Place

    def cpu_s(self) -> float | None:
        """Give what the server's process has used of the processors; None where the system does not tell."""
        try:
            told = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return None
        user, system = told.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def rows(*, quick: bool) -> list[Row]:
    """Measure on a home of its own, which is removed afterwards."""
    size = QUICK if quick else WHOLE
    with own_home() as home:
        organisation, asks = _asks()
        with _served(home, organisation) as served:
            _send(served, asks, rate_per_s=2.0, seconds=3.0)  # warm
            before = served.cpu_s()
            first = _send(served, asks, rate_per_s=size.rate_per_s, seconds=size.seconds)
            after = served.cpu_s()
            steps = list(_steps(served, asks, size))
            sent = [*first, *(one for _, found in steps for one in found)]
            written = _written(served.place)
            drained = _drain(served.place, size.drain_s)
    used_s = None if before is None or after is None else after - before
    return [*_of_first(first, size), _cpu(used_s, len(first)), _highest(steps, size), *_of_book(sent, written, drained)]


def _cpu(used_s: float | None, many: int) -> Row:
    """Tell what a request costs, which a busy machine does not change as it does the time to an answer."""
    value = None if used_s is None else 1000.0 * used_s / many
    why = None if used_s is not None else "this system does not tell"
    return Row(id="intake.cpu", what="CPU of the server's process for one request", value=value, unit="ms", why=why,
               runs=many)  # fmt: skip


def _steps(served: Served, asks: Iterator[dict[str, object]], size: Size) -> Iterator[tuple[float, list[Sent]]]:
    """Go faster until it does not hold."""
    for rate in size.steps_per_s:
        found = _send(served, asks, rate_per_s=rate, seconds=size.step_s)
        yield rate, found
        if not held(found):
            return


def held(found: Sequence[Sent]) -> bool:
    """Tell whether all was taken in and answered in time."""
    return all(one.status == 202 for one in found) and percentile([one.late_ms for one in found], 0.95) < P95_MS


def percentile(values: Sequence[float], share: float) -> float:
    """Give the least value that so large a share does not exceed (nearest rank).

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.0
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _of_first(found: Sequence[Sent], size: Size) -> list[Row]:
    late = [one.late_ms for one in found]
    what = f"{size.rate_per_s:g} requests a second for {size.seconds:g} s, 95 of 100 answered within"
    refused = sum(one.status != 202 for one in found)
    return [
        Row(id="intake.p95", what=what, value=percentile(late, 0.95), unit="ms", goal=P95_MS, clock="wall",
            spread=(percentile(late, 0.5), max(late)), runs=len(late)),
        Row(id="intake.not_taken", what="of these not taken in", value=float(refused), unit="", goal=0.0, clock="wall",
            runs=len(late)),
    ]  # fmt: skip


def _highest(steps: Sequence[tuple[float, Sequence[Sent]]], size: Size) -> Row:
    good = [rate for rate, found in steps if held(found)]
    told = "; ".join(
        f"{rate:g}/s: p95 {percentile([one.late_ms for one in found], 0.95):.0f} ms,"
        f" {sum(one.status != 202 for one in found)} of {len(found)} not taken"
        for rate, found in steps
    )
    what = f"highest rate tried that held for {size.step_s:g} s (p95 under {P95_MS:g} ms): {told}"
    return Row(id="intake.highest", what=what, value=max(good, default=0.0), unit="per s", direction="max",
               clock="wall", runs=len(steps))  # fmt: skip


def _of_book(sent: Sequence[Sent], written: int, drained: tuple[int, int, float]) -> list[Row]:
    decided, left, took_s = drained
    taken = sum(one.status == 202 for one in sent)
    rate = decided / took_s
    why = None if not left else f"{left} still waited; at this rate they take {left / rate if rate else math.inf:.0f} s"
    return [
        Row(id="intake.lost", what="answered as taken in and not in the book (less those that warmed it)",
            value=float(max(0, taken - written)), unit="", goal=0.0, clock="wall", runs=taken),
        Row(id="intake.decided", what=f"decided by one worker on {GRID} once all was in", value=rate, unit="per s",
            direction="max", clock="wall", runs=decided),
        Row(id="intake.drain", what="until the worker had decided all of them", value=None if left else took_s,
            unit="s", clock="wall", why=why),
    ]  # fmt: skip


# ------------------------------------------------------------ the service


@contextmanager
def _served(home: Path, organisation: str) -> Iterator[Served]:
    """Run the program itself with a worker beside it, under rules by which the worker decides at once."""
    rules = json.loads((HOME / f"{RULES}.json").read_text(encoding="utf-8"))
    rules["clock"]["decide_after_min"] = {"value": 0, "source": "the benchmark: nobody else decides"}
    (home / "rules.json").write_text(json.dumps(rules), encoding="utf-8")
    own = {"MOMS_HOME": str(home), "MOMS_GRID": GRID, "MOMS_RULE_BOOK": str(home / "rules.json")}
    env = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")} | own
    with open_place(env=env) as place:
        token = token_of(place, name="sender", organisation=organisation, role=Role.OWNER)
        with running(env, "--work") as (port, pid):
            yield Served(port=port, pid=pid, token=token, place=place)


def _asks() -> tuple[str, Iterator[dict[str, object]]]:
    """Give the owner of most branches, and requests of its without end: no two of one branch on one day."""
    grid = open_grid(GRID)
    owned: dict[str, list[str]] = {}
    for one in catalogue_of(grid).search("branch", limit=1_000_000):
        row = grid.network.row(one.id)
        first = one.category == Category.TRANSMISSION and grid.network.branches.equipment[row] == row
        if one.owner and first:
            owned.setdefault(one.owner, []).append(one.id)
    organisation = max(sorted(owned), key=lambda name: len(owned[name]))
    return organisation, _requests(organisation, owned[organisation])


def _requests(organisation: str, branches: Sequence[str]) -> Iterator[dict[str, object]]:
    first = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=AHEAD_DAYS)
    for number in range(len(branches) * DAYS):
        at, branch = divmod(number, len(branches))
        start = first + timedelta(days=at)
        yield {
            "external_id": f"bench-{number}", "organisation": organisation, "category": "transmission",
            "kind": "planned", "nature": "LM", "assets": [branches[branch]], "recall_h": 4, "emergency_return_h": 2,
            "window": {"start": start.isoformat(), "end": (start + timedelta(hours=8)).isoformat()},
            "contacts": [{"name": "bench", "phone": "+1 555 0100"}],
        }  # fmt: skip


# ------------------------------------------------------------ the sender


def _send(served: Served, asks: Iterator[dict[str, object]], *, rate_per_s: float, seconds: float) -> list[Sent]:
    """Send at a rate, each at its time, and give what came of all."""
    many = max(1, round(rate_per_s * seconds))
    bodies = [json.dumps(next(asks)).encode() for _ in range(many)]
    here, lines, begin = threading.local(), list[http.client.HTTPConnection](), time.perf_counter() + 0.1

    def one(number: int) -> Sent:
        due = begin + number / rate_per_s
        time.sleep(max(0.0, due - time.perf_counter()))
        status = _post(_line(served, here, lines), served, bodies[number])
        return Sent(status=status, late_ms=1000.0 * (time.perf_counter() - due))

    try:
        with ThreadPoolExecutor(min(SENDERS, many)) as pool:
            return list(pool.map(one, range(many)))
    finally:
        for line in lines:
            line.close()


def _line(served: Served, here: threading.local, lines: list[http.client.HTTPConnection]) -> http.client.HTTPConnection:
    """Give this thread's own connection, made the first time it is asked for and kept among `lines`."""
    found: http.client.HTTPConnection | None = getattr(here, "line", None)
    if found is None:
        found = here.line = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        lines.append(found)
    return found


def _post(line: http.client.HTTPConnection, served: Served, body: bytes) -> int:
    """Send one; 0 where there was no answer."""
    headers: Mapping[str, str] = {
        "Authorization": f"Bearer {served.token}", "Content-Type": "application/json", "Prefer": "respond-async",
        "Idempotency-Key": os.urandom(16).hex(),
    }  # fmt: skip
    try:
        line.request("POST", "/api/v1/outages", body, dict(headers))
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        line.close()
        return 0
    return answer.status


# ------------------------------------------------------------ the book


def _count(place: Place, *, states: tuple[str, ...] = ()) -> int:
    from moms.desk.ports import Search

    with place.book.as_(SYSTEM) as page:
        return len(page.find(Search(states=states)))


def _written(place: Place) -> int:
    return _count(place)


def _drain(place: Place, limit_s: float) -> tuple[int, int, float]:
    """Wait until nothing waits for its decision, or so long; give how many were decided, how many wait, how long."""
    begun = time.perf_counter()
    waited = left = _count(place, states=("submitted", "validated"))
    while left and time.perf_counter() - begun < limit_s:
        time.sleep(1.0)
        left = _count(place, states=("submitted", "validated"))
    return waited - left, left, max(time.perf_counter() - begun, 1e-9)
