"""Which device, or why none: a table of what is asked for and of what TensorFlow finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DeviceError
from engine.runtimes.tf1.devices import Card, Found, card, device_of, visible, why_no_gpu

K80, T4 = Card("Tesla K80", (3, 7)), Card("Tesla T4", (7, 5))
A100, H100 = Card("NVIDIA A100-SXM4-40GB", (8, 0)), Card("NVIDIA H100 PCIe", (9, 0))

# What TensorFlow 1.15.5 writes where it finds none.
NO_DRIVER = """\
W .../platform/default/dso_loader.cc:55] Could not load dynamic library 'libcuda.so.1'; dlerror: \
libcuda.so.1: cannot open shared object file: No such file or directory
E tensorflow/stream_executor/cuda/cuda_driver.cc:318] failed call to cuInit: UNKNOWN ERROR (303)
"""
NO_LIBRARIES = """\
W tensorflow/stream_executor/platform/default/dso_loader.cc:55] Could not load dynamic library 'libcudart.so.10.0'; ...
W tensorflow/stream_executor/platform/default/dso_loader.cc:55] Could not load dynamic library 'libcudnn.so.7'; dlerror:
W tensorflow/stream_executor/platform/default/dso_loader.cc:55] Could not load dynamic library 'libcudart.so.10.0'; ...
W tensorflow/core/common_runtime/gpu/gpu_device.cc:1641] Cannot dlopen some GPU libraries. [...] Skipping registering
"""
HIDDEN = "E .../cuda_driver.cc:318] failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected\n"
BROKEN = "E .../cuda_driver.cc:318] failed call to cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH: system has ...\n"
OLD_CARD = "I gpu_device.cc:1] Ignoring visible gpu device (device: 0, name: GT 430) with Cuda compute capability 2.1\n"


def wheel(*cards: Card, said: str = "", version: str = "1.15.5", cuda: str = "10") -> Found:
    return Found(version, cuda, cards, said)


@pytest.mark.parametrize(
    ("asked", "found", "device"),
    [
        ("cpu", wheel(), "CPU, TensorFlow 1.15.5"),
        ("cpu", wheel(version="2.21.0"), "CPU, TensorFlow 2.21.0"),
        ("auto", wheel(K80), "Tesla K80 (compute capability 3.7), TensorFlow 1.15.5"),
        ("cuda", wheel(T4), "Tesla T4 (compute capability 7.5), TensorFlow 1.15.5"),
        ("cuda:1", wheel(T4), "Tesla T4 (compute capability 7.5), TensorFlow 1.15.5"),
        (
            "auto",
            wheel(said=NO_DRIVER),
            "CPU, TensorFlow 1.15.5, which has no GPU: there is no NVIDIA driver (libcuda.so.1)",
        ),
        (
            "cuda",
            wheel(A100, version="1.15.5+nv23.3", cuda="12.1"),
            "NVIDIA A100-SXM4-40GB (compute capability 8.0), TensorFlow 1.15.5+nv23.3",
        ),
        (
            "auto",
            wheel(A100, version="1.15.5+cu113", cuda="11.3"),
            "NVIDIA A100-SXM4-40GB (compute capability 8.0), TensorFlow 1.15.5+cu113",
        ),
        (
            "cuda",
            wheel(H100, version="1.15.5+nv23.3", cuda=""),
            "NVIDIA H100 PCIe (compute capability 9.0), TensorFlow 1.15.5+nv23.3",
        ),
    ],
)
def test_the_device_is_said_in_words(asked: str, found: Found, device: str) -> None:
    assert device_of(asked, found) == device


@pytest.mark.parametrize("asked", ["cuda", "cuda:0", "cuda:3"])
@pytest.mark.parametrize(
    ("said", "cuda", "why"),
    [
        (NO_DRIVER, "10", "there is no NVIDIA driver (libcuda.so.1)"),
        (NO_LIBRARIES, "10", "CUDA's libraries are missing or too new (libcudart.so.10.0, libcudnn.so.7)"),
        (HIDDEN, "10", "the driver knows no such GPU, or CUDA_VISIBLE_DEVICES hides it"),
        (BROKEN, "10", "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH: system has ..."),
        (OLD_CARD, "10", "(device: 0, name: GT 430) with Cuda compute capability 2.1"),
        ("", "none", "it was built without CUDA"),
        ("", "10", "it sees none, and does not say why"),
    ],
)
def test_a_gpu_that_is_asked_for_and_is_not_there_is_an_error_that_says_why(
    asked: str, said: str, cuda: str, why: str
) -> None:
    found = wheel(said=said, cuda=cuda)
    assert why_no_gpu(found) == why
    with pytest.raises(DeviceError) as caught:
        device_of(asked, found)
    assert caught.value.what == f"device: {asked} cannot be used by TensorFlow 1.15.5"
    assert caught.value.why == why


@given(
    st.sampled_from(["auto", "cuda", "cuda:1"]),
    st.tuples(st.integers(3, 13), st.integers(0, 9)),
    st.sampled_from(["10", "10.0", ""]),
)
def test_the_wheels_cuda_reaches_cards_below_8_0_and_names_the_ways_out_for_others(
    asked: str, capability: tuple[int, int], cuda: str
) -> None:
    found = wheel(Card("Card", capability), cuda=cuda)
    if capability < (8, 0):
        assert device_of(asked, found).startswith("Card (compute capability")
        return
    with pytest.raises(DeviceError) as caught:
        device_of(asked, found)
    for way_out in ("bshm models convert bshm", "nvidia-tensorflow 1.15.5+nv", "1.15.5+cu113", "device: cpu"):
        assert way_out in caught.value.remedy
    assert "CUDA 10.0 is older than the card" in caught.value.why


def test_a_card_is_read_from_tensorflows_words() -> None:
    words = "device: 0, name: Tesla K80, pci bus id: 0000:00:04.0, compute capability: 3.7"
    assert card(words) == K80
    assert str(card(words)) == "Tesla K80 (compute capability 3.7)"


@pytest.mark.parametrize(
    ("asked", "allowed", "seen"),
    [
        ("cpu", None, "-1"),
        ("cpu", "0,1", "-1"),
        ("cuda", None, "0"),
        ("auto", None, "0"),
        ("cuda:2", None, "2"),
        ("auto", "3,1", "3"),
        ("cuda:1", "3, 1", "1"),
        ("cuda:2", "3,1", "-1"),
        ("cuda", "", "-1"),
        ("cuda:1", "GPU-8f,MIG-3a", "MIG-3a"),
    ],
)
def test_one_gpu_is_seen_of_those_that_are_allowed(asked: str, allowed: str | None, seen: str) -> None:
    assert visible(asked, allowed) == seen
