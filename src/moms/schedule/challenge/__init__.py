"""The maintenance planning problem of the ROADEF/EURO challenge 2020: a public yardstick for the planner."""

from moms.schedule.challenge.problem import Challenge, Value, evaluate
from moms.schedule.challenge.solve import Outcome, solve

__all__ = ["Challenge", "Outcome", "Value", "evaluate", "solve"]
