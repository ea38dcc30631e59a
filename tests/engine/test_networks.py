"""The networks in use: what they are shown, which may be asked for, and that each is loaded once."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pytest

from engine.errors import NetworkError, UsageError
from engine.models.catalogue import NETWORKS, Network, Task, Tensors
from engine.models.choice import ON_REQUEST, PREFERENCE
from engine.models.store import Store
from engine.networks import Networks, resized, to_tensor
from engine.runtimes import Session
from engine.runtimes.onnx import OnnxRuntime
from engine.runtimes.opening import open_runtime
from engine.settings import Settings
from engine.types import Rgb8, Size
from tests.engine.scenes import photo

if TYPE_CHECKING:
    from engine.runtimes import Tensor

PIXELS = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)  # red 0, 3, ...; green 1, 4, ...; blue 2, 5, ...


def tensors(
    layout: Literal["NCHW", "NHWC"] = "NCHW",
    channels: Literal["RGB", "BGR"] = "RGB",
    mean: tuple[float, float, float] = (0, 0, 0),
    std: tuple[float, float, float] = (1, 1, 1),
) -> Tensors:
    return Tensors("in", ("out",), layout, channels, mean, std)


class TestToTensor:
    def test_channels_come_first_or_last(self) -> None:
        first, last = to_tensor(PIXELS, tensors("NCHW")), to_tensor(PIXELS, tensors("NHWC"))
        assert first.shape == (1, 3, 2, 3)
        assert last.shape == (1, 2, 3, 3)
        assert np.array_equal(last[0], PIXELS)
        assert np.array_equal(first[0, 1], PIXELS[..., 1])

    @pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
    def test_channels_are_in_the_networks_order(self, layout: Literal["NCHW", "NHWC"]) -> None:
        tensor = to_tensor(PIXELS, tensors(layout, "BGR"))[0]
        blue = tensor[0] if layout == "NCHW" else tensor[..., 0]
        assert np.array_equal(blue, PIXELS[..., 2])

    def test_mean_and_scale_are_in_the_networks_order_too(self) -> None:
        tensor = to_tensor(PIXELS, tensors("NHWC", "BGR", mean=(2, 1, 0), std=(10, 20, 40)))[0]
        assert tensor == pytest.approx((PIXELS[..., ::-1].astype(float) - (2, 1, 0)) / (10, 20, 40), abs=1e-6)

    @pytest.mark.parametrize(
        ("name", "black", "white"),
        [
            ("modnet", (-1, -1, -1), (1, 1, 1)),
            ("rvm", (0, 0, 0), (1, 1, 1)),
            ("span", (0, 0, 0), (1, 1, 1)),
            ("centernet", (0, 0, 0), (255, 255, 255)),
            ("nanodet", (-1.804, -2.036, -2.118), (2.640, 2.429, 2.249)),
        ],
    )
    def test_black_and_white_as_each_network_was_trained(
        self, name: str, black: tuple[float, ...], white: tuple[float, ...]
    ) -> None:
        for level, expected in ((0, black), (255, white)):
            tensor = to_tensor(np.full((4, 4, 3), level, np.uint8), NETWORKS[name].tensors)
            colours = tensor.reshape(3, 16)[:, 0] if NETWORKS[name].tensors.layout == "NCHW" else tensor[0, 0, 0]
            assert colours == pytest.approx(expected, abs=0.001)

    @pytest.mark.parametrize("name", NETWORKS)
    def test_it_is_one_whole_block_of_float32(self, name: str) -> None:
        tensor = to_tensor(PIXELS[:, ::-1], NETWORKS[name].tensors)
        assert tensor.dtype == np.float32
        assert tensor.flags.c_contiguous


class TestResized:
    def test_at_its_own_size_it_is_the_same(self) -> None:
        assert resized(PIXELS, Size(3, 2)) is PIXELS

    def test_shrunk_every_pixel_counts(self) -> None:
        board = (np.indices((8, 8)).sum(0) % 2 * 200)[..., None].repeat(3, 2).astype(np.uint8)
        assert (resized(board, Size(4, 4)) == 100).all()

    @pytest.mark.parametrize("size", [Size(1, 1), Size(9, 2), Size(2, 9), Size(40, 30)])
    def test_it_has_the_size(self, size: Size) -> None:
        made = resized(PIXELS, size)
        assert made.shape == (size.height, size.width, 3)
        assert made.dtype == np.uint8

    def test_enlarged_it_is_sharper_than_linear(self) -> None:
        edge = np.repeat([[50, 50, 50, 200, 200, 200]], 4, 0)[..., None].repeat(3, 2).astype(np.uint8)
        enlarged = resized(edge, Size(24, 4))[0, :, 0]
        assert enlarged.min() < 50
        assert enlarged.max() > 200


def networks_of(licences: str, folder: Path | None = None) -> Networks:
    return Networks(open_runtime(Settings()), Store(folder), Settings(licences=licences))


class TestUsable:
    def test_every_network_is_in_the_order_of_its_task_once(self) -> None:
        assert set(PREFERENCE) == set(get_args(Task))
        assert sorted([*(name for names in PREFERENCE.values() for name in names), *ON_REQUEST]) == sorted(NETWORKS)
        assert all(NETWORKS[name].task == "matte" for name in ON_REQUEST)
        assert all(NETWORKS[name].task == task for task, names in PREFERENCE.items() for name in names)

    @pytest.mark.parametrize("task", get_args(Task))
    def test_every_task_can_be_done_under_either_licence_setting(self, task: Task) -> None:
        usable = networks_of("all").usable(task)
        assert tuple(each.name for each in usable) == PREFERENCE[task]
        assert networks_of("permissive").usable(task) == tuple(each for each in usable if each.permissive) != ()


class TestMatting:
    def test_auto_is_all_that_may_be_used(self) -> None:
        assert [each.name for each in networks_of("all").matting("auto")] == ["modnet", "rvm", "u2netp"]
        assert [each.name for each in networks_of("permissive").matting("auto")] == ["modnet", "u2netp"]

    @pytest.mark.parametrize("name", ["modnet", "rvm", "u2netp"])
    def test_a_name_is_that_one(self, name: str) -> None:
        assert networks_of("all").matting(name) == (NETWORKS[name],)

    @pytest.mark.parametrize("name", ["birefnet", "", "RVM", "centernet", "span"])
    def test_an_unknown_one_is_refused_with_those_there_are(self, name: str) -> None:
        with pytest.raises(UsageError) as refused:
            networks_of("all").matting(name)
        assert str(refused.value) == f"'{name}': no such matting network: there are auto, modnet, rvm, u2netp, bshm."

    def test_one_that_is_not_installed_is_refused_with_the_command(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as refused:
            networks_of("all", tmp_path).matting("bshm")
        assert str(refused.value) == "network 'bshm' is not installed. Run: bshm models pull bshm."

    def test_one_whose_licence_is_not_wanted_is_refused_with_the_licence(self) -> None:
        with pytest.raises(UsageError) as refused:
            networks_of("permissive").matting("rvm")
        assert str(refused.value) == (
            "network 'rvm' may not be used: its licence is GPL-3.0 and the config file says 'licences: permissive'. "
            "Name another (modnet, u2netp), or set 'licences: all'."
        )


class TestLoad:
    def test_a_missing_file_is_an_error_that_says_how_to_get_it(self, tmp_path: Path) -> None:
        with pytest.raises(NetworkError, match=r"modnet: the network is not installed.*Run: bshm models pull modnet"):
            networks_of("all", tmp_path).load(NETWORKS["modnet"])

    @pytest.mark.parametrize("content", [b"", b"not a network", bytes(NETWORKS["span"].size or 0)])
    def test_a_damaged_file_is_an_error_that_says_how_to_get_it_again(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "span.onnx").write_bytes(content)
        with pytest.raises(NetworkError, match=r"span: the network's file is damaged.*Run: bshm models pull span"):
            networks_of("all", tmp_path).load(NETWORKS["span"])

    def test_after_a_failure_it_can_be_loaded_once_the_file_is_there(self, tmp_path: Path) -> None:
        networks = networks_of("all", tmp_path)
        with pytest.raises(NetworkError):
            networks.load(NETWORKS["span"])
        (tmp_path / "span.onnx").symlink_to(Store().path(NETWORKS["span"]))
        assert networks.run(NETWORKS["span"], PIXELS)[0].shape == (1, 3, 8, 12)

    def test_it_is_loaded_once_however_many_threads_ask_at_once(self) -> None:
        runtime = CountingRuntime()
        networks = Networks(runtime, Store(), Settings())
        with ThreadPoolExecutor(6) as threads:
            names = ["span", "nanodet"] * 3
            sessions = list(threads.map(networks.load, [NETWORKS[name] for name in names]))
        assert runtime.loaded == {"span": 1, "nanodet": 1}
        assert len({id(each) for each in sessions}) == 2


class CountingRuntime(OnnxRuntime):
    """Counts, and takes its time, so that threads meet."""

    def __init__(self) -> None:
        super().__init__(1)
        self.loaded: Counter[str] = Counter()

    def load(self, network: Network, file: Path) -> Session:
        self.loaded[network.name] += 1
        time.sleep(0.05)
        return super().load(network, file)


class TestRun:
    def test_outputs_come_in_the_order_of_the_catalogue(self, networks: Networks) -> None:
        (alpha,) = networks.run(NETWORKS["rvm"], photo("astronaut")[:96, :128])
        assert alpha.shape == (1, 1, 96, 128)
        outputs = networks.run(NETWORKS["nanodet"], np.zeros((416, 416, 3), np.uint8))
        assert [each.shape[2] for each in outputs] == [80, 80, 80, 44, 44, 44]

    def test_a_size_that_the_network_cannot_take_is_an_error_that_names_both(self, networks: Networks) -> None:
        with pytest.raises(NetworkError, match=r"nanodet: the network failed on 33 x 17 pixels: ."):
            networks.run(NETWORKS["nanodet"], np.zeros((17, 33, 3), np.uint8))

    def test_two_threads_get_what_one_gets(self, networks: Networks) -> None:
        crops = [photo(name)[:128, :128] for name in ("astronaut", "coffee", "chelsea", "rocket")]

        def alpha(crop: Rgb8) -> Tensor:
            return networks.run(NETWORKS["rvm"], crop)[0]

        one_by_one = [alpha(crop) for crop in crops]
        with ThreadPoolExecutor(2) as threads:
            at_once = list(threads.map(alpha, crops))
        assert all(np.array_equal(one, other) for one, other in zip(one_by_one, at_once, strict=True))
