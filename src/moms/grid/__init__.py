"""The network: equipment, topology, ratings, zones, hours; frozen values that every room reads."""

from moms.grid.ac_model import NO_BAND, AcModel, not_judged
from moms.grid.breakers import Breakers, Switched, switched
from moms.grid.calendar import season_of, shape_columns
from moms.grid.contingency import Contingency
from moms.grid.network import (
    UNRATED,
    BoolArray,
    Branches,
    BranchKind,
    Buses,
    BusKind,
    DcLines,
    FloatArray,
    IntArray,
    Network,
    NoSuchElement,
    RatingSource,
    TextArray,
    Units,
)
from moms.grid.world import Flag, Grid, Hours, Register, Season, Shapes, Stations, Zones

__all__ = [
    "NO_BAND",
    "UNRATED",
    "AcModel",
    "BoolArray",
    "BranchKind",
    "Branches",
    "Breakers",
    "BusKind",
    "Buses",
    "Contingency",
    "DcLines",
    "Flag",
    "FloatArray",
    "Grid",
    "Hours",
    "IntArray",
    "Network",
    "NoSuchElement",
    "RatingSource",
    "Register",
    "Season",
    "Shapes",
    "Stations",
    "Switched",
    "TextArray",
    "Units",
    "Zones",
    "not_judged",
    "season_of",
    "shape_columns",
    "switched",
]
