"""What stays for good is not looked through again for garbage; what comes after it still is."""

from __future__ import annotations

import gc
import weakref

import pytest

from moms.wiring.memory import leave_alone


class Node:
    """Something that may hold itself."""


def looped() -> Node:
    node = Node()
    node.itself = node
    return node


@pytest.fixture
def thawed():
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_what_was_there_is_left_alone_and_what_comes_later_is_still_cleared_away():
    before = weakref.ref(looped())
    stays = looped()
    leave_alone()
    assert before() is None, "what nobody held is gone first"
    assert gc.get_freeze_count() > 0
    assert not any(one is stays for one in gc.get_objects())
    later = weakref.ref(looped())
    gc.collect()
    assert later() is None
