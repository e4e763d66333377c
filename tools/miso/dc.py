"""The DC power flow that the tool itself uses: flows, transfer factors, outage factors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import SuperLU, splu

BLOCK = 256
SINGULAR = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Dc:
    """A factored network; row 0 of `keep` is the first bus that is not the reference."""

    n: int
    f: np.ndarray
    t: np.ndarray
    b: np.ndarray
    lu: SuperLU

    def angles(self, injection: np.ndarray) -> np.ndarray:
        """Give bus angles for injections per unit, (n,) or (n, k); bus 0 is the reference."""
        found = np.zeros(injection.shape)
        found[1:] = self.lu.solve(np.ascontiguousarray(injection[1:]))
        return found

    def flows(self, injection_mw: np.ndarray) -> np.ndarray:
        """Give branch flows in MW for balanced injections in MW."""
        angle = self.angles(injection_mw)
        return (
            self.b[:, None] * (angle[self.f] - angle[self.t])
            if angle.ndim > 1
            else self.b * (angle[self.f] - angle[self.t])
        )

    def transfer_angles(self, branches: np.ndarray) -> np.ndarray:
        """Give angles, (n, k), for one unit sent in at each branch's from end and out at its to end."""
        source = np.zeros((self.n, len(branches)))
        columns = np.arange(len(branches))
        np.add.at(source, (self.f[branches], columns), 1.0)
        np.add.at(source, (self.t[branches], columns), -1.0)
        return self.angles(source)

    def ptdf(self, branches: np.ndarray) -> np.ndarray:
        """Give each branch's flow per MW put in at each bus (taken out at bus 0), (k, n)."""
        return (self.transfer_angles(branches) * self.b[branches]).T


def factored(*, n: int, f: np.ndarray, t: np.ndarray, b: np.ndarray) -> Dc:
    """Factor the susceptance matrix of a connected network, bus 0 taken as reference."""
    rows = np.arange(len(b))
    ends = sp.csr_matrix(
        (np.r_[np.ones(len(b)), -np.ones(len(b))], (np.r_[rows, rows], np.r_[f, t])), shape=(len(b), n)
    )
    matrix = (ends.T @ sp.diags(b) @ ends).tocsc()[1:, 1:]
    lu = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0)
    return Dc(n=n, f=f, t=t, b=b, lu=lu)


def bridges(*, n: int, f: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the branches whose loss splits the network (Tarjan, parallel circuits told apart).

    Returns whether each branch is one, and for each bus the branch over which the search reached it
    and the order in which it did.
    """
    start, order_of = np.zeros(n + 1, dtype=np.int64), np.r_[f, t]
    np.add.at(start, order_of + 1, 1)
    start = np.cumsum(start)
    by_end = np.argsort(order_of, kind="stable")
    to = np.r_[t, f][by_end].tolist()
    over = (by_end % len(f)).tolist()
    at, ends = start[:-1].tolist(), start[1:].tolist()
    seen, low, reached = [-1] * n, [0] * n, [-1] * n
    found = np.zeros(len(f), dtype=bool)
    clock = 0
    for root in range(n):
        if seen[root] >= 0:
            continue
        seen[root] = low[root] = clock
        clock += 1
        stack = [root]
        while stack:
            here = stack[-1]
            if at[here] < ends[here]:
                k = at[here]
                at[here] += 1
                there, line = to[k], over[k]
                if line == reached[here]:
                    continue
                if seen[there] < 0:
                    seen[there] = low[there] = clock
                    clock += 1
                    reached[there] = line
                    stack.append(there)
                elif seen[there] < low[here]:
                    low[here] = seen[there]
            else:
                stack.pop()
                if stack:
                    below = stack[-1]
                    low[below] = min(low[below], low[here])
                    if low[here] > seen[below]:
                        found[reached[here]] = True
    return found, np.array(reached), np.array(seen)


def outages(
    dc: Dc, *, groups: list[np.ndarray], monitored: np.ndarray
) -> Iterator[tuple[int, np.ndarray | None, np.ndarray]]:
    """Give, for each group of branches lost together, what a MW on each member adds to each monitored flow.

    Yields (group, factors (monitored, members), members): the flow after is
    `flow + factors @ flow[members]` (Guler, Gross and Liu 2007: L = H_K (1 - H_KK)^-1, the
    pseudo-inverse where a pocket with no injection is cut off). Factors are None where the group is
    one bridge. Members themselves are to be read as zero.
    """
    first = 0
    while first < len(groups):
        last, size = first, 0
        while last < len(groups) and (size == 0 or size + len(groups[last]) <= BLOCK):
            size += len(groups[last])
            last += 1
        members = np.concatenate(groups[first:last])
        angle = dc.transfer_angles(members)
        moved = dc.b[monitored, None] * (angle[dc.f[monitored]] - angle[dc.t[monitored]])
        own = dc.b[members, None] * (angle[dc.f[members]] - angle[dc.t[members]])
        at = 0
        for group in range(first, last):
            rows = groups[group]
            here = slice(at, at + len(rows))
            at += len(rows)
            rest = np.eye(len(rows)) - own[here, here]
            if len(rows) == 1 and abs(rest[0, 0]) < SINGULAR:
                yield group, None, rows
                continue
            yield group, moved[:, here] @ np.linalg.pinv(rest, rcond=SINGULAR), rows
        first = last
