"""A home for a benchmark, removed afterwards with its database."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def own_home() -> Iterator[Path]:
    """Give a folder to be MOMS_HOME, and remove it.

    As root the server runs as another user, and where that user cannot pass the data go elsewhere and would stay.
    """
    with tempfile.TemporaryDirectory(prefix="moms-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        yield home
