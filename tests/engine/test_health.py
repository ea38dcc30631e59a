"""A worker that is busy is well; one that is silent, or busy for too long, is not."""

from __future__ import annotations

import pytest

from engine.health import hangs, progresses


@pytest.mark.parametrize(("silent", "hung"), [(0, False), (5, False), (16, True), (1000, True)])
def test_silence_is_a_hang(silent: float, hung: bool) -> None:
    assert hangs(silent) is hung


@pytest.mark.parametrize(
    ("silent", "busy", "well"),
    [(0.5, 0, True), (0.5, 119, True), (16, 0, True), (31, 0, False), (0.5, 136, False), (10, 126, False)],
)
def test_the_watchdog_is_told_while_the_engine_can_still_mend_it_itself(silent: float, busy: float, well: bool) -> None:
    assert progresses(silent, busy, 120) is well
