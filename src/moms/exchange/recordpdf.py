"""A decision record on paper: the same record gives the same bytes.

No date of printing, no random id and no compression is in the file, so that it can be compared byte by byte. The
fonts are those that every reader has; they know the letters of western Europe, and any other is written by its number.
"""

from __future__ import annotations

import hashlib
import io
from datetime import datetime, timedelta, timezone
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from moms.values import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Document = Mapping[str, Any]

MARKET = timezone(timedelta(hours=-5), "EST")
RED = colors.HexColor("#a3160f")
QUIET = colors.HexColor("#3f454a")
LINE = colors.HexColor("#8d9399")
BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9, leading=12)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=9.5, textColor=QUIET)
HEAD = ParagraphStyle("head", parent=BODY, fontName="Helvetica-Bold", fontSize=10, leading=14, spaceBefore=8)
TITLE = ParagraphStyle("title", parent=BODY, fontName="Helvetica-Bold", fontSize=13, leading=17)
WIDE = letter[0] - 36 * mm - 12
"""Of what stands on a page, in points: its width less the margins and the frame."""
PARTS = {"binds": "over its limit", "lost": "lost", "out": "out"}
MOST_ROWS = 60
"""Of limits exceeded; the rest is counted, and is in the record as JSON."""


class OneLine(Flowable):  # type: ignore[misc]  # the library publishes no types
    """The picture of what binds: a bar for each bus, a line for each element."""

    ROW, TOP, LEFT, WORDS = 30.0, 26.0, 40.0, 220.0

    def __init__(self, picture: Document, *, named: Callable[[str], str]) -> None:
        super().__init__()
        self.picture, self.named = picture, named
        self.width, self.height = WIDE, self.TOP + self.ROW * len(picture["rows"])

    def wrap(self, _wide: float, _high: float) -> tuple[float, float]:
        """Give the room it needs."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw bars, then lines, then words."""
        pen, rows = self.canv, self.picture["rows"]
        pen.setFont("Helvetica", 7.5)
        for column, name in enumerate(self.picture["columns"]):
            mine = [k for k, row in enumerate(rows) if column in {row["start"], row["end"]}]
            if not mine:
                continue
            pen.setLineWidth(3)
            pen.setStrokeColor(colors.black)
            pen.line(self._x(column), self._y(mine[0]) + 8, self._x(column), self._y(mine[-1]) - 8)
            pen.drawCentredString(self._x(column), self._y(mine[0]) + 11, latin(name)[: self._letters()])
        for k, row in enumerate(rows):
            self._element(pen, row, self._y(k))

    def _element(self, pen: Canvas, row: Document, y: float) -> None:
        start = self._x(row["start"])
        end = start + 26 if row["end"] is None else self._x(row["end"])
        part, middle = row["part"], (start + end) / 2
        pen.setStrokeColor(RED if part == "binds" else colors.black)
        pen.setLineWidth(3 if part == "binds" else 1.2)
        pen.setDash(4, 3) if part == "lost" else pen.setDash()
        if part == "out":
            pen.line(start, y, middle - 6, y)
            pen.line(middle + 6, y, end, y)
            pen.line(middle - 6, y - 5, middle - 6, y + 5)
            pen.line(middle + 6, y - 5, middle + 6, y + 5)
        else:
            pen.line(start, y, end, y)
        pen.setDash()
        if part == "lost":
            pen.line(middle - 5, y - 5, middle + 5, y + 5)
            pen.line(middle - 5, y + 5, middle + 5, y - 5)
        if row["end"] is None:
            pen.circle(end + 6, y, 6)
        says = f"{self.named(row['id'])}: {PARTS[part]}"
        says += f", {self.picture['percent']:.1f} %" if part == "binds" else ""
        pen.drawString(self.width - self.WORDS + 10, y - 2.5, latin(says)[:56])

    def _x(self, column: int) -> float:
        count = max(2, len(self.picture["columns"]))
        return float(self.LEFT + (self.width - self.WORDS - 2 * self.LEFT) * column / (count - 1))

    def _letters(self) -> int:
        """Give how many letters of a bus's name stand beside those of the next."""
        return max(3, int((self._x(1) - self._x(0)) / 4.2))

    def _y(self, row: int) -> float:
        return float(self.height - self.TOP - self.ROW * row)


