"""A group is studied as one and granted as a whole: no part of it stands on a study of all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from moms.decide import Verdict, settle
from moms.desk.assess import as_asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.decide import Evidence, Settled
    from moms.desk.world import World
    from moms.outages import Outage

NO_SEARCH = "together they exceed a limit, and other dates for a whole group are not looked for"


def together(world: World, members: Sequence[Outage], joint: Evidence) -> tuple[tuple[Settled, Evidence], ...]:
    """Settle each outage of a group on the joint study.

    Where one of them cannot be granted, none is: a study with all of them out says nothing about some.
    """
    asked = [as_asked(o) for o in members]
    own = [_own(world, one, asked, joint) for one in asked]
    first = [_settled(world, one, evidence) for one, evidence in zip(asked, own, strict=True)]
    if all(s.firm for s in first):
        return tuple(zip(first, own, strict=True))
    found = []
    for one, evidence in zip(asked, own, strict=True):
        waits = tuple(_why(o, s) for o, s in zip(asked, first, strict=True) if o.id != one.id and not s.firm)
        fails = any(c.verdict == Verdict.FAIL and c.rule[:4] in {"SEC-", "MAR-"} for s in first for c in s.checks)
        evidence_ = replace(evidence, group_waits=(NO_SEARCH,) if fails else waits)
        found.append((_settled(world, one, evidence_), evidence_))
    return tuple(found)


def _own(world: World, outage: Outage, members: Sequence[Outage], joint: Evidence) -> Evidence:
    """Give the joint evidence as it reads for one member: its own voltage, notice and companions."""
    request = outage.request
    return replace(
        joint,
        base_kv=world.base_kv(request),
        is_line=world.is_line(request),
        reactive=world.is_reactive(request),
        lead_days=(outage.window.start - outage.stamp).total_seconds() / 86400.0,
        together=tuple(o.id for o in members if o.id != outage.id),
        group_leans=tuple(k for k in joint.group_leans if k != outage.id),
    )


def _settled(world: World, outage: Outage, evidence: Evidence) -> Settled:
    return settle(
        request=outage.request,
        evidence=evidence,
        findings=outage.findings,
        rules=world.rules.decision,
        windows_left=False,
    )


def _why(outage: Outage, settled: Settled) -> str:
    rows = [c.says for c in settled.checks if c.rule in settled.decisive]
    return f"{outage.id} goes to an engineer ({'; '.join(dict.fromkeys(rows))})"
