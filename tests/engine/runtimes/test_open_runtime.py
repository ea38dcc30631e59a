"""The runtime for a device: the processor, or an error; never one for the other."""

from __future__ import annotations

import os

import pytest

from engine.errors import DeviceError
from engine.runtimes import open_runtime
from engine.runtimes.onnx import OnnxRuntime
from engine.settings import Settings


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_the_processor_runs_networks(device: str) -> None:
    runtime = open_runtime(Settings(device=device))
    assert isinstance(runtime, OnnxRuntime)


@pytest.mark.parametrize(("threads", "words"), [(1, "CPU, 1 thread"), (3, "CPU, 3 threads")])
def test_the_device_is_said_with_its_threads(threads: int, words: str) -> None:
    assert open_runtime(Settings(threads=threads)).device == words


def test_as_many_threads_as_the_process_may_use() -> None:
    cores = len(os.sched_getaffinity(0))
    assert open_runtime(Settings(threads=0)).device == open_runtime(Settings(threads=cores)).device


def test_a_gpu_is_refused_with_a_sentence_and_never_replaced() -> None:
    with pytest.raises(DeviceError) as refused:
        open_runtime(Settings(device="cuda"))
    assert str(refused.value) == (
        "device: cuda cannot be used: this version runs networks on the CPU alone. "
        "Set 'device: cpu' or 'device: auto' in the config file."
    )
