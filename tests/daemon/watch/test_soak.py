"""Hot folders under fire: what the benchmark does with a thousand pictures, with a hundred."""

from __future__ import annotations

import pytest

from tests.bench.hot_soak import soak


@pytest.mark.timeout(400)  # a minute on two cores of its own
def test_nothing_is_lost_and_nothing_done_twice_whenever_who_is_killed() -> None:
    came = soak(pictures=100, kills=10, seed=8)
    assert came.judgement.broken == []
    assert sum(came.judgement.counts.values()) == 100
    assert sum(came.kills.values()) == 10
