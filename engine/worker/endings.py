"""How a process ended, from its exit code: in words for people, and in one word for counts."""

from __future__ import annotations

import signal


def reason(code: int) -> str:
    """ "SIGKILL", "exit 1". code: negative for a signal's number."""
    if code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def in_words(code: int) -> str:
    """A phrase for sentences. code: negative for a signal's number."""
    if code >= 0:
        return f"it ended with exit code {code}"
    hint = ", perhaps by the system for want of memory" if -code == signal.SIGKILL else ""
    return f"it was ended by {reason(code)}{hint}"
