"""The same use cases from a shell: parse, hand to the room that knows, print."""

from moms.cli.entry import main

__all__ = ["main"]
