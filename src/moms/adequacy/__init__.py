"""Is there enough: margin by hour and zone, loss of load, reserve."""

from moms.adequacy.copt import (
    NotAFleet,
    OutageTable,
    add_unit,
    capacity_outage,
    lole_days,
    loss_of_load,
    remove_unit,
)

__all__ = [
    "NotAFleet",
    "OutageTable",
    "add_unit",
    "capacity_outage",
    "lole_days",
    "loss_of_load",
    "remove_unit",
]
