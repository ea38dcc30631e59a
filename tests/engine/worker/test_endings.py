"""How a process ended, in words."""

from __future__ import annotations

import pytest

from engine.worker.endings import in_words, reason


@pytest.mark.parametrize(
    ("code", "word", "words"),
    [
        (0, "exit 0", "it ended with exit code 0"),
        (1, "exit 1", "it ended with exit code 1"),
        (-11, "SIGSEGV", "it was ended by SIGSEGV"),
        (-9, "SIGKILL", "it was ended by SIGKILL, perhaps by the system for want of memory"),
        (-64, "SIGRTMAX", "it was ended by SIGRTMAX"),
        (-40, "signal 40", "it was ended by signal 40"),
    ],
)
def test_an_exit_code_is_said(code: int, word: str, words: str) -> None:
    assert reason(code) == word
    assert in_words(code) == words
