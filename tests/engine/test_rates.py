"""How fast pictures come out, as people and clients are told."""

from __future__ import annotations

from engine.rates import Rates


def test_before_the_first_picture_nothing_is_known() -> None:
    rates = Rates()
    assert rates.seconds_per_picture is None
    assert rates.pictures_per_minute == 0
    assert rates.retry_after == 1


def test_pictures_of_the_last_minute_are_counted() -> None:
    rates = Rates()
    for seconds in (1.0, 2.0, 6.0):
        rates.add(seconds)
    assert rates.seconds_per_picture == 3
    assert rates.pictures_per_minute == 3
    assert rates.retry_after == 3


def test_only_the_last_ones_count() -> None:
    rates = Rates()
    for seconds in [1000.0] * 50 + [2.0] * 100:
        rates.add(seconds)
    assert rates.seconds_per_picture == 2


def test_nobody_is_sent_away_for_longer_than_a_minute() -> None:
    rates = Rates()
    rates.add(500)
    assert rates.retry_after == 60
