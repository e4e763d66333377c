"""Data of homes that tests made as root: they lie outside the homes, and outlive them by tens of megabytes each."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from moms.store.embedded import OF_HOME
from moms.store.service import STATE


def clear(base: Path, *, state: Path = STATE) -> list[str]:
    """Remove the data of homes below `base`, and of temporary homes that are gone, unless a server runs; give them."""
    gone, temporary = [], Path(tempfile.gettempdir())
    for place in sorted(state.iterdir()) if state.is_dir() else ():
        with suppress(OSError):
            home = Path((place / OF_HOME).read_text(encoding="utf-8").strip())
            ours = base in home.parents or (temporary in home.parents and not home.exists())
            if ours and not _runs(place / "data" / "postmaster.pid"):
                shutil.rmtree(place)
                gone.append(str(home))
    return gone


def _runs(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text(encoding="utf-8").split()[0]), 0)
    except (OSError, ValueError, IndexError):
        return False
    return True
