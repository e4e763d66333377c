"""The one base of everything a person asked for that cannot be done as asked."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - a refusal is an answer of the domain, not an error of the program
    """Say no to an input, naming the field and the fix.

    Subclasses stand beside the function that raises them and are named for the fact.
    """

    def __init__(self, says: str, *, field: str | None = None, fix: str | None = None) -> None:
        super().__init__(says)
        self.says = says
        self.field = field
        self.fix = fix

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        remedy = f" ({self.fix})" if self.fix else ""
        return f"{where}{self.says}{remedy}"
