"""One typed door to numba: compiled once, kept on disk, IEEE arithmetic (no fastmath)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., object]")


def compiled(function: Function) -> Function:
    """Give the function compiled to machine code at its first call, the code cached beside the module.

    No fastmath: infinite limits mean "unrated", and reordered sums would differ between processors.
    """
    return cast("Function", numba.njit(cache=True, error_model="numpy", nogil=True)(function))
