"""Is there enough: margin by hour and zone, loss of load, reserve."""

from moms.adequacy.change import HurtDay, MarginChange, headroom_mw, margin_with_request
from moms.adequacy.copt import (
    NotAFleet,
    OutageTable,
    add_unit,
    capacity_outage,
    lole_days,
    loss_of_load,
    remove_unit,
)
from moms.adequacy.fleet import Taken
from moms.adequacy.margin import DayMargin, MarginResult, MarginRow, MarginRules, margin

__all__ = [
    "DayMargin",
    "HurtDay",
    "MarginChange",
    "MarginResult",
    "MarginRow",
    "MarginRules",
    "NotAFleet",
    "OutageTable",
    "Taken",
    "add_unit",
    "capacity_outage",
    "headroom_mw",
    "lole_days",
    "loss_of_load",
    "margin",
    "margin_with_request",
    "remove_unit",
]
