"""`python -m daemon`: the same as `bshm`, for the programs that this one starts."""

from __future__ import annotations

import sys

from daemon.commands import main

if __name__ == "__main__":
    sys.exit(main())
