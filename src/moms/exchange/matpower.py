"""MATPOWER cases (.m, version 2) as grids: own reader, no MATLAB and no Octave.

Rows stay as in the file, those out of service included, so that row k is `branch:<k>`, `gen:<k>` and
`dcline:<k>` counted from 1. What is filled in or left out is said in the grid's notes. Rules:

- a tap ratio of 0 is 1; a branch with a ratio, a shift or two voltages is a transformer;
- a rating of 0 is none: A unlimited, a missing B is A, a missing C is B;
- what is connected to an isolated bus (type 4) is out of service, and its load is none (as MATPOWER's
  ext2int does);
- an infinite Pmax, or Pmin, is the unit's own dispatch;
- a DC line is two injections: PF leaves the from bus, PF - (LOSS0 + LOSS1 PF) arrives (toggle_dcline).
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import numpy as np

from moms.exchange import _mcase, _mcost, _mfile
from moms.exchange._mcase import BRANCH, BUS, DCLINE, GEN, Tables, column
from moms.exchange._mfile import BadCaseFile
from moms.grid import UNRATED, Branches, BranchKind, Buses, BusKind, DcLines, Grid, Network, RatingSource, Units
from moms.grid.check import Origin, check
from moms.grid.equipment import equipment, star_buses
from moms.values import Finding, Level, Refused

if TYPE_CHECKING:
    from pathlib import Path

    from moms.exchange._mfile import Matrix
    from moms.grid import BoolArray, FloatArray, IntArray

__all__ = ["BadCaseFile", "BadGrid", "parse_case", "read_case"]

NO_PICK_UP = ("wind", "solar")
"""Fuels whose units do not raise their output when another unit trips."""


class BadGrid(Refused):
    """A file that can be read but holds no grid that can be studied; `findings` says why, all of it."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        first, more = findings[0], len(findings) - 1
        super().__init__(
            f"{first.rule}: {first.says}" + (f"; and {more} more" if more else ""), field=first.field, fix=first.fix
        )
        self.findings = findings


def read_case(path: Path) -> Grid:
    """Read a MATPOWER case file.

    Raises:
        BadCaseFile: it cannot be read as a case; the line is named.
        BadGrid: it can, but no study of it would mean anything.
    """
    try:
        content = path.read_bytes()
    except OSError as cause:
        raise BadCaseFile(f"{path.name} cannot be opened: {cause.strerror}", fix="check the path") from cause
    return parse_case(content, name=path.stem)


