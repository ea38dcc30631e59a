"""When a worker that has work counts as hung: pure rules over what was heard from it."""

from __future__ import annotations

# A worker says "beat" every second. One that says nothing for so many seconds hangs as a whole, and is ended.
_SILENCE = 15.0

# Seconds that ending a worker may take before systemd is asked to end the engine with it.
_MENDING = 15.0


def hangs(silent: float) -> bool:
    """Whether the engine ends the worker. silent: seconds since it said anything."""
    return silent > _SILENCE


def progresses(silent: float, busy: float, deadline: float) -> bool:
    """Whether systemd's watchdog is told that all is well.

    Not where the device's thread does not get on and the engine failed to do something about it: it ends a worker that
    is silent, and one whose picture is past the deadline. busy: seconds that the running network had taken when the
    worker last said something. deadline: the engine's, in seconds.
    """
    return silent < _SILENCE + _MENDING and busy + silent < deadline + _MENDING
