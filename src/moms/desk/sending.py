"""Sending: what is due goes out by its carrier, is marked sent, tried again later, or given up for a person.

A letter is held by a lease. Whoever dies with one in hand leaves it to the next, who may send it once more: outside
a notice comes at least once, always under the same id; in the outbox it is sent once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from moms.records.notices import Channel, Notice

TRIES = 10
"""Tries before a person has to look: some thirty hours."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
LEASE = timedelta(minutes=5)
"""Longer than any carrier may take over one letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What goes to one target at once: one notice by webhook, all that are due by mail or text."""

    channel: Channel
    target: str
    secret: str | None
    notices: tuple[Notice, ...]
    fences: tuple[int, ...]
    """The revision at which each notice is held; another one means that it is no longer ours."""
    tries: int
    """Which try this is, from 1; of several, the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a carrier was answered."""

    sent: bool
    says: str
    final: bool = False
    """Whether trying again is of no use."""


class Carrier(Protocol):
    """Takes a letter outside; never raises for what the other side does."""

    def __call__(self, letter: Letter) -> Answered:
        """Carry it."""
        ...


class Outgoing(Protocol):
    """The outbox, as the sender sees it."""

    def take(self, channels: Sequence[Channel], *, lease: timedelta, tries: int) -> Letter | None:
        """Take a letter that is due and that nobody holds, or None; the try is counted at once.

        What was tried so often is given up, what nobody wants any more is stopped, and neither is taken.
        """
        ...

    def sent(self, letter: Letter, says: str) -> int:
        """Mark what is still held as sent; give how many that were."""
        ...

    def later(self, letter: Letter, says: str, *, after: timedelta | None) -> int:
        """Put off what is still held, or (None) give it up; give how many that were."""
        ...

    def waiting(self) -> Mapping[str, int]:
        """Give how many notices wait, by channel."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one round did, in letters."""

    sent: int = 0
    put_off: int = 0
    given_up: int = 0


def pause(tries: int, *, jitter: float) -> timedelta | None:
    """Give how long to wait after so many tries, None where it was the last; `jitter` in [0, 1) spreads by half.

    >>> [str(pause(n, jitter=0.5)) for n in (1, 2, 6, 10)]
    ['0:00:30', '0:02:00', '6:00:00', 'None']
    """
    if tries >= TRIES:
        return None
    whole: timedelta = min(FIRST_PAUSE * 4 ** (tries - 1), LONGEST_PAUSE)
    return whole * (0.5 + jitter)


def send_due(
    *,
    outgoing: Outgoing,
    carriers: Mapping[Channel, Carrier],
    jitter: Callable[[], float],
    most: int = 1000,
    stop: Callable[[], bool] = lambda: False,
) -> Sent:
    """Send what is due, letter by letter, at most so many; `stop` is asked before each."""
    found = Sent()
    for _ in range(most):
        letter = None if stop() else outgoing.take(tuple(carriers), lease=LEASE, tries=TRIES)
        if letter is None:
            break
        found = _one(outgoing, carriers[letter.channel], letter, jitter(), found)
    return found


def _one(outgoing: Outgoing, carrier: Carrier, letter: Letter, jitter: float, found: Sent) -> Sent:
    answer = carrier(letter)
    if answer.sent:
        outgoing.sent(letter, answer.says)
        return Sent(sent=found.sent + 1, put_off=found.put_off, given_up=found.given_up)
    after = None if answer.final else pause(letter.tries, jitter=jitter)
    outgoing.later(letter, answer.says, after=after)
    up = after is None
    return Sent(sent=found.sent, put_off=found.put_off + (not up), given_up=found.given_up + up)
