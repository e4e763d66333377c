"""`python -m moms`: the same as the console script."""

import sys

from moms.cli import main

sys.exit(main())
