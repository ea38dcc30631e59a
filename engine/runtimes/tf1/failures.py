"""What goes wrong in TensorFlow's process, as the errors of this project, in sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.errors import BshmError, DeviceError, NetworkError

# C++ libraries abort where memory runs out in a thread of theirs; this is what they leave on standard error. The last
# is of Xbyak's, by which TensorFlow makes convolutions for the processor at hand.
_WORDS_OF_SHORTAGE = ("std::bad_alloc", "OOM when allocating", "CUDA_ERROR_OUT_OF_MEMORY", "can't alloc")

_ENVIRONMENT = "Let './install.sh --tf1' make an environment that has it, or name one in tf1.python in the config"
_LOG = "The engine's log says more"


class Tf1LostError(NetworkError):
    """The process ended by itself. It is of no more use; the next one may do better."""


class Tf1HungError(Tf1LostError):
    """The process did not answer in time, and was ended."""


def not_started(python: Path, why: str) -> DeviceError:
    """The system's own reason why a program is none."""
    return DeviceError(f"{python} cannot be started", why, _ENVIRONMENT)


def told(python: Path, graph: Path, message: dict[str, Any], frame: str) -> BshmError | MemoryError:
    """From the worker's message "failed". frame: of the picture, in words; "" before the first."""
    stage, why = message["stage"], message["why"].strip().splitlines()[0].strip()
    if message["short"]:
        return MemoryError(f"TensorFlow: {why}")
    if stage == "import":
        return _no_tensorflow(python, why)
    if stage == "version":
        return _other_version(python, why)
    if stage == "gpu":
        return DeviceError(f"{python}: its TensorFlow cannot use the GPU", why, "Set 'device: cpu' in the config")
    if stage == "file":
        return NetworkError(f"{graph}: the graph cannot be read", why[:1].lower() + why[1:])
    if stage == "graph":
        return NetworkError(f"{graph}: it is no graph of BSHM's kind", why, "Fetch it again: bshm models pull bshm")
    return NetworkError(f"{graph}: the network failed on {frame}", why)


def closed(graph: Path) -> Tf1LostError:
    """Who asks comes too late."""
    return Tf1LostError(f"{graph}: TensorFlow's process has been ended", remedy="Start the engine again")


def hung(graph: Path, seconds: float, frame: str) -> Tf1HungError:
    """It was ended after so many seconds. frame: as above."""
    what = f"{graph}: TensorFlow's process did not answer within {seconds:g} s"
    if not frame:
        return Tf1HungError(what, "it was still loading the graph, and was ended", "Try again")
    why = f"it was busy with {frame}, and was ended"
    return Tf1HungError(what, why, "Set engine.deadline higher in the config, or make the picture smaller")


def lost(graph: Path, how: str, said: str, frame: str) -> Tf1LostError | MemoryError:
    """It ended by itself. how: in words. said: the end of its standard error. frame: as above."""
    if any(words in said for words in _WORDS_OF_SHORTAGE):
        return MemoryError(f"TensorFlow's process: {how}, for want of memory")
    if frame:
        return Tf1LostError(f"{graph}: TensorFlow's process ended over {frame}", how, _LOG)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = f"; it said last: {lines[-1]}" if lines else ""
    return Tf1LostError(f"{graph}: TensorFlow's process ended before it was ready", how + last, _LOG)


def _other_version(python: Path, version: str) -> DeviceError:
    what = f"{python} has TensorFlow {version}, and BSHM's graph is run with 1.15.5 alone"
    major = version.partition(".")[0]
    later = major.isdecimal() and int(major) > 1
    # The words in which the article that this project goes back to met it.
    why = "there, what is written for TensorFlow 1 fails with \"module 'tensorflow' has no attribute 'placeholder'\""
    return DeviceError(what, why if later else "", _ENVIRONMENT)


def _no_tensorflow(python: Path, why: str) -> DeviceError:
    if why == "No module named 'tensorflow'":
        return DeviceError(f"{python} has no TensorFlow", "BSHM's graph is run with 1.15.5", _ENVIRONMENT)
    if why.startswith("Descriptors cannot"):
        why = "its protobuf is too new: TensorFlow 1.15.5 wants one below 3.21"
    return DeviceError(f"{python}: its TensorFlow cannot be imported", why, _ENVIRONMENT)
