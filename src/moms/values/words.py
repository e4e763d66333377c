"""Numbers and their nouns, as people write them."""

from __future__ import annotations


def many(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> many(1, "hour"), many(1200, "hour"), many(2, "contingency"), many(2, "bus")
    ('1 hour', '1,200 hours', '2 contingencies', '2 buses')
    """
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("s"):
        several = f"{noun}es"
    else:
        several = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{count:,} {several}"
