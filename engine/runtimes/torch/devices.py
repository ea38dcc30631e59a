"""The devices that PyTorch can use here, and why it cannot use others."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence

import torch

from engine.errors import DeviceError

_INSTALL = "Run ./install.sh --torch in the project's folder, or set 'device: cpu'"

Capability = tuple[int, int]


def open_device(word: str) -> torch.device:
    """The device of the config's word: "cpu", "cuda", "cuda:N" or "mps"; it has been used once.

    Raises DeviceError where it cannot be used, which says what to do.
    """
    what = f"device: {word} cannot be used"
    if word == "cpu":
        return torch.device("cpu")
    if word == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceError(what, "PyTorch finds no Apple GPU here", "Set 'device: cpu'")
        return _tried(what, torch.device("mps"))
    if not re.fullmatch(r"cuda(:\d+)?", word):
        raise DeviceError(what, "PyTorch's runtime knows cpu, cuda, cuda:N and mps")
    if torch.version.cuda is None and torch.version.hip is None:
        raise DeviceError(what, f"PyTorch {torch.__version__} is installed, which is built without CUDA", _INSTALL)
    _start_cuda(what)
    index, count = int(word.partition(":")[2] or 0), torch.cuda.device_count()
    if index >= count:
        there = ", ".join(f"cuda:{each} ({torch.cuda.get_device_name(each)})" for each in range(count))
        raise DeviceError(what, f"PyTorch finds {there or 'no GPU'}", f"Set 'device: {'cuda:0' if count else 'cpu'}'")
    capability, built_for = torch.cuda.get_device_capability(index), torch.cuda.get_arch_list()
    if not reaches(capability, built_for):
        raise DeviceError(
            what,
            f"PyTorch {torch.__version__} is not built for the {torch.cuda.get_device_name(index)}, of compute "
            f"capability {capability[0]}.{capability[1]} (it is for {', '.join(built_for)})",
            "Install a build of PyTorch for this card, or set 'device: cpu'",
        )
    return _tried(what, torch.device("cuda", index))


def reaches(capability: Capability, built_for: Sequence[str]) -> bool:
    """Whether a build of PyTorch has code for a card. built_for: torch.cuda.get_arch_list().

    sm_86 runs on cards of the same major version and no smaller a minor one; compute_90 is compiled for any card from
    there on when it is first used (CUDA C++ Programming Guide, Binary and PTX Compatibility). Letters behind the number
    narrow it to that very version (a), or its family (f).
    """
    for each in built_for:
        if found := re.fullmatch(r"(sm|compute)_(\d+)(\d)([af]?)", each):
            kind, major, minor, narrow = found[1], int(found[2]), int(found[3]), found[4]
            if narrow == "a":
                fits = capability == (major, minor)
            elif kind == "compute" and not narrow:
                fits = capability >= (major, minor)
            else:
                fits = capability[0] == major and capability[1] >= minor
            if fits:
                return True
        elif each.startswith("gfx"):  # AMD's, which PyTorch chooses by itself
            return True
    return False


def words_of(device: torch.device) -> str:
    """A device for people: "NVIDIA A10 (cuda:0), PyTorch 2.13.0"."""
    version = f"PyTorch {torch.__version__.partition('+')[0]}"
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} ({device}), {version}"
    if device.type == "mps":
        return f"Apple GPU, {version}"
    count = torch.get_num_threads()
    return f"CPU, {count} thread{'s' if count > 1 else ''}, {version}"


def all_processors() -> int:
    """Processor threads that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start_cuda(what: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it raises the same
        try:
            torch.cuda.init()
        except RuntimeError as error:
            raise DeviceError(what, _first_line(error), "Install NVIDIA's driver, or set 'device: cpu'") from error


def _tried(what: str, device: torch.device) -> torch.device:
    try:
        torch.ones(1, device=device).add(1).cpu()
    except RuntimeError as error:
        raise DeviceError(what, _first_line(error), "Free the GPU, or set 'device: cpu'") from error
    return device


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].strip().rstrip(".")
