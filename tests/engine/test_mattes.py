"""A crop and its passes become one matte: sizes, what several networks make of one person, where pixels are added."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.device import Device
from engine.mattes import WORKING_AREA, fused, looks_at, resized_matte, run_network, scaled_to_area, working_picture
from engine.models.catalogue import NETWORKS, Network
from engine.networks import resized
from engine.routes import TABLE, Pass
from engine.types import Matte, Rgb8, Size
from tests.engine.scenes import Scene, overlap, photo

if TYPE_CHECKING:
    from engine.networks import Networks
    from engine.runtimes import Session, Tensor
    from engine.work import Work

sizes = st.builds(Size, st.integers(1, 6000), st.integers(1, 6000))


def flat(alpha: float) -> Matte:
    return np.full((2, 3), alpha, np.float32)


class TestFused:
    def test_of_one_it_is_that_one(self) -> None:
        only = np.random.default_rng(1).random((5, 4), np.float32)
        assert np.array_equal(fused([only]), only)

    @pytest.mark.parametrize("alphas", [(0, 0.5), (0.2, 0.6), (0.1, 0.3, 0.5), (1, 1, 1)])
    def test_those_that_agree_give_their_mean(self, alphas: tuple[float, ...]) -> None:
        assert fused([flat(each) for each in alphas]) == pytest.approx(float(np.mean(alphas)))

    @pytest.mark.parametrize(
        ("alphas", "decision"),
        [
            ((0, 1), 1),
            ((0.05, 0.95), 1),
            ((0, 0, 1), 0),  # one voice of three
            ((0, 1, 1), 1),
            ((0, 0, 0, 0, 1), 0),
            ((0, 0.75), 0),
            ((0, 0.9), 0.5),  # (0.45 - 0.4) / 0.1
            ((0, 0, 1, 1), 1),  # a tie keeps
        ],
    )
    def test_those_that_contradict_each_other_give_a_decision(self, alphas: tuple[float, ...], decision: float) -> None:
        assert fused([flat(each) for each in alphas]) == pytest.approx(decision, abs=0.001)

    def test_between_agreement_and_contradiction_there_is_no_jump(self) -> None:
        upper = np.linspace(0, 1, 2001, dtype=np.float32)[None]
        steps = np.abs(np.diff(fused([np.zeros_like(upper), upper])))
        assert steps.max() < 0.005

    @given(st.lists(st.integers(0, 20), min_size=1, max_size=5))
    def test_it_is_an_alpha_in_whatever_order(self, levels: list[int]) -> None:
        mattes = [flat(level / 20) for level in levels]
        made = fused(mattes)
        assert made.min() >= 0
        assert made.max() <= 1 + 1e-6
        assert made == pytest.approx(fused(mattes[::-1]), abs=1e-5)

    @given(st.lists(st.integers(0, 20), min_size=1, max_size=5))
    def test_where_all_see_a_person_or_all_see_none_it_lies_between_them(self, levels: list[int]) -> None:
        alphas = [level / 40 for level in levels]  # 0 to a half, then a half to 1: never further apart than a half
        for shift in (0, 0.5):
            made = fused([flat(shift + each) for each in alphas])
            assert shift + min(alphas) - 1e-6 <= made.min()
            assert made.max() <= shift + max(alphas) + 1e-6

    def test_it_leaves_what_it_was_given_alone(self) -> None:
        first, second = flat(0.25), flat(0.5)
        fused([first, second])
        assert (first == 0.25).all()
        assert (second == 0.5).all()


class TestScaledToArea:
    @given(sizes, st.integers(64, 768), st.sampled_from([1, 32]))
    def test_both_sides_are_multiples_and_never_nothing(self, size: Size, side: int, multiple: int) -> None:
        scaled = scaled_to_area(size, side * side, multiple)
        assert min(scaled) >= multiple
        assert scaled.width % multiple == scaled.height % multiple == 0

    @given(st.integers(100, 6000), st.integers(100, 6000), st.integers(192, 768))
    def test_area_and_proportions_are_as_asked_for(self, width: int, height: int, side: int) -> None:
        scaled = scaled_to_area(Size(width, height), side * side)
        ratio = width / height
        assert scaled.area == pytest.approx(side * side, rel=0.06)
        assert scaled.width / scaled.height == pytest.approx(ratio, rel=0.06)

    @pytest.mark.parametrize(
        ("size", "scaled"),
        [(Size(3000, 3000), (384, 384)), (Size(3000, 2000), (480, 320)), (Size(100, 400), (192, 768))],
    )
    def test_of_portraits(self, size: Size, scaled: tuple[int, int]) -> None:
        assert scaled_to_area(size, 384 * 384, 32) == scaled

    @given(
        st.builds(Size, st.integers(1, 100_000), st.integers(1, 100_000)), st.integers(64, 768), st.integers(512, 4000)
    )
    def test_no_side_is_longer_than_allowed(self, size: Size, side: int, longest: int) -> None:
        for multiple in (1, 32):
            scaled = scaled_to_area(size, side * side, multiple, longest)
            assert max(scaled) <= longest
            assert scaled.width % multiple == scaled.height % multiple == 0
            if max(scaled) <= longest - multiple:
                assert scaled == scaled_to_area(size, side * side, multiple)

    def test_what_is_far_longer_than_wide_is_squeezed(self) -> None:
        assert scaled_to_area(Size(100_000, 1), 384 * 384, 32, 2560) == (2560, 32)
        assert scaled_to_area(Size(3, 100_000), 384 * 384, 1, 2000) == (2, 2000)


class TestWorkingPicture:
    @pytest.mark.parametrize("shape", [(768, 768, 3), (100, 200, 3), (1, 1, 3)])
    def test_a_crop_that_is_small_enough_is_taken_as_it_is(self, shape: tuple[int, ...]) -> None:
        crop = np.zeros(shape, np.uint8)
        assert working_picture(crop) is crop

    @pytest.mark.parametrize(("height", "width"), [(769, 768), (1500, 900), (400, 3000)])
    def test_a_larger_one_is_shrunk_to_the_working_size(self, height: int, width: int) -> None:
        working = working_picture(np.zeros((height, width, 3), np.uint8))
        assert working.shape[0] <= height
        assert working.shape[1] <= width
        assert working.shape[0] * working.shape[1] <= WORKING_AREA * 1.01


class TestResizedMatte:
    @given(st.integers(1, 40), st.integers(1, 40), st.builds(Size, st.integers(1, 90), st.integers(1, 90)))
    def test_it_is_an_alpha_of_that_size(self, width: int, height: int, size: Size) -> None:
        matte = (np.random.default_rng(width).random((height, width)) > 0.5).astype(np.float32)
        made = resized_matte(matte, size)
        assert made.shape == (size.height, size.width)
        assert 0 <= made.min() <= made.max() <= 1

    def test_at_its_own_size_it_is_the_same(self) -> None:
        matte = flat(0.5)
        assert resized_matte(matte, Size(3, 2)) is matte

    def test_shrunk_by_whole_numbers_every_pixel_counts(self) -> None:
        matte = np.zeros((6, 6), np.float32)
        matte[0, 0] = matte[1, 1] = matte[5, 5] = 1
        assert resized_matte(matte, Size(3, 3)).ravel().tolist() == [0.5, 0, 0, 0, 0, 0, 0, 0, 0.25]


class TestWithTheNetworks:
    @pytest.fixture
    def face(self) -> Rgb8:
        """Head and shoulders, 280 x 300 pixels: few enough for super-resolution."""
        return photo("astronaut")[0:300, 60:340]

    @pytest.mark.parametrize(("name", "side"), [("modnet", 256), ("rvm", 224)])
    def test_each_network_sees_a_person_of_its_size(
        self, networks: Networks, portrait: Scene, name: str, side: int
    ) -> None:
        matte = run_network(networks, NETWORKS[name], portrait.pixels, side)
        size = scaled_to_area(Size(420, 320), side * side, NETWORKS[name].multiple)
        assert matte.shape == (size.height, size.width)
        assert 0 <= matte.min() <= matte.max() <= 1
        assert overlap(matte, resized_matte(portrait.truth, size)) > 0.9

    def test_one_pass_is_the_networks_matte_at_the_pictures_size(self, networks: Networks, face: Rgb8) -> None:
        alone = resized_matte(run_network(networks, NETWORKS["rvm"], face, 224), Size(280, 300))
        assert np.array_equal(looks_at(networks, (Pass("rvm", 224),), face)[0], alone)

    def test_in_the_mirror_each_pass_is_taken_twice(self, networks: Networks, face: Rgb8) -> None:
        plain, mirrored = looks_at(networks, (Pass("rvm", 224),), face, mirrored=True)
        (turned,) = looks_at(networks, (Pass("rvm", 224),), np.ascontiguousarray(face[:, ::-1]))
        assert np.array_equal(plain, looks_at(networks, (Pass("rvm", 224),), face)[0])
        assert np.allclose(mirrored, turned[:, ::-1], atol=1e-5)  # they are turned before and after resizing

    def test_of_one_body_those_looks_are_left_out_that_rvm_does_not_bear_out(self, networks: Networks) -> None:
        """MODNet and U^2-Net-p take a cat for somebody, RVM does not."""
        cat = resized(photo("chelsea"), Size(320, 320))
        passes = (Pass("modnet", 320), Pass("u2netp", 320), Pass("rvm", 224))
        apart, sole = (looks_at(networks, passes, cat, sole=each) for each in (False, True))
        assert [bool((each > 0.5).mean() > 0.05) for each in apart] == [True, True, False]
        assert np.array_equal(sole, apart[2:])

    def test_several_passes_give_a_matte_each(self, networks: Networks, face: Rgb8) -> None:
        passes = (Pass("rvm", 192), Pass("rvm", 256))
        each = [looks_at(networks, (one,), face)[0] for one in passes]
        assert np.array_equal(looks_at(networks, passes, face), each)

    def test_few_pixels_are_added_to_before_a_pass_that_asks_for_it(self, networks: Networks, face: Rgb8) -> None:
        tiny = face[::4, ::4]
        (plain,), (upscaled,) = (looks_at(networks, (Pass("rvm", 192, upscaled=each),), tiny) for each in (False, True))
        assert plain.shape == upscaled.shape == tiny.shape[:2]
        assert not np.array_equal(plain, upscaled)

    def test_a_crop_of_360_x_360_pixels_has_enough_of_them(self, networks: Networks) -> None:
        enough = photo("astronaut")[0:360, 0:360]
        (plain,), (upscaled,) = (
            looks_at(networks, (Pass("rvm", 192, upscaled=each),), enough) for each in (False, True)
        )
        assert np.array_equal(plain, upscaled)

    @pytest.mark.parametrize(("height", "width"), [(1, 100_000), (100_000, 1), (50_000, 3), (7, 70_000), (20, 20_000)])
    def test_a_strip_is_matted_without_any_network_seeing_a_longer_side_than_it_may(
        self, networks: Networks, monkeypatch: pytest.MonkeyPatch, height: int, width: int
    ) -> None:
        seen: list[tuple[int, ...]] = []

        def run(network: Network, session: Session, tensor: Tensor, work: Work) -> tuple[Tensor, ...]:
            seen.append(tensor.shape[2:])
            return Device.run(networks.device, network, session, tensor, work)

        monkeypatch.setattr(networks.device, "run", run)
        strip = np.full((height, width, 3), 128, np.uint8)
        for passes in {row.alone for row in TABLE}:
            matte = fused(looks_at(networks, passes, strip))
            assert matte.shape == (height, width)
        assert max(map(max, seen)) == networks.longest_side == 2560
