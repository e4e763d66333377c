"""One module a verb; `moms.cli.table` names them."""
