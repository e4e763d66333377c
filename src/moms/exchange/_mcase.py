"""Turns the statements of a MATPOWER case into its tables.

It knows by heart the few lines of code that published cases carry: conversion of loads from kW, of
impedances from ohms, of MVA by power factor. Any other code is refused with its line: a case is never
read as if the code were not there.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.exchange._mfile import Assigned, BadCaseFile, Cell, Code, Document, Matrix

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.grid import FloatArray

BUS = ("BUS_I", "BUS_TYPE", "PD", "QD", "GS", "BS", "BUS_AREA", "VM", "VA", "BASE_KV", "ZONE", "VMAX", "VMIN",
       "LAM_P", "LAM_Q", "MU_VMAX", "MU_VMIN")  # fmt: skip
GEN = ("GEN_BUS", "PG", "QG", "QMAX", "QMIN", "VG", "MBASE", "GEN_STATUS", "PMAX", "PMIN", "PC1", "PC2", "QC1MIN",
       "QC1MAX", "QC2MIN", "QC2MAX", "RAMP_AGC", "RAMP_10", "RAMP_30", "RAMP_Q", "APF", "MU_PMAX", "MU_PMIN",
       "MU_QMAX", "MU_QMIN")  # fmt: skip
BRANCH = ("F_BUS", "T_BUS", "BR_R", "BR_X", "BR_B", "RATE_A", "RATE_B", "RATE_C", "TAP", "SHIFT", "BR_STATUS",
          "ANGMIN", "ANGMAX", "PF", "QF", "PT", "QT", "MU_SF", "MU_ST", "MU_ANGMIN", "MU_ANGMAX")  # fmt: skip
DCLINE = ("F_BUS", "T_BUS", "BR_STATUS", "PF", "PT", "QF", "QT", "VF", "VT", "PMIN", "PMAX", "QMINF", "QMAXF",
          "QMINT", "QMAXT", "LOSS0", "LOSS1", "MU_PMIN", "MU_PMAX", "MU_QMINF", "MU_QMAXF", "MU_QMINT",
          "MU_QMAXT")  # fmt: skip
"""Columns in the order of the file (MATPOWER's idx_bus, idx_gen, idx_brch, idx_dcline)."""

_IDX_BUS = ("PQ", "PV", "REF", "NONE", *BUS)
_IDX_BRCH = (*BRANCH[:11], *BRANCH[13:19], "ANGMIN", "ANGMAX", "MU_ANGMIN", "MU_ANGMAX")
_IDX_GEN = (*GEN[:10], "MU_PMAX", "MU_PMIN", "MU_QMAX", "MU_QMIN", *GEN[10:21])
_IDX = {"idx_bus": _IDX_BUS, "idx_brch": _IDX_BRCH, "idx_gen": _IDX_GEN}
"""What the index functions of MATPOWER return, in order."""

REQUIRED = {"bus": (BUS, 13), "gen": (GEN, 10), "branch": (BRANCH, 11)}
"""Columns of each table and how many a file must give."""
OPTIONAL = {"dcline": (DCLINE, 17)}
CELLS = ("bus_name", "genfuel", "gentype")
_PROMISES = (
    (re.compile(r"specified in ohms.*converted|convert branch impedances from ohms", re.IGNORECASE), "ohms", "ohms"),
    (re.compile(r"specified in kV?[AW]\b.*converted|convert loads from k", re.IGNORECASE), "loads", "kW"),
    (re.compile(r"for 0?\.\d+ power factor, converted|convert loads from MVA", re.IGNORECASE), "pf", "MVA"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """The parts of a case as the file gives them, units converted where its own code says so."""

    name: str
    base_mva: float
    base_line: int
    matrices: dict[str, Matrix]
    cells: dict[str, Cell]
    unused: tuple[str, ...]
    notes: tuple[str, ...]
    """What its own code converted, and what it says it converts but does not."""


def tables(document: Document) -> Tables:
    """Give the tables of a MATPOWER case of version 2.

    Raises:
        BadCaseFile: a part missing, given twice or of the wrong kind or width; code that is not known;
            conversions announced in a comment that never come (the file is cut).
    """
    run = _Run(document)
    run.all()
    return Tables(
        name=document.name,
        base_mva=run.base_mva(),
        base_line=run.fields["baseMVA"].line,
        matrices=run.matrices(),
        cells=run.cells(),
        unused=run.unused(),
        notes=tuple(run.said),
    )


class _Run:
    """Takes the statements in order, as MATLAB would."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fields: dict[str, Assigned] = {}
        self.scalars: dict[str, float] = {}
        self.converted: set[str] = set()
        self.said: list[str] = []
        self.known: set[str] = set()
        self.blocks: list[int] = []
        self.ended: int | None = None

    def all(self) -> None:
        for statement in self.document.statements:
            if self.ended is not None:
                raise BadCaseFile("a statement stands after the function's end", line=statement.line)
            if self.blocks:
                self._skip(statement)
            elif isinstance(statement, Assigned):
                self._assign(statement)
            else:
                self._code(statement)
        if self.blocks:
            raise BadCaseFile("the `if` opened here is never closed: the file may be cut", line=self.blocks[0])
        self._promises_kept()

    def _skip(self, statement: Assigned | Code) -> None:
        """Pass by a statement inside `if` on a constant that is zero."""
        word = statement.text.split("(")[0].split()[0] if isinstance(statement, Code) and statement.text else ""
        if word in {"if", "for", "while", "switch", "try"}:
            self.blocks.append(statement.line)
        elif word in {"else", "elseif", "otherwise", "catch"}:
            raise _computed(statement.line, word)
        elif word == "end":
            self.blocks.pop()

    def _assign(self, statement: Assigned) -> None:
        owner, _, name = statement.name.partition(".")
        if owner != self.document.returns:
            if name or not isinstance(statement.value, float):
                raise _computed(statement.line, f"{statement.name} = ...")
            self.scalars[owner] = statement.value
            return
        if not name:
            raise _computed(statement.line, f"{statement.name} = ...")
        if name in self.fields:
            raise BadCaseFile(
                f"mpc.{name} is given twice, first on line {self.fields[name].line}",
                line=statement.line,
                fix="give it once",
            )
        self.fields[name] = statement

    # -- code known by heart ----------------------------------------------------------------------

    def _code(self, statement: Code) -> None:
        text = re.sub(rf"\b{self.document.returns}\.", "mpc.", statement.text)
        if text in {"end", "endfunction", "return"}:
            self.ended = statement.line
            return
        if found := re.fullmatch(r"\[(.+)\]=(idx_\w+)", text):
            self._index(found[1], found[2], statement)
            return
        if text == "define_constants":
            self.known |= {*_IDX_BUS, *_IDX_BRCH, *_IDX_GEN}
            return
        if (found := re.fullmatch(r"if (\w+)", text)) and self.scalars.get(found[1]) == 0:
            self.blocks.append(statement.line)
            return
        for pattern, act in self._idioms():
            if found := re.fullmatch(pattern, text):
                act(found, statement)
                return
        raise _computed(statement.line, statement.text)

    def _index(self, names: str, function: str, statement: Code) -> None:
        given = tuple(names.replace(",", " ").split())
        if function not in _IDX or given != _IDX[function][: len(given)]:
            raise _computed(statement.line, statement.text)
        self.known |= set(given)

    def _idioms(self) -> tuple[tuple[str, Callable[[re.Match[str], Code], None]], ...]:
        loads = r"mpc\.bus\(:,\[PD[ ,]\s?QD\]\)"
        ohms = r"mpc\.branch\(:,\[BR_R[ ,]\s?BR_X\]\)"
        return (
            (r"Vbase=mpc\.bus\(1,BASE_KV\)\*1e3", self._volts),
            (r"Sbase=mpc\.baseMVA\*1e6", self._base),
            (rf"{ohms}={ohms}/\(Vbase\^2/Sbase\)", self._ohms),
            (rf"{loads}={loads}/1e3", self._kilowatts),
            (r"mpc\.bus\(:,QD\)=mpc\.bus\(:,PD\)\*sin\(acos\((\w+)\)\)", self._reactive),
            (r"mpc\.bus\(:,PD\)=mpc\.bus\(:,PD\)\*(\w+)", self._active),
        )

    def _volts(self, _: re.Match[str], statement: Code) -> None:
        self._knows({"BASE_KV"}, statement)
        self.scalars["Vbase"] = float(self._columns("bus", statement)[0, BUS.index("BASE_KV")]) * 1e3

    def _base(self, _: re.Match[str], statement: Code) -> None:
        if "baseMVA" not in self.fields:
            raise _computed(statement.line, statement.text)
        self.scalars["Sbase"] = self.base_mva() * 1e6

    def _ohms(self, _: re.Match[str], statement: Code) -> None:
        self._knows({"BR_R", "BR_X"}, statement)
        if not {"Vbase", "Sbase"} <= set(self.scalars):
            raise _computed(statement.line, statement.text)
        self._once("ohms", "impedances from ohms", statement)
        per_unit = self.scalars["Vbase"] ** 2 / self.scalars["Sbase"]
        values = self._columns("branch", statement)
        values[:, [BRANCH.index("BR_R"), BRANCH.index("BR_X")]] /= per_unit

    def _kilowatts(self, _: re.Match[str], statement: Code) -> None:
        self._knows({"PD", "QD"}, statement)
        self._once("loads", "loads from kW and kVAr", statement)
        self._columns("bus", statement)[:, [BUS.index("PD"), BUS.index("QD")]] /= 1e3

    def _reactive(self, found: re.Match[str], statement: Code) -> None:
        self._knows({"PD", "QD"}, statement)
        factor = self._factor(found[1], statement)
        values = self._columns("bus", statement)
        values[:, BUS.index("QD")] = values[:, BUS.index("PD")] * math.sin(math.acos(factor))

    def _active(self, found: re.Match[str], statement: Code) -> None:
        self._knows({"PD"}, statement)
        self._once("pf", "loads from MVA by power factor", statement)
        self._columns("bus", statement)[:, BUS.index("PD")] *= self._factor(found[1], statement)

    def _factor(self, name: str, statement: Code) -> float:
        if not 0 < self.scalars.get(name, 0.0) <= 1:
            raise _computed(statement.line, statement.text)
        return self.scalars[name]

    def _knows(self, names: set[str], statement: Code) -> None:
        if not names <= self.known:
            raise _computed(statement.line, statement.text)

    def _once(self, key: str, says: str, statement: Code) -> None:
        if key in self.converted:
            raise BadCaseFile(f"{says} are converted twice", line=statement.line, fix="convert once")
        self.converted.add(key)
        self.said.append(f"the file's own code converts {says}")

    def _columns(self, name: str, statement: Code) -> FloatArray:
        table = self.fields.get(name)
        if table is None or not isinstance(table.value, Matrix) or not len(table.value.values):
            raise _computed(statement.line, statement.text)
        return table.value.values

    def _promises_kept(self) -> None:
        """Refuse a file cut before a conversion it announces.

        Published cases convert ohms, then loads, then MVA; one that leaves a step out and does a later one is
        not cut: MATPOWER reads it so, and the note tells.
        """
        order = [key for _, key, _ in _PROMISES]
        last = max((order.index(key) for key in self.converted), default=-1)
        for line, comment in self.document.comments:
            for promise, key, unit in _PROMISES:
                if not promise.search(comment) or key in self.converted:
                    continue
                if order.index(key) > last:
                    raise BadCaseFile(
                        f"the file says it converts from {unit} but never does: it may be cut",
                        line=line,
                        fix="fetch the file again",
                    )
                note = f"the file says it converts from {unit} but does not: read as it stands, as MATPOWER does"
                if note not in self.said:
                    self.said.append(note)

    # -- the parts --------------------------------------------------------------------------------

    def base_mva(self) -> float:
        self._version()
        found = self.fields.get("baseMVA")
        if found is None:
            raise BadCaseFile("mpc.baseMVA is missing: the file may be cut", fix="give mpc.baseMVA = 100;")
        if not isinstance(found.value, float):
            raise BadCaseFile("mpc.baseMVA is not a number", line=found.line, fix="give a number, usually 100")
        return found.value

    def _version(self) -> None:
        found = self.fields.get("version")
        if found is None:
            raise BadCaseFile("mpc.version is missing", fix="give mpc.version = '2'; and the tables of version 2")
        if found.value not in {"2", 2.0}:
            raise BadCaseFile(f"version {found.value!r} is not read", line=found.line, fix="save the case as version 2")

    def matrices(self) -> dict[str, Matrix]:
        found = {name: self._table(name, *spec) for name, spec in REQUIRED.items()}
        for name, spec in OPTIONAL.items():
            if name in self.fields:
                found[name] = self._table(name, *spec)
        if "gencost" in self.fields:
            found["gencost"] = self._matrix("gencost")
        return found

    def _table(self, name: str, columns: tuple[str, ...], least: int) -> Matrix:
        table = self._matrix(name)
        rows, width = table.values.shape
        if rows and width < least:
            raise BadCaseFile(
                f"mpc.{name} has {width} columns; {least} are needed, to {columns[least - 1]}", line=int(table.line[0])
            )
        if width > len(columns):
            raise BadCaseFile(
                f"mpc.{name} has {width} columns; version 2 knows {len(columns)}",
                line=int(table.line[0]),
                fix="take out the unknown columns",
            )
        return table

    def _matrix(self, name: str) -> Matrix:
        found = self.fields.get(name)
        if found is None:
            raise BadCaseFile(f"mpc.{name} is missing: the file may be cut", fix=f"give mpc.{name} = [...];")
        if not isinstance(found.value, Matrix):
            raise BadCaseFile(f"mpc.{name} is not a matrix", line=found.line, fix="give rows of numbers in [ ]")
        return found.value

    def cells(self) -> dict[str, Cell]:
        wanted = {"bus_name": "bus", "genfuel": "gen", "gentype": "gen"}
        found = {}
        for name, table in wanted.items():
            if name not in self.fields:
                continue
            cell, line = self.fields[name].value, self.fields[name].line
            rows = len(self._matrix(table).values)
            if not isinstance(cell, Cell) or not cell.plain:
                raise BadCaseFile(f"mpc.{name} is not a list of texts", line=line, fix="give texts in { }")
            if len(cell.texts) != rows:
                raise BadCaseFile(
                    f"mpc.{name} has {len(cell.texts)} texts for {rows} rows of mpc.{table}",
                    line=line,
                    fix="give one text a row",
                )
            found[name] = cell
        return found

    def unused(self) -> tuple[str, ...]:
        used = {"version", "baseMVA", "gencost", "areas", *REQUIRED, *OPTIONAL, *CELLS}
        return tuple(sorted(set(self.fields) - used))


def column(name: str, *, of: Matrix, columns: tuple[str, ...]) -> FloatArray:
    """Give one column of a table by MATPOWER's name for it, (n,)."""
    values = of.values
    return values[:, columns.index(name)].copy() if len(values) else np.zeros(0)


def _computed(line: int, text: str) -> BadCaseFile:
    short = text if len(text) <= 60 else text[:57] + "..."
    return BadCaseFile(
        f"the case is computed by code that MOMS does not run: {short}",
        line=line,
        fix="run it in MATPOWER and save the result with savecase",
    )
