"""Which devices PyTorch can use, and what is said of those that it cannot."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DeviceError
from engine.runtimes.torch import TorchRuntime
from engine.runtimes.torch.devices import open_device, reaches

WITHOUT_CUDA = torch.version.cuda is None and torch.version.hip is None


@pytest.mark.skipif(not WITHOUT_CUDA, reason="this PyTorch is built with CUDA")
@pytest.mark.parametrize("word", ["cuda", "cuda:0", "cuda:3"])
def test_a_gpu_with_a_pytorch_for_the_processor_alone_is_an_error_that_says_what_to_install(word: str) -> None:
    with pytest.raises(DeviceError) as refused:
        TorchRuntime(word, 0.9)
    assert refused.value.what == f"device: {word} cannot be used"
    assert refused.value.why == f"PyTorch {torch.__version__} is installed, which is built without CUDA"
    assert "./install.sh --torch" in refused.value.remedy
    assert "device: cpu" in refused.value.remedy


@pytest.mark.skipif(WITHOUT_CUDA or torch.cuda.is_available(), reason="needs a PyTorch with CUDA and no GPU")
def test_a_gpu_that_is_not_there_is_an_error() -> None:
    with pytest.raises(DeviceError, match=r"device: cuda cannot be used: .+ set 'device: cpu'"):
        TorchRuntime("cuda", 0.9)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no GPU here")
def test_a_gpu_past_the_last_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(DeviceError, match="cuda:0"):
        open_device("cuda:99")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is one here")
def test_apples_gpu_where_there_is_none_is_an_error() -> None:
    with pytest.raises(DeviceError, match="Apple"):
        open_device("mps")


@pytest.mark.parametrize("word", ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "meta"])
def test_a_word_that_is_no_device_is_an_error(word: str) -> None:
    with pytest.raises(DeviceError):
        open_device(word)


def test_the_processor_can_always_be_used() -> None:
    assert open_device("cpu") == torch.device("cpu")


BUILT = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120")


@pytest.mark.parametrize(
    ("capability", "built_for", "reached"),
    [
        ((7, 5), BUILT, True),  # Turing
        ((7, 0), BUILT, False),  # Volta
        ((6, 1), BUILT, False),  # Pascal
        ((8, 0), BUILT, True),  # Ampere
        ((8, 9), BUILT, True),  # Ada, by what was built for 8.6
        ((9, 0), BUILT, True),  # Hopper
        ((12, 1), BUILT, True),
        ((13, 0), BUILT, False),
        ((13, 0), (*BUILT, "compute_120"), True),
        ((7, 0), (*BUILT, "compute_120"), False),
        ((9, 0), ("sm_90a",), True),
        ((9, 1), ("sm_90a",), False),
        ((9, 0), (), False),
        ((9, 0), ("gfx90a",), True),
    ],
)
def test_a_card_is_reached_by_code_of_its_generation(
    capability: tuple[int, int], built_for: tuple[str, ...], reached: bool
) -> None:
    assert reaches(capability, built_for) is reached


@given(st.integers(3, 15), st.integers(0, 9), st.integers(0, 9))
def test_code_for_a_card_runs_on_later_ones_of_its_generation_alone(major: int, minor: int, built: int) -> None:
    assert reaches((major, minor), [f"sm_{major}{built}"]) is (built <= minor)
    assert not reaches((major, minor), [f"sm_{major + 1}{built}", f"sm_{major - 1}{built}"])
