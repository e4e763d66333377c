"""A season plan as a drawing: a row a request, the asked days as an outline, the planned ones filled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH, LEFT, TOP, ROW, RIGHT = 1200, 300, 84, 20, 20
INK, PAPER, RULE, KEPT, MOVED, BAD = "#1b2733", "#ffffff", "#d5dbe1", "#0b5cad", "#8a5a00", "#b3261e"
MOST_ROWS = 300
"""With more requests only those that moved or wait are drawn, and the title says how many are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One request: days count from the first of the season, ends excluded."""

    name: str
    owner: str
    asked: tuple[int, int]
    planned: tuple[int, int] | None
    says: str

    @property
    def quiet(self) -> bool:
        """Whether it is where it was asked for."""
        return self.planned == self.asked


def timeline(bars: Sequence[Bar], *, first: date, days: int, title: str) -> str:
    """Draw a plan as SVG; every bar carries its sentence, and the drawing the sum of them."""
    shown = sorted(bars, key=lambda b: (b.planned is None, b.planned or b.asked, b.name))
    if len(shown) > MOST_ROWS:
        shown = [b for b in shown if not b.quiet]
    height = TOP + ROW * len(shown) + 16
    waits = sum(b.planned is None for b in bars)
    moved = sum(b.planned is not None and not b.quiet for b in bars)
    left = len(bars) - len(shown)
    hidden = f" {left} that stay where they were asked for are not drawn." if left else ""
    span = f"{first} to {first + timedelta(days=days - 1)}"
    says = f"{len(bars)} requests, {span}: {moved} moved, {waits} without a place.{hidden}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="list" aria-labelledby="t d" '
        'font-family="sans-serif" font-size="12">'
    )
    parts = [
        head,
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(says)}</desc>',
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
        f'<text x="12" y="22" fill="{INK}" font-size="16">{escape(title)}</text>',
        f'<text x="12" y="42" fill="{INK}">{escape(says)}</text>',
        *_legend(),
        *_days(first, days, height),
        *(part for k, bar in enumerate(shown) for part in _bar(bar, TOP + ROW * k, days)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(day: float, days: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * day / days


def _legend() -> Iterator[str]:
    """Say what the three looks mean: by shape and word, not by colour alone."""
    for k, (look, word) in enumerate((
        (f'fill="{KEPT}"', "as asked"),
        (f'fill="{MOVED}"', "moved; the outline is what was asked"),
        (f'fill="none" stroke="{BAD}" stroke-dasharray="3 2"', "no place"),
    )):  # fmt: skip
        x = 12 + (0, 100, 360)[k]
        yield f'<rect x="{x}" y="52" width="14" height="10" {look}/>'
        yield f'<text x="{x + 20}" y="61" fill="{INK}">{word}</text>'


def _days(first: date, days: int, height: int) -> Iterator[str]:
    """Rule the weeks, or the months of a long season."""
    for k in range(days):
        day = first + timedelta(days=k)
        if (day.day == 1) if days > 120 else day.weekday() == 0:
            x = _x(k, days)
            yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 8}" stroke="{RULE}"/>'
            yield f'<text x="{x + 2:.1f}" y="{TOP - 8}" fill="{INK}">{day:%d %b}</text>'


def _bar(bar: Bar, y: int, days: int) -> Iterator[str]:
    """Draw one request, with its sentence for whoever points at it or hears it."""
    name = f"{bar.name}, {bar.owner}"
    yield f'<g role="listitem" aria-label="{escape(f"{name}: {bar.says}", quote=True)}">'
    yield f"<title>{escape(f'{name}: {bar.says}')}</title>"
    short = name if len(name) <= 42 else f"{name[:41]}…"
    yield f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end" fill="{INK}">{escape(short)}</text>'
    if bar.planned is None:
        yield _rect(bar.asked, y, days, f'fill="none" stroke="{BAD}" stroke-dasharray="3 2"')
    elif bar.quiet:
        yield _rect(bar.planned, y, days, f'fill="{KEPT}"')
    else:
        yield _rect(bar.asked, y, days, f'fill="none" stroke="{INK}"')
        middle, to = (_x(sum(span) / 2, days) for span in (bar.asked, bar.planned))
        yield f'<line x1="{middle:.1f}" x2="{to:.1f}" y1="{y + 10}" y2="{y + 10}" stroke="{MOVED}"/>'
        yield _rect(bar.planned, y, days, f'fill="{MOVED}"')
    yield "</g>"


def _rect(span: tuple[int, int], y: int, days: int, look: str) -> str:
    x, end = _x(span[0], days), _x(span[1], days)
    return f'<rect x="{x:.1f}" y="{y + 4}" width="{end - x:.1f}" height="12" {look}/>'
