"""The margin as JSON's kinds, for the command line and the service alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.values.quantity import mw

if TYPE_CHECKING:
    from moms.adequacy import DayMargin, MarginChange, MarginResult


def facts(result: MarginResult, change: MarginChange | None) -> dict[str, object]:
    """Give the answer for machines: rows by day, MW at 0.001."""
    days = [
        {
            "day": str(day),
            "rows": [_fact(result.of(row=r, day=d)) for r in range(len(result.rows))],
            "binding": result.binding()[d].row.name if result.rows else None,
        }
        for d, day in enumerate(result.day)
    ]
    out: dict[str, object] = {
        "known": result.known,
        "unknown": list(result.unknown),
        "notes": list(result.notes),
        "days": days,
        "cut_off": [{"unit": f"gen:{t.unit + 1}", "by": t.cut_off_by} for t in result.cut_off],
    }
    if change is not None:
        out["hurt"] = [
            {"day": str(h.after.day), "before_mw": mw(h.before.margin_mw), "new": h.is_new} | _fact(h.after)
            for h in change.hurt
        ]
    return out


def _fact(day: DayMargin) -> dict[str, object]:
    return {
        "row": day.row.name,
        "scope": day.row.scope,
        "place": day.row.place,
        "load": day.row.load,
        "margin_mw": mw(day.margin_mw),
        "hour": day.hour,
    }
