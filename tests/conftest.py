"""Holds for every test."""

from __future__ import annotations

import os

# As engine.runtimes.onnx does, for the tests that import ONNX Runtime themselves, maybe before that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
