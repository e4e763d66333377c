"""Is there enough: margin by hour and zone, loss of load, reserve."""

from moms.adequacy.bands import Bands, margin_bands
from moms.adequacy.change import HurtDay, MarginChange, headroom_mw, margin_with_request
from moms.adequacy.copt import NotAFleet, add_unit, bracket, capacity_outage, remove_unit
from moms.adequacy.elcc import Capability, profile_elcc, unit_elcc
from moms.adequacy.fleet import Taken
from moms.adequacy.followed import Followed, followed
from moms.adequacy.frequency import outage_frequency
from moms.adequacy.issue import ForecastIssue, NotAForecast, check_forecast, with_forecast
from moms.adequacy.lole import AreaLoss, Loss, SystemLoss, place_loss, system_loss
from moms.adequacy.margin import DayMargin, MarginResult, MarginRow, MarginRules, margin
from moms.adequacy.outlook import Outlook, OutlookRules, Room, outlook
from moms.adequacy.paths import DRAWN_BY
from moms.adequacy.rates import NotRates, RatesIssue, check_rates, rated
from moms.adequacy.recall import (
    FEWEST_YEARS,
    RecallOdds,
    RecallRules,
    WindowRecall,
    band,
    clopper_pearson,
    recall_odds,
    short_share,
    window_recall,
)
from moms.adequacy.scenarios import Drawn, NoScenarios, Scenarios, draw, margins_of, running_mw, scenario_margins
from moms.adequacy.sequential import Simulated, joint_p, simulate
from moms.adequacy.spectrum import spectral_difference
from moms.adequacy.system import Away, NotALoad, System, Unit, table_of_units
from moms.adequacy.table import OutageTable, Partial, lole_days, loss_of_load
from moms.adequacy.weather_years import WeatherYears, weather_years

__all__ = [
    "DRAWN_BY",
    "FEWEST_YEARS",
    "AreaLoss",
    "Away",
    "Bands",
    "Capability",
    "DayMargin",
    "Drawn",
    "Followed",
    "ForecastIssue",
    "HurtDay",
    "Loss",
    "MarginChange",
    "MarginResult",
    "MarginRow",
    "MarginRules",
    "NoScenarios",
    "NotAFleet",
    "NotAForecast",
    "NotALoad",
    "NotRates",
    "OutageTable",
    "Outlook",
    "OutlookRules",
    "Partial",
    "RatesIssue",
    "RecallOdds",
    "RecallRules",
    "Room",
    "Scenarios",
    "Simulated",
    "System",
    "SystemLoss",
    "Taken",
    "Unit",
    "WeatherYears",
    "WindowRecall",
    "add_unit",
    "band",
    "bracket",
    "capacity_outage",
    "check_forecast",
    "check_rates",
    "clopper_pearson",
    "draw",
    "followed",
    "headroom_mw",
    "joint_p",
    "lole_days",
    "loss_of_load",
    "margin",
    "margin_bands",
    "margin_with_request",
    "margins_of",
    "outage_frequency",
    "outlook",
    "place_loss",
    "profile_elcc",
    "rated",
    "recall_odds",
    "remove_unit",
    "running_mw",
    "scenario_margins",
    "short_share",
    "simulate",
    "spectral_difference",
    "system_loss",
    "table_of_units",
    "unit_elcc",
    "weather_years",
    "window_recall",
    "with_forecast",
]
