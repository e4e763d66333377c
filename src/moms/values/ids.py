"""How things are called.

Elements of a grid are `bus:<number>`, `branch:<row>`, `gen:<row>`, `dcline:<row>`, rows counted
from 1 as in the case file, so that anyone can check a result with another tool; `breaker:<row>`
where the grid knows the layout of its stations.
"""

from __future__ import annotations

from enum import StrEnum

from moms.values.refused import Refused


class ElementKind(StrEnum):
    """The kinds of element an id can name."""

    BUS = "bus"
    BRANCH = "branch"
    GEN = "gen"
    DCLINE = "dcline"
    BREAKER = "breaker"


class NotAnElement(Refused):
    """A text that names no element."""


def element(kind: ElementKind, row: int) -> str:
    """Name the element at a row counted from 0.

    >>> element(ElementKind.BRANCH, 5)
    'branch:6'
    """
    return f"{kind}:{row + 1}"


def row_of(asset: str, *, kind: ElementKind) -> int:
    """Give the row, counted from 0, of an element of this kind.

    >>> row_of("branch:6", kind=ElementKind.BRANCH)
    5
    """
    found, number = parse(asset)
    if found != kind:
        raise NotAnElement(f"{asset!r} is not a {kind}", field="asset", fix=f"give {kind}:<row>")
    return number - 1


def parse(asset: str) -> tuple[ElementKind, int]:
    """Split an id into its kind and its number as written.

    Raises:
        NotAnElement: the text is not `<kind>:<number>` with a number of 1 or more.
    """
    head, _, tail = asset.partition(":")
    try:
        kind = ElementKind(head)
    except ValueError:
        raise NotAnElement(
            f"{asset!r} is not the name of an element", field="asset", fix="write branch:12, gen:7, bus:101 or dcline:1"
        ) from None
    if not (tail.isascii() and tail.isdecimal()) or int(tail) < 1:
        raise NotAnElement(f"{asset!r} has no number after {head}:", field="asset", fix=f"write {head}:<number from 1>")
    return kind, int(tail)
