"""Small instances of the challenge in its own format, and its objective written plainly from the subject."""

from __future__ import annotations

import math
from itertools import product

from hypothesis import strategies as st

EXAMPLE1 = {
    "T": 3,
    "Scenarios_number": [3, 3, 3],
    "Alpha": 0.5,
    "Quantile": 0.5,
    "Resources": {"c1": {"min": [10, 0, 6], "max": [49, 23, 15]}},
    "Seasons": {"winter": [1], "summer": [2], "is": [3]},
    "Interventions": {
        "I1": {"tmax": 1, "Delta": [3, 3, 2],
               "workload": {"c1": {"1": {"1": 14}, "2": {"1": 0}, "3": {"1": 0}}},
               "risk": {"1": {"1": [7, 3, 8]}, "2": {"1": [8, 1, 2]}, "3": {"1": [4, 2, 1]}}},
        "I2": {"tmax": 2, "Delta": [1, 1, 1],
               "workload": {"c1": {"1": {"1": 5}, "2": {"2": 5}}},
               "risk": {"1": {"1": [1, 2, 3]}, "2": {"2": [1, 9, 1]}}},
        "I3": {"tmax": 3, "Delta": [1, 1, 1],
               "workload": {"c1": {"1": {"1": 5}, "2": {"2": 5}, "3": {"3": 6}}},
               "risk": {"1": {"1": [1, 1, 1]}, "2": {"2": [2, 2, 2]}, "3": {"3": [5, 4, 9]}}},
    },
    "Exclusions": {"E1": ["I2", "I3", "winter"]},
}  # fmt: skip
"""Three interventions after the pattern of the challenge's first example."""


@st.composite
def instances(draw):
    """Up to four interventions over up to five periods."""
    periods = draw(st.integers(2, 5))
    counts = [draw(st.integers(1, 4)) for _ in range(periods)]
    small = st.integers(0, 9)
    rows = {}
    for k in range(draw(st.integers(1, 4))):
        delta = [draw(st.integers(1, min(3, periods - s))) for s in range(periods)]
        tmax = draw(st.integers(1, periods))
        risk: dict[str, dict[str, list[int]]] = {}
        work: dict[str, dict[str, float]] = {}
        for s, t in product(range(1, tmax + 1), range(1, periods + 1)):
            if s <= t < s + delta[s - 1]:
                risk.setdefault(str(t), {})[str(s)] = [draw(small) for _ in range(counts[t - 1])]
                work.setdefault(str(t), {})[str(s)] = draw(st.sampled_from([0, 1, 2.5]))
        rows[f"I{k}"] = {"tmax": str(tmax), "Delta": delta, "workload": {"c1": work}, "risk": risk}
    exclusions = {}
    if len(rows) > 1 and draw(st.booleans()):
        exclusions["E1"] = ["I0", "I1", draw(st.sampled_from(["winter", "summer"]))]
    return {
        "T": periods, "Scenarios_number": counts, "Alpha": draw(st.sampled_from([0, 0.5, 1])),
        "Quantile": draw(st.sampled_from([0.01, 0.5, 0.95, 1])), "Interventions": rows, "Exclusions": exclusions,
        "Resources": {"c1": {"min": [draw(st.sampled_from([0, 0, 0.5])) for _ in range(periods)],
                             "max": [draw(st.sampled_from([2.5, 4, 99])) for _ in range(periods)]}},
        "Seasons": {"winter": [1, 2], "summer": list(range(3, periods + 1))},
    }  # fmt: skip


def value_of(doc, starts):
    """Give (objective, feasible) of a plan, straight from the document; starts count from 1."""
    out = {n: range(s, s + doc["Interventions"][n]["Delta"][s - 1]) for n, s in starts.items()}
    means, excess, good = [], [], True
    for t in range(1, doc["T"] + 1):
        here = [n for n in starts if t in out[n]]
        rows = [doc["Interventions"][n]["risk"][str(t)][str(starts[n])] for n in here]
        total = sorted(sum(col) for col in zip(*rows, strict=True)) if rows else [0] * doc["Scenarios_number"][t - 1]
        means.append(sum(total) / len(total))
        excess.append(max(total[math.ceil(doc["Quantile"] * len(total)) - 1] - means[-1], 0))
        for c, bounds in doc["Resources"].items():
            use = sum(doc["Interventions"][n]["workload"][c].get(str(t), {}).get(str(starts[n]), 0) for n in here)
            good &= bounds["min"][t - 1] - 1e-5 <= use <= bounds["max"][t - 1] + 1e-5
        for a, b, season in doc["Exclusions"].values():
            good &= not (a in here and b in here and t in doc["Seasons"][season])
    alpha = doc["Alpha"]
    return alpha * sum(means) / len(means) + (1 - alpha) * sum(excess) / len(excess), good


def plans(doc):
    """Give every plan inside the horizon."""
    rows = doc["Interventions"]
    choices = [
        [s for s in range(1, min(int(r["tmax"]), doc["T"]) + 1) if s + r["Delta"][s - 1] - 1 <= doc["T"]]
        for r in rows.values()
    ]
    return (dict(zip(rows, one, strict=True)) for one in product(*choices))
