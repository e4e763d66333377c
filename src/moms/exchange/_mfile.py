"""Reads the literal part of a MATLAB file: assignments of numbers, texts, matrices and cells.

Nothing is run. A statement that is not a literal is handed back as `Code`, so that whoever asked
can know it by heart or refuse it; it is never skipped.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moms.grid import FloatArray, IntArray


class BadCaseFile(Refused):
    """A case file that cannot be read as it stands, with the line where it fails."""

    def __init__(self, says: str, *, line: int | None = None, fix: str | None = None) -> None:
        super().__init__(says, field="file" if line is None else f"line {line}", fix=fix)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix:
    """Numbers in rows, (n, k), with the line of each row."""

    values: FloatArray
    line: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """Texts in order, with the line of each."""

    texts: tuple[str, ...]
    line: tuple[int, ...]
    plain: bool
    """Whether it holds texts alone: no numbers, no cell inside a cell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assigned:
    """`name = value`."""

    name: str
    value: Matrix | Cell | float | str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A statement that is not a literal, blanks taken out, continuation lines joined."""

    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """A whole file: what it calls its result, its statements in order, and its comments."""

    returns: str
    name: str
    statements: tuple[Assigned | Code, ...]
    comments: tuple[tuple[int, str], ...]
    """(line, text) of the comments outside matrices and cells, and of the opening line of each."""


_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_FUNCTION = re.compile(r"\s*function\s+(\w+)\s*=\s*(\w+)\s*(?:\(\s*\))?\s*;?\s*$")
_FUNCTION_OF_MANY = re.compile(r"\s*function\s*\[")
_ASSIGN = re.compile(r"\s*([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)\s*=(?!=)\s*(.*)$", re.DOTALL)
_SCALAR = re.compile(rf"({_NUMBER})(?:\s*/\s*({_NUMBER}))?\s*(?:[;,]|$)(.*)$")
_TEXT = re.compile(r"""(?:'((?:[^']|'')*)'|"((?:[^"]|"")*)")\s*(?:[;,]|$)(.*)$""")
_PLAIN = re.compile(r"[-+0-9.eE \t;,naNifIF]*\Z").match
_WORDS = re.compile(r"[-+0-9.eE \t;,\w]*\Z").match
_BEFORE_COMMENT = re.compile(r"""(?:[^%#'"]|'(?:[^']|'')*'|"(?:[^"]|"")*")*""")
_ONE_TEXT = re.compile(r"\s*'([^'%{}]*)'\s*[;,]?\s*\Z").match
_CELL_PART = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<open>[{\[])|(?P<close>[}\]])|(?P<gap>[;,])"""
    rf"""|(?P<more>\.\.\..*)|(?P<comment>[%#].*)|(?P<number>{_NUMBER}(?![\w.])|[-+]?(?:Inf|NaN)\b))"""
)
_QUOTIENT = re.compile(rf"({_NUMBER})/(?:({_NUMBER})|sqrt\(({_NUMBER})\))\Z", re.ASCII)
_VALUE = re.compile(rf"(?:{_NUMBER}|[-+]?(?:inf|nan))\Z", re.IGNORECASE | re.ASCII).match
_EMPTY_PLACE = re.compile(r"(?:^|[;,])\s*,")


def read(text: str, *, names: Mapping[str, float] | None = None) -> Document:
    """Give the statements of a MATLAB file that holds one function without arguments.

    `names` are words that stand for numbers inside matrices (the columns of a change table).

    Raises:
        BadCaseFile: not such a file, or a matrix, cell or text that is not closed, ragged or not of
            plain numbers; it names the line.
    """
    return _Reader(text, names=names).document()


class _Reader:
    """Goes through the lines once; `row` is the line being read, counted from 0."""

    def __init__(self, text: str, *, names: Mapping[str, float] | None) -> None:
        if "\0" in text:
            raise BadCaseFile("this is not a text file", fix="give a MATPOWER case as text (.m)")
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.row = 0
        self.names = names
        self.comments: list[tuple[int, str]] = []
        self._drop_block_comments(text)

    def document(self) -> Document:
        returns, name = self._function()
        return Document(returns=returns, name=name, statements=tuple(self._statements()), comments=tuple(self.comments))

    @property
    def line(self) -> int:
        return self.row + 1

    def _drop_block_comments(self, text: str) -> None:
        if "%{" not in text and "#{" not in text:
            return
        opened: list[int] = []
        for at, line in enumerate(self.lines):
            word = line.strip()
            if word in {"%{", "#{"}:
                opened.append(at)
            if opened:
                self.lines[at] = ""
            if word in {"%}", "#}"} and opened:
                opened.pop()
        if opened:
            raise BadCaseFile("the block comment opened here is never closed", line=opened[0] + 1, fix="add %}")

    def _bare(self, line: str, *, keep: bool = True) -> str:
        """Give a line without its comment; the comment is remembered."""
        if "%" not in line and "#" not in line:
            return line
        found = _BEFORE_COMMENT.match(line)
        end = found.end() if found else 0
        if end < len(line) and line[end] in "%#":
            if keep:
                self.comments.append((self.line, line[end:].lstrip("%# \t").rstrip()))
            return line[:end]
        return line

    def _function(self) -> tuple[str, str]:
        while self.row < len(self.lines):
            bare = self._bare(self.lines[self.row])
            if bare.strip():
                break
            self.row += 1
        else:
            raise BadCaseFile("the file is empty", line=1, fix="give a MATPOWER case, version 2")
        if _FUNCTION_OF_MANY.match(bare):
            raise BadCaseFile(
                "this is a MATPOWER case of version 1 (one output per table)",
                line=self.line,
                fix="save it as version 2 with MATPOWER's savecase",
            )
        found = _FUNCTION.match(bare)
        if not found:
            raise BadCaseFile(
                f"expected `function mpc = name`, found {_short(bare)!r}",
                line=self.line,
                fix="give a MATPOWER case, version 2",
            )
        self.row += 1
        return found[1], found[2]

    def _statements(self) -> Iterator[Assigned | Code]:
        while self.row < len(self.lines):
            rest = self._bare(self.lines[self.row])
            while rest.strip(" \t;,"):
                statement, rest = self._statement(rest.lstrip(" \t;,"))
                yield statement
            self.row += 1

    def _statement(self, rest: str) -> tuple[Assigned | Code, str]:
        at = self.line
        found = _ASSIGN.match(rest)
        if not found:
            return self._code(rest)
        name, value = found[1], found[2]
        if value.startswith("["):
            matrix, tail = self._matrix(name, value[1:])
            return Assigned(name=name, value=matrix, line=at), self._after(name, tail)
        if value.startswith("{"):
            cell, tail = self._cell(name, value[1:])
            return Assigned(name=name, value=cell, line=at), self._after(name, tail)
        if text := _TEXT.match(value):
            inner = text[1].replace("''", "'") if text[1] is not None else text[2].replace('""', '"')
            return Assigned(name=name, value=inner, line=at), text[3]
        if value[:1] in {"'", '"'}:
            raise BadCaseFile(f"the text given to {name} is not closed", line=at, fix="close the quotes")
        if number := _SCALAR.match(value):
            self._whole_line(name, number[0])
            return Assigned(name=name, value=self._ratio(number[1], number[2]), line=at), number[3]
        return self._code(rest)

    def _ratio(self, above: str, below: str | None) -> float:
        if below is None:
            return float(above)
        if float(below) == 0:
            raise BadCaseFile(f"{above}/{below} divides by zero", line=self.line)
        return float(above) / float(below)

    def _whole_line(self, name: str, matched: str) -> None:
        """Refuse a number that the end of the file may have cut: nothing follows it, not even a line end."""
        if self.row == len(self.lines) - 1 and not re.search(r"[;,]", matched):
            raise BadCaseFile(
                f"the file ends in the middle of the number given to {name}", line=self.line, fix="end it with ;"
            )

    def _after(self, name: str, tail: str) -> str:
        if tail.strip() and tail.lstrip()[0] not in ";,":
            raise BadCaseFile(
                f"{name} is computed ({_short(tail)!r} follows its bracket)", line=self.line, fix="give plain numbers"
            )
        return tail

    def _code(self, rest: str) -> tuple[Code, str]:
        """Take one statement that is no literal: to the next ; outside brackets, or the end of the line."""
        at = self.line
        while "..." in rest and self.row + 1 < len(self.lines):
            self.row += 1
            rest = rest[: rest.index("...")] + " " + self._bare(self.lines[self.row])
        depth = 0
        for k, char in enumerate(rest):
            depth += (char in "([{") - (char in ")]}")
            if depth <= 0 and char == ";":
                return Code(text=_tight(rest[:k]), line=at), rest[k + 1 :]
        return Code(text=_tight(rest), line=at), ""

    # -- matrices ---------------------------------------------------------------------------------

    def _matrix(self, name: str, rest: str) -> tuple[Matrix, str]:
        opened, usual = self.line, True
        plain = _PLAIN if self.names is None else _WORDS
        kept: list[tuple[int, str]] = []
        line, tail, last = rest, None, len(self.lines) - 1
        while True:
            at = self.line
            if not plain(line) or "..." in line:
                line, tail = self._matrix_line(name, line, opened)
                usual &= plain(line) is not None
            kept.append((at, line))
            if tail is not None:
                return self._numbers(name, kept, usual=usual), tail
            if self.row == last:
                raise self._unclosed("matrix", name, opened, "];")
            self.row += 1
            line = self.lines[self.row]

    def _unclosed(self, what: str, name: str, opened: int, end: str) -> BadCaseFile:
        return BadCaseFile(
            f"the {what} {name} opened here is never closed: the file may be cut (it ends at line {len(self.lines)})",
            line=opened,
            fix=f"add {end}",
        )

    def _matrix_line(self, name: str, line: str, opened: int) -> tuple[str, str | None]:
        """Give the numbers of an unusual line, and what stands after the closing bracket if it closes."""
        bare = self._bare(line, keep=self.line == opened)
        start = self.line
        while "..." in bare and self.row + 1 < len(self.lines):
            self.row += 1
            bare = bare[: bare.index("...")] + " " + self._bare(self.lines[self.row], keep=False)
        depth = 1
        out: list[str] = []
        for k, char in enumerate(bare):
            depth += (char == "[") - (char == "]")
            if depth == 0:
                return "".join(out), bare[k + 1 :]
            if char == ";" and depth > 1:
                raise BadCaseFile(
                    f"{name}: rows inside an inner bracket are not read", line=start, fix="one row a line"
                )
            out.append(" " if char in "[]" else char)
        if "=" in bare:
            raise BadCaseFile(
                f"the matrix {name} opened on line {opened} is not closed before {_short(bare)!r}",
                line=start,
                fix="add ];",
            )
        if depth > 1:
            raise BadCaseFile(f"{name}: an inner bracket is not closed on its line", line=start, fix="close it with ]")
        return "".join(out), None

    def _numbers(self, name: str, kept: list[tuple[int, str]], *, usual: bool) -> Matrix:
        flat: list[str] = []
        widths: list[int] = []
        at: list[int] = []
        for number, line in kept:
            row = line
            if "," in line:
                if _EMPTY_PLACE.search(line):
                    raise BadCaseFile(f"{name}: nothing stands before a comma", line=number, fix="give a number")
                row = line.replace(",", " ")
            for part in row.split(";"):
                tokens = part.split()
                if tokens:
                    flat += tokens
                    widths.append(len(tokens))
                    at.append(number)
        lines = np.array(at, dtype=np.int64)
        self._same_width(name, np.array(widths, dtype=np.int64), lines)
        try:
            values = self._floats(flat, usual=usual)
        except ValueError:
            raise self._first_bad(name, flat, np.repeat(lines, widths)) from None
        width = widths[0] if widths else 0
        return Matrix(values=values.reshape(len(widths), width), line=lines)

    def _floats(self, tokens: list[str], *, usual: bool) -> FloatArray:
        if usual and self.names is None:  # nothing but digits, signs, dots and the letters of e, Inf, NaN
            return np.array(list(map(float, tokens)), dtype=np.float64)
        known = {token: self._word(token) for token in set(tokens)}
        return np.array([known[token] for token in tokens], dtype=np.float64)

    def _word(self, token: str) -> float:
        if self.names is not None and token in self.names:
            return self.names[token]
        if quotient := _QUOTIENT.match(token):
            above, below, root = quotient.groups()
            divisor = float(below) if below else math.sqrt(float(root))
            if divisor:
                return float(above) / divisor
        if not _VALUE(token):
            raise ValueError(token)
        return float(token)

    def _first_bad(self, name: str, tokens: list[str], lines: IntArray) -> BadCaseFile:
        for token, line in zip(tokens, lines.tolist(), strict=True):
            try:
                self._word(token)
            except ValueError:
                return BadCaseFile(f"{name}: {_short(token)!r} is not a number", line=line, fix="give plain numbers")
        raise AssertionError(name)

    @staticmethod
    def _same_width(name: str, widths: IntArray, lines: IntArray) -> None:
        other = np.flatnonzero(widths != widths[0]) if len(widths) else widths
        if len(other):
            k = int(other[0])
            raise BadCaseFile(
                f"{name}: row {k + 1} has {widths[k]} columns where the rows above have {widths[0]}",
                line=int(lines[k]),
                fix="give each row the same columns",
            )

    # -- cells ------------------------------------------------------------------------------------

    def _cell(self, name: str, rest: str) -> tuple[Cell, str]:
        opened, depth, plain = self.line, 1, True
        texts: list[str] = []
        at: list[int] = []
        line, last = rest, len(self.lines) - 1
        while True:
            if found := _ONE_TEXT(line):
                texts.append(found[1])
                at.append(self.line)
            else:
                place = 0
                while line[place:].strip():
                    part = _CELL_PART.match(line, place)
                    if not part:
                        raise BadCaseFile(
                            f"the cell {name} opened on line {opened} cannot be read at {_short(line[place:])!r}",
                            line=self.line,
                            fix="give texts in quotes",
                        )
                    place = part.end()
                    if text := part["text"]:
                        texts.append(text[1:-1].replace(text[0] * 2, text[0]))
                        at.append(self.line)
                    plain &= not (part["open"] or part["number"])
                    depth += bool(part["open"]) - bool(part["close"])
                    if depth == 0:
                        return Cell(texts=tuple(texts), line=tuple(at), plain=plain), line[place:]
            if self.row == last:
                raise self._unclosed("cell", name, opened, "};")
            self.row += 1
            line = self.lines[self.row]


def _short(text: str, *, length: int = 40) -> str:
    words = " ".join(text.split())
    return words if len(words) <= length else words[: length - 3] + "..."


def _tight(text: str) -> str:
    """Take out the blanks, but keep one between words and inside [name lists]."""
    return re.sub(r"\s*([^\w\s\[\]])\s*", r"\1", " ".join(text.split()))
