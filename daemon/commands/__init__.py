"""The `bshm` command. Here is only its entry: the rest is imported where Ctrl-C is already answered with a sentence."""

from __future__ import annotations

import signal
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command that the words name and returns the exit code. argparse exits by itself, with 0 or 2."""
    try:
        from daemon.commands.program import run

        return run(argv)
    except KeyboardInterrupt:  # while modules are imported or words are read
        from daemon.terminal import complain

        complain("Stopped. Nothing was begun.")
        return 128 + signal.SIGINT
