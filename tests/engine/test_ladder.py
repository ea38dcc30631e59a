"""The steps that are taken where memory runs out in a network's run: by real limits, and what tiles make."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import MemoryShortError
from engine.ladder import TILE_SIDES, Asked, outcomes
from engine.models.catalogue import NETWORKS
from engine.runtimes import Tensor
from engine.types import Size
from tests.engine.short_of_memory import lines_of

RVM, SPAN, MODNET = NETWORKS["rvm"], NETWORKS["span"], NETWORKS["modnet"]


class Short:
    """A network that gives back its input, enlarged, and has memory for so many pixels."""

    def __init__(self, most: int, factor: int = 1) -> None:
        self._most, self._factor = most, factor
        self.seen: list[tuple[int, ...]] = []

    def run(self, tensor: Tensor) -> tuple[Tensor, ...]:
        self.seen.append(tensor.shape)
        if tensor.size > 3 * self._most:
            raise MemoryError
        return (np.asarray(tensor.repeat(self._factor, 2).repeat(self._factor, 3)), tensor[:, :1])


def noise(size: Size, batch: int = 1) -> Tensor:
    return np.random.default_rng(size.area).random((batch, 3, size.height, size.width), np.float32)


class TestRealShortage:
    @pytest.mark.parametrize(
        ("case", "whole", "tiles", "off"),
        [("modnet", "448 x 448", ("4 tiles of 320 x 320", "4 tiles of 256 x 256"), 0.2),
         ("span", "200 x 150", ("4 tiles of 128 x 128", "12 tiles of 64 x 64"), 0.001)],
    )  # fmt: skip
    def test_as_memory_grows_less_tiles_grow_smaller_and_then_it_is_told(
        self, case: str, whole: str, tiles: tuple[str, str], off: float
    ) -> None:
        *limited, after = lines_of(case)
        sentences = [f"Memory was short: {case} saw {whole} pixels in {each}." for each in tiles]
        for steps in ([], sentences[:1], sentences):
            done = [line for line in limited if line["steps"] == steps and "off" in line]
            assert done, steps
            assert max(line["off"] for line in done) <= (off if steps else 0)
        (told,) = {line["error"] for line in limited if line["steps"] == sentences and "error" in line}
        assert told == (
            f"{case}: there is not enough memory for {whole} pixels: nor for {tiles[1][tiles[1].index('tiles') :]}. "
            "Close other programs, or raise memory.megabytes in the config."
        )
        assert (after["steps"], after["off"]) == ([], 0)

    def test_a_batch_is_run_one_by_one_with_the_same_results(self) -> None:
        *limited, after = lines_of("batch")
        sentence = "Memory was short: rvm ran on 4 pictures one by one instead of together."
        done = [line for line in limited if line["steps"] == [sentence] * 4 and "off" in line]
        assert done
        assert limited[0]["steps"] == []
        assert max(line["off"] for line in (limited[0], *done)) < 1e-5
        assert (after["steps"], after["off"]) == ([], 0)

    def test_a_detectors_square_is_not_cut(self) -> None:
        *limited, after = lines_of("centernet")
        assert not any(line["steps"] for line in limited)
        assert any(
            line.get("error", "").startswith("centernet: there is not enough memory for 512 x 512 pixels. ")
            for line in limited
        )
        assert after["off"] == 0


class TestTheProcessor:
    """The last step where the network runs on a GPU."""

    def test_it_does_what_tiles_cannot(self) -> None:
        gpu, processor = Short(100), Short(10**6)
        asked = Asked(noise(Size(400, 300)), [])
        (outcome,) = outcomes(gpu.run, MODNET, [asked], processor.run)
        assert not isinstance(outcome, Exception)
        assert (outcome[0] == asked.tensor).all()
        assert asked.steps == [
            "Memory was short: modnet saw 400 x 300 pixels in 2 tiles of 320 x 300.",
            "Memory was short: modnet saw 400 x 300 pixels in 4 tiles of 256 x 256.",
            "Memory was short: modnet ran on 400 x 300 pixels on the processor, not the GPU.",
        ]

    def test_a_detectors_square_goes_there_at_once(self) -> None:
        asked = Asked(noise(Size(512, 512)), [])
        outcomes(Short(100).run, NETWORKS["nanodet"], [asked], Short(10**6).run)
        assert asked.steps == ["Memory was short: nanodet ran on 512 x 512 pixels on the processor, not the GPU."]

    def test_where_the_gpu_has_room_it_is_not_asked(self) -> None:
        gpu, processor = Short(10**6), Short(10**6)
        outcomes(gpu.run, MODNET, [Asked(noise(Size(64, 64)), [])], processor.run)
        assert processor.seen == []

    def test_where_its_memory_is_short_too_it_is_told(self) -> None:
        (outcome,) = outcomes(Short(100).run, SPAN, [Asked(noise(Size(200, 150)), [])], Short(100).run)
        assert isinstance(outcome, MemoryShortError)


class TestTiles:
    @settings(max_examples=40)
    @given(
        st.builds(Size, st.integers(1, 700), st.integers(1, 700)),
        st.sampled_from([("rvm", 1), ("modnet", 1), ("span", 4)]),
    )
    def test_what_depends_on_single_pixels_is_as_if_it_were_whole(self, size: Size, network: tuple[str, int]) -> None:
        name, factor = network
        record = NETWORKS[name]
        side = TILE_SIDES[record.task][-1]
        tensor = noise(size)
        short, asked = Short(side**2, factor), Asked(tensor, [])
        (made,) = outcomes(short.run, record, [asked])
        assert not isinstance(made, Exception)
        enlarged = tensor.repeat(factor, 2).repeat(factor, 3)
        assert [each.shape for each in made] == [enlarged.shape, (1, 1, size.height, size.width)]
        assert np.abs(made[0] - enlarged).max() < 1e-5
        assert np.abs(made[1] - tensor[:, :1]).max() < 1e-5
        assert (asked.steps == []) == (size.area <= side**2)

    def test_there_is_no_seam(self) -> None:
        """Two tiles that disagree meet in a ramp."""

        def brighter_each_time(tensor: Tensor) -> tuple[Tensor, ...]:
            if tensor.shape[3] > 320:
                raise MemoryError
            seen.append(tensor)
            return (np.full_like(tensor[:, :1], len(seen)),)

        seen: list[Tensor] = []
        (made,) = outcomes(brighter_each_time, RVM, [Asked(noise(Size(500, 100)), [])])
        assert not isinstance(made, Exception)
        row = made[0][0, 0, 50]
        assert len(seen) == 2
        assert (row[0], row[-1]) == (1, 2)
        assert np.diff(row).min() >= 0
        assert np.diff(row).max() < 0.02

    @pytest.mark.parametrize("size", [Size(352, 448), Size(448, 96), Size(64, 2560)])
    def test_tiles_are_of_sizes_that_the_network_takes(self, size: Size) -> None:
        short = Short(256 * 256)
        outcomes(short.run, MODNET, [Asked(noise(size), [])])
        assert all(side % MODNET.multiple == 0 for shape in short.seen for side in shape[2:])


class TestOutcomes:
    def test_what_fails_for_one_of_a_batch_does_not_fail_for_the_others(self) -> None:
        def run(tensor: Tensor) -> tuple[Tensor, ...]:
            if len(tensor) > 1 or tensor[0, 0, 0, 0] > 0.5:
                raise MemoryError
            return (tensor,)

        tensors = [np.full((1, 3, 8, 8), value, np.float32) for value in (0, 1, 0)]
        first, second, third = outcomes(run, RVM, [Asked(each, []) for each in tensors])
        assert isinstance(second, MemoryShortError)
        assert not isinstance(first, Exception)
        assert not isinstance(third, Exception)

    def test_another_failure_takes_no_step(self) -> None:
        def run(tensor: Tensor) -> tuple[Tensor, ...]:
            raise ValueError

        asked = Asked(noise(Size(512, 512)), [])
        (error,) = outcomes(run, RVM, [asked])
        assert isinstance(error, ValueError)
        assert asked.steps == []
