"""What every test may ask for: a word why something is missing, and the book-keeping of long tests."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.fixture(scope="session")
def must_have() -> Callable[[bool, str], None]:
    """Skip where this machine lacks something (a database, a compiler, a browser); in CI that is a failure."""

    def check(there: bool, what: str) -> None:
        if there:
            return
        if IN_CI:
            pytest.fail(f"{what} is missing, and CI has to have it", pytrace=False)
        pytest.skip(f"{what} is missing here")

    return check


@pytest.fixture
def long_seed() -> int:
    """Give the seed of this run of the long tests: another one each time, so that counts add up."""
    return int(os.environ.get("MOMS_LONG_SEED", "0"))


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> Iterator[list[int]]:
    """Give a list to which a long test appends the number of cases it has tried; their sum is written down."""
    tried: list[int] = []
    yield tried
    request.node.user_properties.append(("cases", sum(tried)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out long tests that have passed at this commit with this seed."""
    commit, seed = os.environ.get("MOMS_LONG_COMMIT"), os.environ.get("MOMS_LONG_SEED")
    if not commit or not seed or commit.endswith("+"):  # "+": the work tree is not that of a commit
        return
    done = {row["test"] for row in _rows() if row["commit"] == commit and row["seed"] == int(seed)}
    left_out = [item for item in items if item.nodeid in done]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.nodeid not in done]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove what servers that ran as root leave of homes that this run made."""
    from tests.leftovers import clear

    factory = getattr(session.config, "_tmp_path_factory", None)
    if os.geteuid() == 0 and factory is not None:
        clear(Path(factory.getbasetemp()))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write down a long test that passed, at once, so that an interrupted run keeps what it did."""
    if not os.environ.get("MOMS_LONG_FILE") or report.when != "teardown" or not report.passed:
        return
    if not _PASSED.pop(report.nodeid, False):
        return
    row = {
        "test": report.nodeid,
        "commit": os.environ["MOMS_LONG_COMMIT"],
        "seed": int(os.environ["MOMS_LONG_SEED"]),
        "cases": next((int(str(value)) for name, value in report.user_properties if name == "cases"), 1),
        "ended": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()),
    }
    place = _file()
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_suffix(".half")
    half.write_text(json.dumps([*_rows(), row], indent=1) + "\n")
    half.replace(place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember which tests passed, until their teardown has told how many cases they tried."""
    report = yield
    if call.when == "call":
        _PASSED[item.nodeid] = report.passed  # type: ignore[attr-defined] # a hook wrapper is sent the report
    return report


_PASSED: dict[str, bool] = {}


def _file() -> Path:
    return Path(os.environ["MOMS_LONG_FILE"])


def _rows() -> list[dict[str, object]]:
    place = _file()
    return json.loads(place.read_text()) if place.is_file() else []