class Numbered(Canvas):  # type: ignore[misc]  # as above
    """A canvas that knows at its end how many pages there are."""

    def __init__(self, *args: object, foot: str = "", **how: object) -> None:
        super().__init__(*args, **how)
        self._foot, self._kept = foot, list[dict[str, Any]]()

    def showPage(self) -> None:  # noqa: N802 - the library's name
        """Keep a page until all are known."""
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write each page with its foot."""
        for number, page in enumerate(self._kept, start=1):
            self.__dict__.update(page)
            self.setFont("Helvetica", 7)
            self.drawString(18 * mm, 10 * mm, self._foot)
            self.drawRightString(letter[0] - 18 * mm, 10 * mm, f"page {number} of {len(self._kept)}")
            super().showPage()
        super().save()


def record_pdf(whole: Document, *, picture: Document | None = None, names: Mapping[str, str] | None = None) -> bytes:
    """Write an outage, as it is shown to somebody, with its decision on paper."""
    called = names or {}

    def named(asset: str) -> str:
        return f"{called[asset]} ({asset})" if called.get(asset) else asset

    outage, record = whole["outage"], whole["decision"]
    mark = hashlib.sha256(canonical(whole)).hexdigest()
    out = io.BytesIO()
    paper = SimpleDocTemplate(
        out, pagesize=letter, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=18 * mm,
        title=f"Decision record of {outage['id']}", author="MOMS", invariant=1, pageCompression=0,
    )  # fmt: skip
    foot = f"{outage['id']}, revision {outage['revision']} - sha256 of what is shown here as JSON: {mark}"
    parts = [*_head(outage, record, named), *_decision(record, picture, named), *_history(whole["history"])]
    paper.build(parts, canvasmaker=partial(Numbered, foot=foot))
    return out.getvalue()


def latin(text: object) -> str:
    r"""Write a text in the letters of the paper's fonts, any other by its number.

    >>> latin("Köln → خط")
    'Köln \\u2192 \\u062e\\u0637'
    """
    return str(text).encode("cp1252", errors="backslashreplace").decode("cp1252")


def market(text: str | None) -> str:
    """Write an instant on the market clock; what is none stays as it is."""
    try:
        return datetime.fromisoformat(text or "").astimezone(MARKET).strftime("%a %Y-%m-%d %H:%M EST")
    except ValueError:
        return text or ""


def _head(outage: Document, record: Document | None, named: Callable[[str], str]) -> list[Flowable]:
    request, window = outage["request"], outage["window"]
    rows = [
        ("Equipment", ", ".join(named(a) for a in request["assets"])),
        ("Window", f"{market(window['start'])} to {market(window['end'])}"),
        ("Asked by", f"{request['organisation']}, reference {request['external_id']}"),
        ("Kind", f"{request['kind']}, {request['nature']}"),
        ("Stands", f"{outage['state']}, {outage['status']}".replace("_", " ")),
        ("Queue stamp", market(outage["stamp"])),
    ]
    if request.get("description"):
        rows.append(("Work", request["description"]))
    says = record["says"] if record else "There is no decision yet."
    return [
        _text(f"Decision record of {outage['id']}", TITLE),
        _text(says, HEAD),
        Spacer(1, 4),
        _table(rows, (70, None)),
    ]


def _decision(record: Document | None, picture: Document | None, named: Callable[[str], str]) -> list[Flowable]:
    if record is None:
        return []
    return [
        *_binding(record, picture, named), *_rules(record), *_crossings(record, named),
        *_listed("Conditions", [c["says"] for c in record["conditions"]]),
        *_listed("Other dates, each studied like the request", [_offer(o) for o in record["alternatives"]]),
        *_listed("How far it looked", [record["searched"]] if record["searched"] else []),
        *_listed("What would change the answer", record["would_change"]),
        *_listed("Caveats", record["notes"]), *_rests(record),
    ]  # fmt: skip


def _binding(record: Document, picture: Document | None, named: Callable[[str], str]) -> list[Flowable]:
    binding = record["binding"]
    if binding is None or binding["kind"] not in {"flow", "margin"}:
        return []
    if binding["kind"] == "margin":
        says = f"Margin of {binding['row']} on {binding['day']}: {binding['with_mw']:.1f} MW with the request, "
        return [_text("What binds", HEAD), _text(f"{says}{binding['without_mw']:.1f} MW without it.")]
    after = (
        f"after the loss of {named(binding['contingency'])}" if binding["contingency"] else "with all else in service"
    )
    says = (
        f"{named(binding['element'])} {after}, {market(binding['hour'])}: {abs(binding['flow_mw']):.1f} MW of "
        f"{binding['limit_mw']:.1f} MW ({binding['percent']:.1f} %); "
        f"{abs(binding['without_mw']):.1f} MW without the request."
    )
    drawn = [OneLine(picture, named=named)] if picture and picture["rows"] else []
    return [_text("What binds", HEAD), _text(says), *drawn]


def _rules(record: Document) -> list[Flowable]:
    rows = [("Answer", "Rule", "Value", "Limit", "Found")]
    for r in record["rules"]:
        mark = f"{r['rule']} (decisive)" if r["rule"] in record["decisive"] else r["rule"]
        value, limit = (_number(r[name], r["unit"]) for name in ("value", "limit"))
        rows.append((r["verdict"], f"{mark}: {r['asks']}", value, limit, r["says"]))
    return [_text(f"Why: {len(record['rules'])} rules", HEAD), _table(rows, (52, 160, 56, 56, None), headed=True)]


def _crossings(record: Document, named: Callable[[str], str]) -> list[Flowable]:
    security = record["evidence"]["security"] or {}
    some = sorted(security.get("crossings", ()), key=lambda c: (-c["percent"], c["element"], c["contingency"] or ""))
    if not some:
        return []
    rows = [("Element", "After the loss of", "Worst hour", "With MW", "Without MW", "Limit MW", "%")]
    for c in some[:MOST_ROWS]:
        without = "" if c["without_mw"] is None else f"{c['without_mw']:.1f}"
        rows.append((named(c["element"]), named(c["contingency"]) if c["contingency"] else "nothing: base case",
                     market(c["hour"]), f"{c['flow_mw']:.1f}", without, f"{c['limit_mw']:.1f}",
                     f"{c['percent']:.1f}"))  # fmt: skip
    more = [_text(f"and {len(some) - MOST_ROWS} more, in the record as JSON", SMALL)] if len(some) > MOST_ROWS else []
    return [_text("Limits exceeded because of the request", HEAD),
            _table(rows, (None, 130, 88, 44, 48, 44, 34), headed=True), *more]  # fmt: skip


def _offer(offer: Document) -> str:
    says = f"{market(offer['window']['start'])} to {market(offer['window']['end'])}: {offer['says']}"
    recall = offer.get("recall")
    if recall is None or recall["rank"] is None:
        return says
    return f"{says}; called back for capacity {recall['chance']['value']:.1%}, rank {recall['rank']}"


def _rests(record: Document) -> list[Flowable]:
    rows = [("Record", f"{record['id']}, revision {record['revision']}, decided {market(record['decided_at'])}")]
    rows += [(name, version) for name, version in sorted(record["versions"].items())]
    return [_text("What it rests on", HEAD), _table(rows, (110, None))]


def _history(lines: Sequence[Document]) -> list[Flowable]:
    rows = [("When", "What", "By", "Why")]
    rows += [(market(line["at"]), line["verb"].replace("_", " "), line["actor"], line["reason"]) for line in lines]
    return [_text("History", HEAD), _table(rows, (100, 90, 110, None), headed=True)]


def _listed(title: str, lines: Sequence[str]) -> list[Flowable]:
    return [_text(title, HEAD), *(_text(f"- {line}") for line in lines)] if lines else []


def _number(value: float | None, unit: str | None) -> str:
    return "" if value is None else f"{value:,.1f} {unit or ''}".strip()


def _text(text: object, style: ParagraphStyle = BODY) -> Paragraph:
    return Paragraph(escape(latin(text), quote=False), style)


def _table(rows: Sequence[Sequence[object]], wide: Sequence[float | None], *, headed: bool = False) -> Table:
    left = (WIDE - sum(w or 0 for w in wide)) / max(1, sum(w is None for w in wide))
    cells = [[_text(cell, SMALL if headed else BODY) for cell in row] for row in rows]
    found = Table(cells, colWidths=[left if w is None else w for w in wide], repeatRows=1 if headed else 0)
    found.setStyle(TableStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]))  # fmt: skip
    return found
