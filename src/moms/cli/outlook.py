"""How a maintenance margin months ahead is shown: by week as a table, by day as a chart and as JSON."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from moms.cli import paper
from moms.values import mw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from moms.adequacy import Bands, Outlook, Room
    from moms.grid import FloatArray

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 1000, 420, 80, 44, 46
INK, GRID_LINE, BOOKED, BAD, BAND = "#1b2733", "#d5dbe1", "#0b5cad", "#b3261e", "#d8e6f5"


def show(found: Outlook, *, bands: Bands | None = None) -> None:
    """Print each week's least day with its binding room, and with bands the footprint's on that day."""
    binding = found.binding()
    if not binding:
        paper.say("No margin can be computed.", abnormal=True)
    else:
        least = np.array([room.margin_mw[d] for d, room in enumerate(binding)])
        d = int(least.argmin())
        paper.say(
            f"The least margin of {len(least)} days is {least[d]:,.1f} MW, on {found.day[d]}: {binding[d].name}.",
            abnormal=bool(least[d] < 0),
        )
        rows = [_week(found, binding, least, k) for k in range(0, len(least), 7)]
        paper.show_table(
            columns=["week of", "least day", "margin MW", "limit MW", "binding"],
            right=["margin MW", "limit MW"],
            rows=rows,
        )
        if bands is not None:
            _show_bands(bands)
    for place, years in found.lole_d.items():
        if max(years) > LOLE_SHOWN:
            said = ", ".join(f"{year:.4f}" for year in years)
            paper.say(f"- {place}: {said} days of loss expected by year, the book's outages out")
    for place, days in found.closed.items():
        paper.say(f"- {place}: {days} days lie in weeks that are closed, over their share of the criterion")
    for text in (*found.unknown, *found.notes):
        paper.say(f"- {text}")


def _show_bands(bands: Bands) -> None:
    """Print for each place the day whose P10 is least."""
    numbers = ["P10 MW", "P50 MW", "P90 MW"]
    rows: list[list[paper.Cell | str]] = []
    for place in bands.place:
        table = bands.of(place)
        d = int(table[0].argmin())
        rows.append([place, str(bands.day[d]), *(paper.Cell(text=f"{mw:,.1f}", abnormal=bool(mw < 0))
                                                 for mw in table[:, d])])  # fmt: skip
    paper.say(f"Margin after reserve with the book's outages, of {bands.scenarios:,} scenarios of "
              f"{bands.weather_years} synthetic weather years: each place's day of least P10")  # fmt: skip
    paper.show_table(columns=["place", "day", *numbers], right=numbers, rows=rows)


LOLE_SHOWN = 0.001


def _week(found: Outlook, binding: Sequence[Room], least: FloatArray, first: int) -> list[paper.Cell | str]:
    d = first + int(least[first : first + 7].argmin())
    return [
        str(found.day[first]),
        str(found.day[d]),
        paper.Cell(text=f"{least[d]:,.1f}", abnormal=bool(least[d] < 0)),
        f"{binding[d].limit_mw[d]:,.1f}",
        binding[d].name,
    ]


def document(found: Outlook, *, bands: Bands | None = None) -> dict[str, object]:
    """Give every room of every day for machines, MW at 0.001; with bands those too."""
    binding = found.binding()
    more = {} if bands is None else {"bands": _band_facts(bands)}
    return more | {
        "day": [str(day) for day in found.day],
        "rooms": [
            {"scope": r.scope, "place": r.place, "method": r.method, "load": r.load, "name": r.name,
             "limit_mw": [mw(x) for x in r.limit_mw], "margin_mw": [mw(x) for x in r.margin_mw]}
            for r in found.rooms
        ],
        "binding": [{"name": r.name, "margin_mw": mw(r.margin_mw[d])} for d, r in enumerate(binding)],
        "lole_d": found.lole_d,
        "closed_days": found.closed,
        "unknown": list(found.unknown),
        "notes": list(found.notes),
    }  # fmt: skip


def _band_facts(bands: Bands) -> dict[str, object]:
    rows = [
        {"place": place, **{name: [mw(x) for x in bands.of(place)[k]]
                            for k, name in enumerate(("p10_mw", "p50_mw", "p90_mw"))}} for place in bands.place
    ]  # fmt: skip
    return {"scenarios": bands.scenarios, "weather_years": bands.weather_years, "rows": rows}


def chart(found: Outlook, *, place: str, bands: Bands | None = None) -> str:
    """Draw the binding margin of one place and its limit with nothing booked, by day, as SVG; with bands those too."""
    band = None if bands is None else bands.of(place)
    binding = found.binding(place=place)
    margin = np.array([room.margin_mw[d] for d, room in enumerate(binding)])
    limit = np.array([room.limit_mw[d] for d, room in enumerate(binding)])
    low, high = min(0.0, float(margin.min())), max(float(limit.max()), float(margin.max()), 1.0)
    if band is not None:
        low, high = min(low, float(band.min())), max(high, float(band.max()))
    ticks = _ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    title = f"Maintenance margin of {place}, {found.day[0]} to {found.day[-1]}"
    d = int(margin.argmin())
    says = f"{title}: least {margin[d]:,.0f} MW on {found.day[d]} ({binding[d].name})."
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d" '
        'font-family="sans-serif" font-size="13">'
    )
    legend = "MW by market day. Line: margin with the book. Dashes: limit with nothing booked. Red: negative."
    if band is not None:
        legend += " Shade: P10 to P90 over scenarios; dots: P50."
    parts = [
        head,
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(says)}</desc>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" fill="{INK}" font-size="16">{escape(says)}</text>',
        *(_rule(tick, low, high) for tick in ticks),
        *(_month(found.day, k) for k in range(len(found.day)) if found.day[k].day == 1),
        *([] if band is None else _band(band, low, high)),
        _line(limit, low, high, colour="#6b7785", dashes="5 4"),
        _line(margin, low, high, colour=BOOKED, dashes=""),
        *(_short(k, margin[k], low, high, len(margin)) for k in range(len(margin)) if margin[k] < 0),
        f'<text x="{LEFT}" y="{HEIGHT - 8}" fill="{INK}">{legend}</text>',
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _x(k: float, count: int) -> float:
    return LEFT + (WIDTH - LEFT - 20) * k / max(count - 1, 1)


def _y(value: float, low: float, high: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)


def _ticks(low: float, high: float) -> list[float]:
    """Give round numbers that cover the span, six of them or so."""
    rough = (high - low) / 5.0
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(power * next(m for m in (1, 2, 5, 10) if m * power >= rough))
    return [float(k * step) for k in range(int(np.floor(low / step)), int(np.ceil(high / step)) + 1)]


def _rule(tick: float, low: float, high: float) -> str:
    y = _y(tick, low, high)
    colour = INK if tick == 0 else GRID_LINE
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{INK}">{tick:,.0f}</text>'
    )


def _month(day: Sequence[date], k: int) -> str:
    every = 1 if len(day) < 200 else 3
    if (day[k].month - 1) % every:
        return ""
    x = _x(k, len(day))
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{GRID_LINE}"/>'
        f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle" fill="{INK}">{day[k]:%Y-%m}</text>'
    )


def _line(values: FloatArray, low: float, high: float, *, colour: str, dashes: str) -> str:
    points = " ".join(f"{_x(k, len(values)):.1f},{_y(v, low, high):.1f}" for k, v in enumerate(values.tolist()))
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"{dashed}/>'


def _band(band: FloatArray, low: float, high: float) -> list[str]:
    """Draw the span from P10 to P90 as an area, and P50 as dots in it."""
    there = [f"{_x(k, band.shape[1]):.1f},{_y(v, low, high):.1f}" for k, v in enumerate(band[0].tolist())]
    back = [f"{_x(k, band.shape[1]):.1f},{_y(v, low, high):.1f}" for k, v in enumerate(band[2].tolist())]
    area = f'<polygon points="{" ".join(there + back[::-1])}" fill="{BAND}" stroke="none"/>'
    return [area, _line(band[1], low, high, colour=BOOKED, dashes="1 4")]


def _short(k: int, value: float, low: float, high: float, count: int) -> str:
    x, top = _x(k, count), _y(0.0, low, high)
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{_y(value, low, high):.1f}" stroke="{BAD}"/>'
