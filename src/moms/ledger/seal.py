"""Commit and reveal: the asks are sealed into one root, the operator's number is promised before, shown after."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.values import Refused, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from moms.ledger.asks import Ask


class PromiseBroken(Refused):
    """A number that is not the one that was promised before the gate opened."""


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def leaf(ask: Ask, *, salt: str) -> str:
    """Give the hash of a sealed ask; the owner's salt keeps others from guessing what is in it."""
    return _sha(b"leaf:" + canonical({"ask": ask, "salt": salt}))


def _up(level: Sequence[str]) -> list[str]:
    pairs = [level[k : k + 2] for k in range(0, len(level), 2)]
    # An odd one goes up alone: paired with itself, two different gates could have one root.
    return [_sha(b"node:" + "".join(two).encode()) if len(two) == 2 else two[0] for two in pairs]


def root(leaves: Sequence[str]) -> str:
    """Give the root over all sealed asks, whatever order they came in."""
    level = sorted(leaves)
    if not level:
        return _sha(b"empty")
    while len(level) > 1:
        level = _up(level)
    return level[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One neighbour on the way from a leaf to the root."""

    hash: str
    before: bool


def proof(leaves: Sequence[str], mine: str) -> tuple[Step, ...]:
    """Give an owner what shows that its ask is under the root, without the asks of others."""
    level, steps = sorted(leaves), []
    place = level.index(mine)
    while len(level) > 1:
        other = place ^ 1
        if other < len(level):
            steps.append(Step(hash=level[other], before=other < place))
        level, place = _up(level), place // 2
    return tuple(steps)


def proves(steps: Sequence[Step], mine: str, *, of: str) -> bool:
    """Tell whether the steps lead from a leaf to the root."""
    now = mine
    for step in steps:
        two = step.hash + now if step.before else now + step.hash
        now = _sha(b"node:" + two.encode())
    return now == of


def promise(nonce: str) -> str:
    """Give what the operator publishes before the gate opens."""
    return _sha(b"nonce:" + nonce.encode())


def seed(*, gate_root: str, nonce: str, promised: str) -> str:
    """Give the seed of the draft: neither the owners nor the operator could choose it.

    Raises:
        PromiseBroken: the nonce is not the one that was promised.
    """
    if promise(nonce) != promised:
        raise PromiseBroken("the number shown is not the number promised", field="nonce", fix="show the promised one")
    return _sha(f"{gate_root}|{nonce}".encode())


def lots(seed: str) -> Callable[[str], str]:
    """Give the lot of any name under a seed: who goes first where keys are equal."""
    return lambda name: _sha(f"{seed}|{name}".encode())
