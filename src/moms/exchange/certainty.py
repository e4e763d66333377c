"""Certainty models and histories as files: JSON for a model with its card, CSV for what became of outages."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from moms.exchange._sheet import BadTable, read_sheet
from moms.risk import CAUSES, CLASSES, GOES, RECALL, Bin, CertaintyModel, Durations, Hazards, History, Learnt
from moms.risk.calibration import may_be_published
from moms.risk.history import BUCKET_DAYS
from moms.values import Refused, digest

if TYPE_CHECKING:
    from pathlib import Path

    from moms.risk import ModelCard

FORM = 2
OUTCOMES = {"went": GOES, **{name: k for k, name in enumerate(CAUSES, start=1)}, "recall": RECALL}
COLUMNS = (
    "lead_days", "class", "owner", "planned_h", "moves", "winter", "recall_probability", "outcome", "cancelled_days",
    "actual_h", "running",
)  # fmt: skip


class NotAModel(Refused):
    """A file that holds no certainty model of this form."""


def document(model: CertaintyModel, card: ModelCard) -> dict[str, Any]:
    """Give a model and its card as JSON's kinds, with the version that decisions name."""
    body = {
        "form": FORM,
        "hazards": {k: getattr(model.hazards, k).tolist() for k in ("intercept", "slope", "owner")},
        "durations": {k: getattr(model.durations, k).tolist() for k in ("log_ratio", "sigma", "owner")},
        "widening": model.widening,
        "owners": list(model.owners),
        "recalls": {one: list(counts) for one, counts in model.recalls.items()},
        "straight": None if model.straight is None else [part.tolist() for part in model.straight],
        "card": asdict(card) | {"may_be_published": card.may_be_published},
    }
    return body | {"version": digest(body)[:16]}


def write_model(path: Path, *, model: CertaintyModel, card: ModelCard) -> str:
    """Write a model with its card and give its version."""
    found = document(model, card)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")
    return str(found["version"])


def read_model(path: Path) -> tuple[CertaintyModel, dict[str, Any], str]:
    """Read a model, its card and its version.

    Raises:
        NotAModel: not there, no model, or changed since it was written.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        version = found.pop("version")
        model = CertaintyModel(
            hazards=Hazards(**{k: np.array(v) for k, v in found["hazards"].items()}),
            durations=Durations(**{k: np.array(v) for k, v in found["durations"].items()}),
            widening=dict(found["widening"]),
            owners=tuple(found["owners"]),
            recalls={one: (int(called), int(came)) for one, (called, came) in found["recalls"].items()},
            straight=_pair(found["straight"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as cause:
        raise NotAModel(f"{path} is no certainty model", field="model", fix="make one: moms certainty train") from cause
    if found.get("form") != FORM:
        raise NotAModel(f"{path} is of form {found.get('form')}, not {FORM}", field="model", fix="train it again")
    if digest(found)[:16] != version:
        raise NotAModel(f"{path} has been changed since it was written", field="model", fix="train it again")
    return model, found["card"], version


def _pair(straight: list[list[float]] | None) -> tuple[np.ndarray, np.ndarray] | None:
    return None if straight is None else (np.array(straight[0]), np.array(straight[1]))


def read_learnt(path: Path) -> Learnt:
    """Read a model as decisions use it.

    Raises:
        NotAModel: not there, no model, or changed since it was written.
    """
    return _learnt(*read_model(path))


def learnt_of(model: CertaintyModel, card: ModelCard) -> Learnt:
    """Give a model as decisions use it, straight from its training."""
    found = document(model, card)
    return _learnt(model, found["card"], str(found["version"]))


def _learnt(model: CertaintyModel, card: dict[str, Any], version: str) -> Learnt:
    goes, on_time = (tuple(Bin(**one) for one in card[name]["bins"]) for name in ("goes", "on_time"))
    recall = card["causes"]["recall"]
    return Learnt(
        model=model, version=version, source=str(card["source"]), simulated=bool(card["simulated"]),
        goes=goes, on_time=on_time,
        goes_published=may_be_published(ece=card["goes"]["ece"], z=card["goes"]["spiegelhalter_z"]),
        on_time_published=may_be_published(ece=card["on_time"]["ece"], z=card["on_time"]["spiegelhalter_z"]),
        recall_fits=bool(recall["low"] <= recall["expected"] <= recall["high"]),
    )  # fmt: skip


def read_history(path: Path) -> tuple[History, tuple[str, ...]]:
    """Read what became of past outages, in order of filing, and the names of their owners by number.

    Columns: lead_days (at filing), class (line, transformer, thermal, nuclear), owner, planned_h, moves, winter
    (0 or 1), recall_probability (as it was computed), outcome (went, owner, weather, forced, resource, recall),
    cancelled_days (before the planned start, where it was cancelled), actual_h (where it went), running (0 or 1).

    Raises:
        BadTable: the line and column where it fails.
    """
    sheet = read_sheet(path, what="history", needs=COLUMNS, knows=COLUMNS)
    owners: dict[str, int] = {}
    rows: dict[str, list[float]] = {name: [] for name in ("kind", "owner", "outcome", "bucket")}
    for line in sheet.lines:
        outcome, kind = sheet.text(line, "outcome"), sheet.text(line, "class")
        for word, known, column in ((outcome, OUTCOMES, "outcome"), (kind, CLASSES, "class")):
            if word not in known:
                raise BadTable(f"{word!r} is none", field=f"history line {line}, {column}",
                               fix=f"give one of {', '.join(known)}")  # fmt: skip
        rows["kind"].append(CLASSES.index(kind))
        rows["owner"].append(owners.setdefault(sheet.text(line, "owner"), len(owners)))
        rows["outcome"].append(OUTCOMES[outcome])
        days = None if outcome == "went" else sheet.number(line, "cancelled_days", least=0.0)
        rows["bucket"].append(-1 if days is None else _bucket(days))
    numbers = {
        name: np.array([sheet.number(line, name, least=0.0, above=above, needed=False) or 0.0 for line in sheet.lines])
        for name, above in (("moves", False), ("winter", False), ("recall_probability", False), ("actual_h", False),
                            ("running", False))
    }  # fmt: skip
    lead, planned = (
        np.array([sheet.number(line, name, least=0.0, above=True) for line in sheet.lines], dtype=np.float64)
        for name in ("lead_days", "planned_h")
    )
    whole = {name: np.array(values, dtype=np.int64) for name, values in rows.items()}
    for line, outcome_of, hours in zip(sheet.lines, whole["outcome"], numbers["actual_h"], strict=True):
        if outcome_of == GOES and hours <= 0:
            raise BadTable("it went, and has no hours", field=f"history line {line}, actual_h", fix="give its hours")
    history = History(
        lead_days=lead, planned_h=planned, moves=numbers["moves"], winter=numbers["winter"] > 0,
        recall=np.clip(numbers["recall_probability"], 0.0, 1.0), actual_h=numbers["actual_h"],
        running=numbers["running"] > 0, **whole,
    )  # fmt: skip
    return history, tuple(owners)


def _bucket(days: float) -> int:
    return next((b for b, (low, _) in enumerate(BUCKET_DAYS) if days >= low), len(BUCKET_DAYS) - 1)
