"""The words all rooms share: windows, instants, ids, findings, parties, fingerprints."""

from moms.values.digest import canonical, digest, instant_text, plain
from moms.values.finding import Finding, Level
from moms.values.ids import ElementKind, NotAnElement, element, parse, row_of
from moms.values.party import SYSTEM, Actor, Role
from moms.values.quantity import mw, percent
from moms.values.refused import Refused
from moms.values.window import HOUR, Window

__all__ = [
    "HOUR",
    "SYSTEM",
    "Actor",
    "ElementKind",
    "Finding",
    "Level",
    "NotAnElement",
    "Refused",
    "Role",
    "Window",
    "canonical",
    "digest",
    "element",
    "instant_text",
    "mw",
    "parse",
    "percent",
    "plain",
    "row_of",
]
