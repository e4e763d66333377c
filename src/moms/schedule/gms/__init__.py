"""Classic generator maintenance: weeks for units, by the least reserve, by squares, or by levelised risk."""

from moms.schedule.gms.fleet import Fleet, Unit, UnitDoesNotFit, out_kw
from moms.schedule.gms.levels import Levelled, largest_level
from moms.schedule.gms.risk import MissingRate, effective
from moms.schedule.gms.squares import least_squares

__all__ = [
    "Fleet",
    "Levelled",
    "MissingRate",
    "Unit",
    "UnitDoesNotFit",
    "effective",
    "largest_level",
    "least_squares",
    "out_kw",
]
