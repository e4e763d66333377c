"""What does it cost: the dispatch of hours and redispatch."""

from moms.market.balance import CannotBalance
from moms.market.dispatch import Dispatched, NoHours, dispatch
from moms.market.rules import DispatchRules, RedispatchRules

__all__ = [
    "CannotBalance",
    "DispatchRules",
    "Dispatched",
    "NoHours",
    "RedispatchRules",
    "dispatch",
]