def parse_case(content: bytes, *, name: str) -> Grid:
    """Give the grid a MATPOWER case holds; `name` is what it is called from now on.

    Raises:
        BadCaseFile, BadGrid: as `read_case`.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    document = _mfile.read(text)
    parts = _mcase.tables(document)
    made = _Made(parts)
    network = made.network()
    findings = check(network, origin=made.origin())
    blocks = tuple(f for f in findings if f.level is Level.BLOCK)
    if blocks:
        raise BadGrid(blocks)
    head = [comment for line, comment in document.comments if line < parts.base_line]
    return Grid(
        name=name,
        title=_title(head, name=parts.name),
        network=network,
        source=f"MATPOWER case {parts.name}",
        licence=_licence(head),
        notes=(*made.notes(), *_flags(findings)),
        digest=hashlib.sha256(content).hexdigest(),
        extras=made.extras() | {"source_sha256": hashlib.sha256(content).hexdigest()},
    )


class _Made:
    """The network of one case, made table by table; what was filled in is counted on the way."""

    def __init__(self, parts: Tables) -> None:
        self.parts = parts
        self.said: list[str] = []
        self.bus, self.gen, self.line = (parts.matrices[t] for t in ("bus", "gen", "branch"))
        self.dc = parts.matrices.get("dcline")
        if not len(self.bus.values):
            raise BadCaseFile("mpc.bus has no rows", fix="give the buses")
        self.numbers = _whole("bus", "BUS_I", self.bus, BUS)
        self.kinds = _whole("bus", "BUS_TYPE", self.bus, BUS)
        self.order = np.argsort(self.numbers, kind="stable")
        self.buses = self._buses()
        self.units = self._units()
        self.dclines = self._dclines()
        self.branches = self._branches()

    def network(self) -> Network:
        return Network(
            base_mva=self.parts.base_mva,
            buses=self.buses,
            branches=self.branches,
            units=self.units,
            dclines=self.dclines,
        )

    def origin(self) -> Origin:
        lines = {"bus": self.bus.line, "branch": self.line.line, "gen": self.gen.line}
        numbers = {
            "branch.from_bus": _whole("branch", "F_BUS", self.line, BRANCH),
            "branch.to_bus": _whole("branch", "T_BUS", self.line, BRANCH),
            "gen.bus": _whole("gen", "GEN_BUS", self.gen, GEN),
        }
        if self.dc is not None:
            lines["dcline"] = self.dc.line
            numbers["dcline.from_bus"] = _whole("dcline", "F_BUS", self.dc, DCLINE)
            numbers["dcline.to_bus"] = _whole("dcline", "T_BUS", self.dc, DCLINE)
        return Origin(line=lines, number=numbers)

    def notes(self) -> tuple[str, ...]:
        present: list[str] = [t for t in ("gencost", "dcline") if t in self.parts.matrices]
        present += [t for t in ("genfuel", "gentype", "bus_name") if t in self.parts.cells]
        absent = [t for t in ("gencost", "dcline", "genfuel", "gentype", "bus_name") if t not in present]
        told = [f"tables in the file: {', '.join(['bus', 'gen', 'branch', *present])}; none of: {', '.join(absent)}"]
        told += self.parts.notes
        told += [f"not used: mpc.{what}" for what in self.parts.unused]
        return (*told, *self.said, "no zones, owners, flags, outage rates or hourly shapes in a MATPOWER case")

    def extras(self) -> dict[str, object]:
        found: dict[str, object] = {
            "bus_area": _whole("bus", "BUS_AREA", self.bus, BUS),
            "bus_zone": _whole("bus", "ZONE", self.bus, BUS),
        }
        for name, cell in self.parts.cells.items():
            if name != "genfuel" and cell.texts:
                found[name] = np.array(cell.texts)
        return found

    # -- tables -----------------------------------------------------------------------------------

    def _buses(self) -> Buses:
        def take(name: str) -> FloatArray:
            return column(name, of=self.bus, columns=BUS)

        alone = self.kinds == BusKind.ISOLATED
        load, dark = take("PD"), alone & (take("PD") != 0)
        self._say(int(dark.sum()), f"loads ({load[dark].sum():g} MW) at isolated buses are left out")
        n = len(self.bus.values)
        return Buses(
            number=self.numbers,
            kind=self.kinds,
            load_mw=np.where(alone & np.isfinite(load), 0.0, load),
            load_mvar=np.where(alone & np.isfinite(load), 0.0, take("QD")),
            shunt_mw=take("GS"),
            shunt_mvar=take("BS"),
            base_kv=take("BASE_KV"),
            vm=take("VM"),
            va_deg=take("VA"),
            vmax=take("VMAX"),
            vmin=take("VMIN"),
            zone=np.zeros(n, dtype=np.int64),
            station=np.full(n, -1, dtype=np.int64),
        )

    def _units(self) -> Units:
        def take(name: str) -> FloatArray:
            return column(name, of=self.gen, columns=GEN)

        g = len(self.gen.values)
        bus = self._rows(_whole("gen", "GEN_BUS", self.gen, GEN))
        up = self._alive("gen", self.gen, GEN, "GEN_STATUS", bus)
        p, top, low = take("PG"), take("PMAX"), take("PMIN")
        self._say(int(np.sum(np.isinf(top))), "units without Pmax are held at their dispatch")
        self._say(int(np.sum(np.isinf(low))), "units without Pmin are held at their dispatch")
        top, low = np.where(top == np.inf, p, top), np.where(low == -np.inf, np.minimum(p, top), low)
        self._say(int(np.sum(up & (top <= 0) & (low < 0))), "units are dispatchable loads (negative output)")
        fuels = self.parts.cells.get("genfuel")
        fuel = np.array(fuels.texts if fuels and g else ["unknown"] * g, dtype=np.str_)
        cost = self._costs(g)
        return Units(
            bus=bus,
            p_mw=p,
            q_mvar=take("QG"),
            p_max_mw=top,
            p_min_mw=low,
            q_max_mvar=take("QMAX"),
            q_min_mvar=take("QMIN"),
            v_set=take("VG"),
            in_service=up,
            fuel=fuel,
            cost_c2=cost.c2,
            cost_c1=cost.c1,
            cost_c0=cost.c0,
            outage_rate=np.zeros(g),
            outage_rate_known=np.zeros(g, dtype=np.bool_),
            picks_up=(top > 0) & ~np.isin(fuel, NO_PICK_UP),
            emergency_only=np.zeros(g, dtype=np.bool_),
        )

    def _costs(self, units: int) -> _mcost.Costs:
        table = self.parts.matrices.get("gencost")
        if table is None:
            nothing = np.zeros(units)
            self.said.append("unit costs are not in the file and count as 0")
            return _mcost.Costs(c2=nothing, c1=nothing, c0=nothing, startup=nothing, shutdown=nothing, notes=())
        found = _mcost.costs(table, units=units)
        self.said.extend(found.notes)
        return found

    def _branches(self) -> Branches:
        def take(name: str) -> FloatArray:
            return column(name, of=self.line, columns=BRANCH)

        m = len(self.line.values)
        from_bus = self._rows(_whole("branch", "F_BUS", self.line, BRANCH))
        to_bus = self._rows(_whole("branch", "T_BUS", self.line, BRANCH))
        a, b, c, source = self._ratings(take("RATE_A"), take("RATE_B"), take("RATE_C"))
        tap, shift, kv = take("TAP"), take("SHIFT"), self.buses.base_kv
        lines = Branches(
            from_bus=from_bus,
            to_bus=to_bus,
            r=take("BR_R"),
            x=take("BR_X"),
            b=take("BR_B"),
            tap=np.where(tap == 0, 1.0, tap),
            shift_deg=shift,
            rate_a_mw=a,
            rate_b_mw=b,
            rate_c_mw=c,
            in_service=self._alive("branch", self.line, BRANCH, "BR_STATUS", from_bus, to_bus),
            kind=np.where((tap != 0) | (shift != 0) | (kv[from_bus] != kv[to_bus]), BranchKind.TRANSFORMER, 0).astype(
                np.int64
            )
            if m
            else np.zeros(0, dtype=np.int64),
            rating_source=source,
            monitored=np.ones(m, dtype=np.bool_),
            contingency=np.ones(m, dtype=np.bool_),
            equipment=np.arange(m),
        )
        return self._whole_equipment(lines)

    def _whole_equipment(self, lines: Branches) -> Branches:
        """Find windings and sections in series; left alone while references are broken (GRID-2 says so)."""
        if not len(lines) or min(lines.from_bus.min(), lines.to_bus.min()) < 0:
            return lines
        plain = self._plain_buses()
        star = star_buses(lines=lines, plain_bus=plain)
        kind = np.where(star[lines.from_bus] | star[lines.to_bus], BranchKind.WINDING, lines.kind).astype(np.int64)
        whole = equipment(from_bus=lines.from_bus, to_bus=lines.to_bus, kind=kind, plain_bus=plain)
        self._say(int(star.sum()), "buses are the star point of a three-winding transformer")
        self._say(int(np.sum(np.bincount(whole) > 1)), "groups of branches (windings, sections in series) trip as one")
        columns = {name: getattr(lines, name) for name in Branches.__slots__}
        return Branches(**columns | {"kind": kind, "equipment": whole})

    def _plain_buses(self) -> BoolArray:
        """Tell which buses have no load, shunt, unit or DC line and are of type 1 or 2."""
        held = self.buses
        plain: BoolArray = (held.load_mw == 0) & (held.load_mvar == 0) & (held.shunt_mw == 0) & (held.shunt_mvar == 0)
        plain &= np.isin(held.kind, (BusKind.PQ, BusKind.PV))
        for rows in (self.units.bus, self.dclines.from_bus, self.dclines.to_bus):
            plain[rows[rows >= 0]] = False
        return plain

    def _ratings(
        self, a: FloatArray, b: FloatArray, c: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
        none = (a == 0) & (b == 0) & (c == 0)
        self._say(int(none.sum()), "branches have no rating and are unlimited")
        self._say(int(np.sum((a == 0) & ~none)), "branches have no rating A but a B or C: A is unlimited")
        self._say(int(np.sum((b == 0) & ~none)), "branches have no rating B: B = A by rule")
        self._say(int(np.sum((c == 0) & ~none)), "branches have no rating C: C = B by rule")
        first = np.where(a == 0, UNRATED, a)
        second = np.where(b == 0, first, b)
        third = np.where(c == 0, second, c)
        source = np.where(none, RatingSource.NONE, RatingSource.DATA).astype(np.int64)
        return first, second, third, source

    def _dclines(self) -> DcLines:
        if self.dc is None or not len(self.dc.values):
            nothing = np.zeros(0)
            rows = np.zeros(0, dtype=np.int64)
            return DcLines(from_bus=rows, to_bus=rows, p_mw=nothing, loss_mw=nothing, in_service=rows.astype(np.bool_))

        def take(name: str) -> FloatArray:
            return column(name, of=table, columns=DCLINE)

        table = self.dc
        from_bus = self._rows(_whole("dcline", "F_BUS", table, DCLINE))
        to_bus = self._rows(_whole("dcline", "T_BUS", table, DCLINE))
        up = self._alive("dcline", table, DCLINE, "BR_STATUS", from_bus, to_bus)
        p = take("PF")
        loss = take("LOSS0") + take("LOSS1") * p
        apart = np.abs(take("PT") - (p - loss)) * up
        self._say(
            int(np.sum(apart > 1e-3)),
            f"DC lines whose PT is {apart.sum():.6g} MW in all away from PF less LOSS0 + LOSS1 PF; PT is not used",
        )
        return DcLines(from_bus=from_bus, to_bus=to_bus, p_mw=p, loss_mw=loss, in_service=up)

    # -- columns ----------------------------------------------------------------------------------

    def _rows(self, numbers: IntArray) -> IntArray:
        """Give the row of each bus number, -1 where no bus has it (GRID-2 tells)."""
        place = np.searchsorted(self.numbers, numbers, sorter=self.order).clip(max=len(self.numbers) - 1)
        rows = self.order[place]
        return np.where(self.numbers[rows] == numbers, rows, -1).astype(np.int64)

    def _alive(self, name: str, table: Matrix, columns: tuple[str, ...], status: str, *ends: IntArray) -> BoolArray:
        """Give what is in service: status 1, and no end at an isolated bus."""
        given = _whole(name, status, table, columns)
        odd = np.flatnonzero((given != 0) & (given != 1))
        if len(odd):
            k = int(odd[0])
            raise BadCaseFile(
                f"{name}:{k + 1} has status {given[k]}", line=int(table.line[k]), fix="give 1 (in service) or 0"
            )
        up: BoolArray = given == 1
        for rows in ends:
            alone = (rows >= 0) & (self.kinds[rows] == BusKind.ISOLATED)
            self._say(int(np.sum(up & alone)), f"{name} rows at isolated buses are out of service")
            up = up & ~alone
        return up

    def _say(self, count: int, what: str) -> None:
        if count > 0:
            self.said.append(f"{count} {what}")


def _whole(table: str, name: str, of: Matrix, columns: tuple[str, ...]) -> IntArray:
    """Give a column of whole numbers.

    Raises:
        BadCaseFile: one is no whole number.
    """
    values = column(name, of=of, columns=columns)
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero(~(np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < 2**53)))
    if len(bad):
        k = int(bad[0])
        raise BadCaseFile(
            f"{table} row {k + 1}: {name} is {values[k]:g}, not a whole number",
            line=int(of.line[k]),
            fix="give a whole number",
        )
    found = values.astype(np.int64)
    if name == "BUS_I" and np.any(found < 1):
        k = int(np.flatnonzero(found < 1)[0])
        raise BadCaseFile(f"bus number {found[k]} is not positive", line=int(of.line[k]), fix="number buses from 1")
    return found


def _title(comments: list[str], *, name: str) -> str:
    """Give the first sentence of the file's help text, without the name it begins with."""
    for comment in comments:
        words = comment.split(None, 1)
        if not words:
            continue
        if words[0].lower() == name.lower():
            return words[1].strip() if len(words) > 1 else name
        return comment
    return name


def _licence(comments: list[str]) -> str:
    """Give the licence the file names, or say that it names none."""
    whole = " ".join(comments)
    if re.search(r"Creative Commons Attribution 4\.0|CC[- ]BY[- ]4\.0", whole):
        return "CC-BY 4.0"
    if re.search(r"3-clause BSD", whole):
        return "BSD-3-Clause"
    if "DATA USE DISCLAIMER AGREEMENT" in whole:
        return "data use disclaimer agreement: see the file"
    return "not stated in the file"


def _flags(findings: tuple[Finding, ...]) -> list[str]:
    """Give one note a rule for what is flagged: the first row and the count."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    return [f"{rule}: {found[0].says}" + (f" (first of {_total(found)})" if len(found) > 1 else "")
            for rule, found in by_rule.items()]  # fmt: skip


def _total(found: list[Finding]) -> int:
    more = re.match(r"and (\d+) more rows", found[-1].says)
    return len(found) - 1 + int(more[1]) if more else len(found)
