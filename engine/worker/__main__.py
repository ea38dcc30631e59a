"""Starts the worker: `python -m engine.worker DESCRIPTOR`, as engine.worker.handle does."""

from __future__ import annotations

import sys

from engine.worker.process import main

main(int(sys.argv[1]))
