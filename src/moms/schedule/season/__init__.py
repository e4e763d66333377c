"""The season plan: one problem, constraints and terms by name, plans with bounds, clashes and reasons in words."""

from moms.schedule.season.around import places_found
from moms.schedule.season.board import Board
from moms.schedule.season.chains import chained
from moms.schedule.season.change import Difference, difference, smallest_change
from moms.schedule.season.check import Broken, breaks
from moms.schedule.season.clash import Clash, smallest_clash
from moms.schedule.season.displaced import in_the_way
from moms.schedule.season.explain import Why, explain, owners
from moms.schedule.season.objective import burdens, values
from moms.schedule.season.problem import (
    AtMost,
    Before,
    Bundle,
    Conflict,
    Job,
    NotAProblem,
    Problem,
    Resource,
    Zone,
)
from moms.schedule.season.room import Fit, fit_in, smallest_fit
from moms.schedule.season.solve import Level, Planned, first_fit, solve
from moms.schedule.season.together import Together

__all__ = [
    "AtMost",
    "Before",
    "Board",
    "Broken",
    "Bundle",
    "Clash",
    "Conflict",
    "Difference",
    "Fit",
    "Job",
    "Level",
    "NotAProblem",
    "Planned",
    "Problem",
    "Resource",
    "Together",
    "Why",
    "Zone",
    "breaks",
    "burdens",
    "chained",
    "difference",
    "explain",
    "first_fit",
    "fit_in",
    "in_the_way",
    "owners",
    "places_found",
    "smallest_change",
    "smallest_clash",
    "smallest_fit",
    "solve",
    "values",
]
