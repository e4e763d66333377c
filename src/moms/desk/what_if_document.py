"""A what-if as JSON's kinds: bounded, and it says how much was left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from moms.values import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.decide import Check, Crossing, Security, Voltage
    from moms.desk.what_if import WhatIf

FORMAT = "moms-what-if-1"
KEPT = 200
"""Rows of pairs, of islands and of outages an answer has at most, the worst first; how many there are is told."""
BUSES_KEPT = 50
"""Of what an island takes with it."""


def study_document(found: WhatIf) -> dict[str, object]:
    """Give a study as JSON's kinds, at most a few hundred kilobytes of it."""
    outage, hourly = found.outage, found.hourly
    body = {
        "format": FORMAT,
        "id": found.id,
        "found": found.found,
        "outage": {"id": outage.id, "revision": outage.revision, "external_id": outage.request.external_id,
                   "organisation": outage.request.organisation, "assets": outage.request.assets},
        "window": found.window,
        "supposed": found.supposed,
        "as_of": found.now,
        "book_version": found.book_version,
        "outcome": found.outcome,
        "decisive": found.decisive,
        "rules": [_rule(c) for c in found.checks],
        "would_change": found.would_change,
        "against": found.against,
        "missing": found.evidence.missing,
        "notes": found.notes,
        "versions": found.versions,
        "contingencies": [{"what": what, "count": count} for what, count in found.studied],
        **_security(found.evidence.security),
        "also": [_also(one) for one in (found.evidence.queue, found.evidence.alone) if one is not None],
        "remedy": found.evidence.remedy,
        "margin": found.evidence.adequacy,
        "relies_on": found.evidence.relies_on,
        "hours": [] if hourly is None else hourly.hours,
        "points": 0 if hourly is None else hourly.points,
        "shown_percent": None if hourly is None else hourly.shown_percent,
        "near": [] if hourly is None else hourly.near[:KEPT],
        "near_found": 0 if hourly is None else len(hourly.near),
        "moved": [] if hourly is None else hourly.moved,
        **{part: getattr(found, part)[:KEPT] for part in ("holding", "queue", "group")},
        "beside_found": sum(len(part) for part in (found.holding, found.queue, found.group)),
    }  # fmt: skip
    document = plain(body)
    assert isinstance(document, dict)  # noqa: S101 - `plain` of a mapping is one
    return document


def _rule(check: Check) -> dict[str, object]:
    return {"rule": check.rule, "asks": check.asks, "verdict": check.verdict, "says": check.says,
            "value": check.value, "limit": check.limit, "unit": check.unit}  # fmt: skip


def _security(found: Security | None) -> dict[str, object]:
    """Give the study on the supposed book: what exceeds a limit, what is cut off, and what was covered."""
    if found is None:
        return {"study": None, "pairs": [], "pairs_found": 0, "islands": [], "islands_found": 0, "voltage": None}
    islands = sorted(found.cut_off, key=lambda c: (-c.load_mw, -c.generation_mw, c.contingency or ""))
    islands = ([found.self_cut] if found.self_cut else []) + islands
    return {
        "study": {
            "digest": found.digest, "points": found.points, "contingencies": found.contingencies,
            "monitored": found.monitored, "unrated": found.unrated, "synthetic": found.synthetic, "old": found.old,
            "shortfall_mw": found.shortfall_mw, "skipped": found.skipped,
        },
        "pairs": _worst(found.crossings)[:KEPT],
        "pairs_found": len(found.crossings),
        "islands": [
            {"contingency": c.contingency, "load_mw": c.load_mw, "generation_mw": c.generation_mw, "hours": c.hours,
             "buses": c.buses[:BUSES_KEPT], "buses_found": len(c.buses), "units": c.units[:BUSES_KEPT],
             "clean_after": c.clean_after, "critical_load": c.critical_load}
            for c in islands[:KEPT]
        ],
        "islands_found": len(islands),
        "voltage": None if found.voltage is None else _voltage(found.voltage),
    }  # fmt: skip


def _worst(rows: Sequence[Crossing]) -> list[Crossing]:
    return sorted(rows, key=lambda c: (-c.percent, c.contingency or "", c.element))


def _voltage(found: Voltage) -> Voltage:
    """Leave out the saved case: it is as long as the grid, and the decision's own record has it."""
    return replace(found, crossings=found.crossings[:KEPT], at_limit=found.at_limit[:KEPT],
                   unsolved=tuple(replace(one, case=None) for one in found.unsolved[:KEPT]))  # fmt: skip


def _also(found: Security) -> dict[str, object]:
    """Give one of the other studies in few words: with what waits before it, or with no other outage."""
    return {"book": found.book, "digest": found.digest, "pairs_found": len(found.crossings),
            "islands_found": len(found.cut_off), "worst": _worst(found.crossings)[:1]}  # fmt: skip


__all__ = ["FORMAT", "study_document"]
