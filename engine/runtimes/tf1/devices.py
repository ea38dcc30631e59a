"""Which device TensorFlow 1.15.5 runs on, or why it cannot be the one that was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import DeviceError

# The first compute capability that is out of reach, by the CUDA that a TensorFlow was built with. The wheel of 1.15.5
# has CUDA 10.0 and kernels for 3.5 to 7.0; 7.5 runs those of its own major version, and CUDA 10 knows none from 8.0 on
# (Ampere: CUDA 11.0).
_OUT_OF_REACH: Mapping[str, tuple[int, int]] = {"10": (8, 0)}

_ALTERNATIVES = (
    "Let 'bshm models convert bshm' convert the graph, which today's devices run; or set tf1.python to an environment "
    "with nvidia-tensorflow 1.15.5+nv (Python 3.8) or with a build 1.15.5+cu113; or set 'device: cpu' in the config"
)
_NO_GPU = "Install what is missing, or set 'device: cpu' or 'device: auto' in the config"


@dataclass(frozen=True)
class Card:
    """A GPU as TensorFlow describes it. capability: CUDA's compute capability, (8, 0) for 8.0."""

    name: str
    capability: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.name} (compute capability {self.capability[0]}.{self.capability[1]})"


@dataclass(frozen=True)
class Found:
    """What a TensorFlow has. version: "1.15.5+nv23.3". cuda: what it was built with, "10"; "none"; "" where it does not
    say. cards: those that it may use, in its order. said: its standard error, which tells why there is none."""

    version: str
    cuda: str
    cards: tuple[Card, ...]
    said: str = ""


def card(description: str) -> Card:
    """From TensorFlow's words: "device: 0, name: Tesla K80, pci bus id: ..., compute capability: 3.7"."""
    name = re.search(r"name: (.*?), pci bus id", description)
    capability = re.search(r"compute capability: (\d+)\.(\d+)", description)
    return Card(
        name[1] if name else description,
        (int(capability[1]), int(capability[2])) if capability else (0, 0),
    )


def visible(asked: str, allowed: str | None) -> str:
    """CUDA_VISIBLE_DEVICES for the one GPU that is asked for: TensorFlow takes memory on every one that it sees.

    asked: as for device_of; "cuda" and "auto" are the first. allowed: the variable as it is; cuda:N counts among its.
    """
    if asked == "cpu":
        return "-1"
    number = int(asked.partition(":")[2] or 0)
    if allowed is None:
        return str(number)
    names = [each.strip() for each in allowed.split(",")]
    return names[number] if number < len(names) and names[number] else "-1"


def device_of(asked: str, found: Found) -> str:
    """The device in words. asked: "cpu", "cuda", "cuda:N" or "auto", which is the CPU where TensorFlow has no GPU.

    Raises DeviceError where a GPU was asked for and there is none, and where there is one that it cannot reach: never a
    silent CPU.
    """
    tensorflow = f"TensorFlow {found.version}"
    if asked == "cpu":
        return f"CPU, {tensorflow}"
    if not found.cards:
        if asked == "auto":
            return f"CPU, {tensorflow}, which has no GPU: {why_no_gpu(found)}"
        raise DeviceError(f"device: {asked} cannot be used by {tensorflow}", why_no_gpu(found), _NO_GPU)
    used = found.cards[0]
    if used.capability >= _first_out_of_reach(found):
        what = f"{used} cannot be used by {tensorflow}"
        raise DeviceError(what, "its CUDA 10.0 is older than the card, and has no code for it", _ALTERNATIVES)
    return f"{used}, {tensorflow}"


def _first_out_of_reach(found: Found) -> tuple[int, int]:
    """Of a build that does not say its CUDA: a build of somebody's own is there for newer cards, the wheel is not."""
    cuda = found.cuda or ("" if "+" in found.version else "10")
    return _OUT_OF_REACH.get(cuda.partition(".")[0], (10**6, 0))


def why_no_gpu(found: Found) -> str:
    """A phrase, from what TensorFlow said on its standard error as it looked for GPUs."""
    if found.cuda == "none":
        return "it was built without CUDA"
    missing = sorted(set(re.findall(r"Could not load dynamic library '([^']+)'", found.said)))
    if "libcuda.so.1" in missing:
        return "there is no NVIDIA driver (libcuda.so.1)"
    if missing:
        return f"CUDA's libraries are missing or too new ({', '.join(missing)})"
    if "CUDA_ERROR_NO_DEVICE" in found.said:
        return "the driver knows no such GPU, or CUDA_VISIBLE_DEVICES hides it"
    reason = re.search(r"failed call to cuInit: (.+)|Ignoring visible gpu device (.+)", found.said)
    return (reason[1] or reason[2]).strip() if reason else "it sees none, and does not say why"
