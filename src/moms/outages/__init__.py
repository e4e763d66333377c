"""The ask: requests, their lifecycle, and the rules they must meet before anybody studies them."""

from moms.outages.change import Changed, change
from moms.outages.check import check
from moms.outages.document import from_document, request_document, request_from, request_schema, to_document
from moms.outages.lifecycle import FIRST, MOVES, STATE_PAIRS, Verb, begin, may, move
from moms.outages.outage import OVER, STANDING, Added, Outage, State, Status, Wish
from moms.outages.policy import EntryRules, LeadClass
from moms.outages.request import Category, Contact, Kind, Nature, Position, Recurrence, Request, Switch

__all__ = [
    "FIRST",
    "MOVES",
    "OVER",
    "STANDING",
    "STATE_PAIRS",
    "Added",
    "Category",
    "Changed",
    "Contact",
    "EntryRules",
    "Kind",
    "LeadClass",
    "Nature",
    "Outage",
    "Position",
    "Recurrence",
    "Request",
    "State",
    "Status",
    "Switch",
    "Verb",
    "Wish",
    "begin",
    "change",
    "check",
    "from_document",
    "may",
    "move",
    "request_document",
    "request_from",
    "request_schema",
    "to_document",
]
