"""Whole problems, timed, with their peers beside them."""
