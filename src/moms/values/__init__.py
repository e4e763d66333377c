"""The words all rooms share: windows, instants, ids, findings, parties, fingerprints."""

from moms.values.clock import (
    INSTANT_PATTERN,
    MARKET,
    AmbiguousTime,
    Fold,
    HourEnding,
    NonexistentTime,
    NoSuchZone,
    NotAnInstant,
    NoZone,
    OffsetContradictsZone,
    daily,
    hour_beginning,
    hour_ending,
    local_day,
    market_day,
    market_day_of,
    market_hours,
    parse_instant,
    parse_time,
    shown,
    zone_of,
)
from moms.values.digest import canonical, digest, instant_text, plain
from moms.values.finding import Finding, Level
from moms.values.ids import ElementKind, NotAnElement, element, parse, row_of
from moms.values.party import LOOKS_ONLY, OPERATOR, SEES_ALL, SYSTEM, Actor, Role
from moms.values.quantity import mw, percent
from moms.values.refused import Refused
from moms.values.remembered import Remembered
from moms.values.window import HOUR, Window
from moms.values.words import many

__all__ = [
    "HOUR",
    "INSTANT_PATTERN",
    "LOOKS_ONLY",
    "MARKET",
    "OPERATOR",
    "SEES_ALL",
    "SYSTEM",
    "Actor",
    "AmbiguousTime",
    "ElementKind",
    "Finding",
    "Fold",
    "HourEnding",
    "Level",
    "NoSuchZone",
    "NoZone",
    "NonexistentTime",
    "NotAnElement",
    "NotAnInstant",
    "OffsetContradictsZone",
    "Refused",
    "Remembered",
    "Role",
    "Window",
    "canonical",
    "daily",
    "digest",
    "element",
    "hour_beginning",
    "hour_ending",
    "instant_text",
    "local_day",
    "many",
    "market_day",
    "market_day_of",
    "market_hours",
    "mw",
    "parse",
    "parse_instant",
    "parse_time",
    "percent",
    "plain",
    "row_of",
    "shown",
    "zone_of",
]
