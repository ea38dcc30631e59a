"""How much memory the process that runs the networks may take."""

from __future__ import annotations

from collections.abc import Mapping

import psutil

from engine.settings import Settings

# glibc's malloc (mallopt(3)) in the worker: large arrays go back to the system when they are freed.
WORKER_ENVIRONMENT: Mapping[str, str] = {"MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "8388608"}


def budget_bytes(settings: Settings) -> int:
    """What settings.memory.megabytes says; 0 there: half of the machine's memory."""
    return settings.memory.megabytes * 1_000_000 or psutil.virtual_memory().total // 2
