"""The physics: DC power flow, factors, islands. Arrays in, arrays out."""

from moms.powerflow.dc import CutsOff, DcFactor, Disconnected, NoReactance, NotInService, Unbalanced
from moms.powerflow.islands import (
    Adjacency,
    BridgeTree,
    adjacency,
    bridge_tree,
    islands_of,
    label,
    live_branches,
    small_pieces,
)
from moms.powerflow.order import elimination_order

__all__ = [
    "Adjacency",
    "BridgeTree",
    "CutsOff",
    "DcFactor",
    "Disconnected",
    "NoReactance",
    "NotInService",
    "Unbalanced",
    "adjacency",
    "bridge_tree",
    "elimination_order",
    "islands_of",
    "label",
    "live_branches",
    "small_pieces",
]
