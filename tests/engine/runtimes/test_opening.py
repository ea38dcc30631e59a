"""The runtime for a device: the processor, or an error; never one for the other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import DeviceError, NetworkError
from engine.models.catalogue import NETWORKS
from engine.models.store import Store
from engine.runtimes.onnx import OnnxSession
from engine.runtimes.opening import open_runtime, unused_gpu
from engine.settings import Settings, Tf1

NO_GPU = pytest.mark.skipif(
    Path("/proc/driver/nvidia/version").exists() or Path("/dev/dxg").exists(), reason="this machine has a GPU"
)


@NO_GPU
@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_the_processor_runs_networks_by_onnx_runtime(device: str) -> None:
    runtime = open_runtime(Settings(device=device))
    network = NETWORKS["modnet"]
    assert isinstance(runtime.load(network, Store().path(network)), OnnxSession)


@pytest.mark.parametrize(("threads", "words"), [(1, "CPU, 1 thread"), (3, "CPU, 3 threads")])
def test_the_device_is_said_with_its_threads(threads: int, words: str) -> None:
    assert open_runtime(Settings(device="cpu", threads=threads)).device == words


def test_as_many_threads_as_the_process_may_use() -> None:
    cores, cpu = len(os.sched_getaffinity(0)), "cpu"
    assert open_runtime(Settings(cpu, threads=0)).device == open_runtime(Settings(cpu, threads=cores)).device


@NO_GPU
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there_is_refused_with_a_sentence_and_never_replaced(device: str) -> None:
    with pytest.raises(DeviceError) as refused:
        open_runtime(Settings(device=device))
    assert refused.value.what == f"device: {device} cannot be used"
    assert refused.value.why
    assert refused.value.remedy


@NO_GPU
def test_where_there_is_none_none_is_left_unused() -> None:
    assert unused_gpu(Settings()) is None


def test_a_graph_of_tensorflow_1_needs_it(tmp_path: Path) -> None:
    runtime = open_runtime(Settings(device="cpu", tf1=Tf1(python=str(tmp_path / "nowhere" / "python"))))
    with pytest.raises((NetworkError, DeviceError)) as refused:
        runtime.load(NETWORKS["bshm"], tmp_path / "bshm.pb")
    assert refused.value.remedy
