"""What breaks? N-1 security around a set of outages, hour by hour, with what the request caused."""

from moms.study._at_once import at_once
from moms.study._board import CLEAN, OVER, TIGHT
from moms.study.board import CUTS_OFF, OPEN, OUT, Board, board
from moms.study.contingencies import CHOICES, NoSuchList, contingencies_of
from moms.study.kept_pairs import KeptPairs
from moms.study.result import (
    BaseRow,
    BaseTable,
    Caused,
    Counts,
    Hour,
    IslandingRow,
    RequestCutOff,
    ShortfallRow,
    StudyResult,
    ViolationRow,
    ViolationTable,
    WorstRow,
)
from moms.study.security import HoursDiffer, ListsDiffer, NamedTwice, NothingToStudy, flows_before, some_hours, study
from moms.study.slices import Out, Slice, StudyRules

__all__ = [
    "CHOICES",
    "CLEAN",
    "CUTS_OFF",
    "OPEN",
    "OUT",
    "OVER",
    "TIGHT",
    "BaseRow",
    "BaseTable",
    "Board",
    "Caused",
    "Counts",
    "Hour",
    "HoursDiffer",
    "IslandingRow",
    "KeptPairs",
    "ListsDiffer",
    "NamedTwice",
    "NoSuchList",
    "NothingToStudy",
    "Out",
    "RequestCutOff",
    "ShortfallRow",
    "Slice",
    "StudyResult",
    "StudyRules",
    "ViolationRow",
    "ViolationTable",
    "WorstRow",
    "at_once",
    "board",
    "contingencies_of",
    "flows_before",
    "some_hours",
    "study",
]
