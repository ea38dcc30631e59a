"""Other programs, asked something: which version, what they can load."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def asked(
    words: Sequence[str | Path], patience: float, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What a command says, which gets nothing to read. patience: seconds. environment: None for our own.

    Raises OSError where it cannot be started, and subprocess.TimeoutExpired.
    """
    return subprocess.run(
        words,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=patience,
        check=False,
    )
