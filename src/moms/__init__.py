"""MOMS: the open-source Outage Management System for grid operators."""

import os

__version__ = "0.1.0"

# One BLAS thread, set before numpy loads: sums must not depend on how many cores there are (decision 10 of
# the architecture), and threads for vectors of some ten thousand numbers wait longer than they work.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
