"""The three words of `quality`."""

from __future__ import annotations

from engine.quality import QUALITY
from engine.settings import QUALITIES, Settings
from engine.types import Options


def test_every_word_of_the_setting_has_its_row() -> None:
    assert tuple(QUALITY) == QUALITIES


def test_balanced_is_the_default_for_settings_and_requests() -> None:
    assert Settings().quality == Options().quality == "balanced"


def test_each_step_takes_more_looks_than_the_one_before() -> None:
    looks = [each.passes * (1 + each.mirrored) for each in QUALITY.values()]
    assert looks == sorted(set(looks))
