"""What does it cost: the dispatch of hours and redispatch."""

from moms.market.balance import CannotBalance
from moms.market.dispatch import Dispatched, NoHours, dispatch
from moms.market.hours import StudyHours, study_hours
from moms.market.redispatch import Reliefs, nearest, redispatch
from moms.market.relief import HourRelief, Move, Redispatch, Relief, Remaining
from moms.market.repair import Repaired, repair
from moms.market.rules import DispatchRules, RedispatchRules
from moms.market.sensitivity import Answer, Over, Sensitivities

__all__ = [
    "Answer",
    "CannotBalance",
    "DispatchRules",
    "Dispatched",
    "HourRelief",
    "Move",
    "NoHours",
    "Over",
    "Redispatch",
    "RedispatchRules",
    "Relief",
    "Reliefs",
    "Remaining",
    "Repaired",
    "Sensitivities",
    "StudyHours",
    "dispatch",
    "nearest",
    "redispatch",
    "repair",
    "study_hours",
]
