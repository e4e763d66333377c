"""The ask: requests, their lifecycle, and the rules they must meet before anybody studies them."""

from moms.outages.outage import OVER, STANDING, Outage, State, Status
from moms.outages.request import Category, Contact, Kind, Nature, Position, Recurrence, Request, Switch

__all__ = [
    "OVER",
    "STANDING",
    "Category",
    "Contact",
    "Kind",
    "Nature",
    "Outage",
    "Position",
    "Recurrence",
    "Request",
    "State",
    "Status",
    "Switch",
]
