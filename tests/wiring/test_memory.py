"""A process that has studied gives back what it does not hold any more."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from moms.portal.lanes import Lane
from moms.wiring.memory import give_back


def resident_mb() -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found.group(1)) // 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc has malloc_trim")
def test_what_is_freed_is_given_back() -> None:
    pieces = [np.ones(12_000) for _ in range(4000)]  # under the size from which each is mapped by itself
    pinned = np.ones(12_000)  # the last: what is below it cannot be given back by moving the end
    held = resident_mb()
    del pieces
    assert give_back()
    assert resident_mb() < held - 200
    assert pinned.sum() == 12_000


KEPT = """
import sys
import numpy as np
from moms.wiring.memory import give_back, keep_freed
from tests.wiring.test_memory import resident_mb
assert sys.argv[1] == "plain" or keep_freed()
before = resident_mb()
np.ones(12_000_000)
freed = resident_mb()
give_back()
print(freed - before, resident_mb() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc has mallopt")
def test_what_is_freed_is_kept_for_the_next_and_given_back_when_asked() -> None:
    def held(how: str) -> list[int]:
        ran = subprocess.run([sys.executable, "-c", KEPT, how], check=True, capture_output=True, text=True)
        return [int(word) for word in ran.stdout.split()]

    assert held("plain")[0] < 20, "as the C library does it by itself"
    kept, given_back = held("kept")
    assert kept > 80
    assert given_back < 20


def test_a_lane_says_when_nobody_is_on_it_any_more() -> None:
    idle, go, said = Event(), Event(), []

    async def two() -> None:
        def quiet() -> None:
            said.append(lane.inside)
            idle.set()

        lane = Lane("x", threads=1, queue=1, idle=quiet)
        first, second = asyncio.ensure_future(lane.run(go.wait)), asyncio.ensure_future(lane.run(lambda: 1))
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(first, second)
        await asyncio.get_running_loop().run_in_executor(None, idle.wait, 5)
        lane.close()

    with ThreadPoolExecutor(1) as beside:  # a test with a browser may have left a loop on this thread
        beside.submit(asyncio.run, two()).result()
    assert said == [0], "once, after the last"
