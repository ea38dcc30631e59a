"""What a picture will take is known beforehand: never less than it takes, and not much more."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.estimate import largest_run, picture_bytes, room_for_pictures, run_bytes
from engine.memory import WORKER_ENVIRONMENT
from engine.models.catalogue import NETWORKS, Network
from engine.pictures.stated import Stated
from engine.settings import FORMATS, WANTS
from engine.types import Size
from tests.engine.peaks import Case

CASES = (
    Case(0.12),
    Case(12),
    Case(12, "PNG", 16, alpha=True),
    Case(12, want="matte", form="raw", selected=True),
    Case(12, want="composite", form="webp", noise=255),
)
sizes = st.builds(Size, st.integers(1, 20_000), st.integers(1, 20_000))
pictures = st.builds(Stated, sizes, st.sampled_from([8, 16]), st.booleans())
wants = st.sets(st.sampled_from(WANTS), min_size=1)
formats = st.sampled_from([*FORMATS, "raw"])


def test_real_pictures_take_no_more_and_large_ones_not_much_less() -> None:
    command = [sys.executable, "-m", "tests.engine.peaks", *(json.dumps(vars(each)) for each in CASES)]
    environment = {**os.environ, **WORKER_ENVIRONMENT}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=110)
    run = largest_run(NETWORKS.values())
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(lines) == len(CASES)
    for line in lines:
        assert line["taken"] <= line["estimated"] + run, line
        if line["case"]["megapixels"] >= 12:
            assert line["taken"] <= line["estimated"] <= 1.6 * line["taken"], line


@given(pictures, wants, formats)
def test_more_of_anything_takes_no_less(picture: Stated, want: set[str], chosen: str) -> None:
    taken = picture_bytes(picture, 1000, want, chosen)
    larger = Stated(Size(picture.size.width + 1, picture.size.height), picture.bits, picture.alpha)
    assert taken <= picture_bytes(larger, 1000, want, chosen)
    assert taken <= picture_bytes(Stated(picture.size, 16, picture.alpha), 1000, want, chosen)
    assert taken <= picture_bytes(Stated(picture.size, picture.bits, True), 1000, want, chosen)
    assert taken <= picture_bytes(picture, 1000, {*want, "cutout"}, chosen)
    assert taken + 5 == picture_bytes(picture, 1005, want, chosen)
    assert taken <= picture_bytes(picture, 1000, want, chosen, picture)
    assert taken <= picture_bytes(picture, 1000, want, chosen, marked=True) <= taken + 3 * picture.size.area
    assert taken > 7 * picture.size.area


class TestRuns:
    @pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda each: each.name)
    def test_more_pixels_take_no_less(self, network: Network) -> None:
        taken = [run_bytes(network, side * side) for side in range(8, 4000, 8)]
        assert taken == sorted(taken)
        assert taken[0] > 0

    def test_past_what_was_measured_it_grows_with_the_pixels(self) -> None:
        assert run_bytes(NETWORKS["modnet"], 2 * 2560**2) == 2 * run_bytes(NETWORKS["modnet"], 2560**2)

    def test_the_largest_is_super_resolution(self) -> None:
        defaults = [each for each in NETWORKS.values() if each.default]
        assert largest_run(defaults) == run_bytes(NETWORKS["span"], 360**2)
        assert largest_run([NETWORKS["modnet"], NETWORKS["rvm"]]) >= run_bytes(NETWORKS["modnet"], 448**2)


class TestRoom:
    def test_it_is_what_networks_and_their_runs_leave(self) -> None:
        run = largest_run(NETWORKS.values())
        assert room_for_pictures(5_000_000_000, 200_000_000, NETWORKS.values()) == 4_800_000_000 - run

    @given(st.integers(0, 10**10), st.integers(0, 10**10))
    def test_at_least_half_of_the_rest(self, budget: int, taken: int) -> None:
        room = room_for_pictures(budget, taken, NETWORKS.values())
        rest = max(0, budget - taken)
        assert rest / 2 <= room <= rest
