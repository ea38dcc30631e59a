"""Which runtime runs what: by the device that the config names, and by the kind of a network's file.

    device        .onnx                                                 .pb
    cpu           ONNX Runtime                                          TensorFlow 1, on the processor
    cuda, cuda:N  PyTorch on that GPU; where its memory is too short,   TensorFlow 1, on that GPU
                  ONNX Runtime
    auto          as cuda where there is a GPU that PyTorch can use,    TensorFlow 1, on the first GPU that it sees
                  else as cpu                                           (CUDA_VISIBLE_DEVICES), else on the processor

On the processor ONNX Runtime needs less time than PyTorch (tests/bench/devices.py).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from engine.errors import DeviceError, NetworkError
from engine.memory import budget_bytes
from engine.models.catalogue import Network
from engine.runtimes import Runtime, Session
from engine.runtimes.spare import WithSpare
from engine.settings import Settings

# What NVIDIA's driver shows, on Linux and on Linux under Windows. It is looked at before PyTorch, whose loading takes
# a second and more.
_DRIVERS = (Path("/proc/driver/nvidia/version"), Path("/dev/dxg"))

# Old cards, of which PyTorch knows nothing any more, still run BSHM's own graph.
_WITHOUT = "'device: cpu', or 'device: auto', with which TensorFlow 1 may still use the GPU"


def open_runtime(settings: Settings) -> Runtime:
    """The runtime for settings.device. Raises DeviceError for a device that cannot be used: never a silent CPU.

    Where `auto` finds a GPU that cannot be used, the device's words say why (unused_gpu).
    """
    from engine.runtimes.onnx import OnnxRuntime

    processor = OnnxRuntime(settings.threads)
    if settings.device == "cpu" or (settings.device == "auto" and not _has_driver()):
        return _ByFile(settings, processor, None, processor.device)
    try:
        gpu = _open_gpu(settings)
    except DeviceError as error:
        if settings.device != "auto":
            raise
        return _ByFile(settings, processor, None, f"{processor.device} (not the GPU: {error.why or error.what})")
    return _ByFile(settings, processor, gpu, gpu.device)


def unused_gpu(settings: Settings) -> DeviceError | None:
    """Why `device: auto` leaves a GPU alone that this machine has; None where it has none, or uses it."""
    if settings.device != "auto" or not _has_driver():
        return None
    try:
        _open_gpu(settings)
    except DeviceError as error:
        return error
    return None


def _has_driver() -> bool:
    return any(each.exists() for each in _DRIVERS)


def _open_gpu(settings: Settings) -> Runtime:
    device = "cuda" if settings.device == "auto" else settings.device
    if find_spec("torch") is None:
        what, why = f"device: {device} cannot be used", "PyTorch, which runs networks on a GPU, is not installed"
        raise DeviceError(what, why, f"Run ./install.sh --torch in the project's folder, or set {_WITHOUT}")
    from engine.runtimes.torch import TorchRuntime

    return TorchRuntime(device, settings.gpu.memory_fraction)


class _ByFile:
    """Loads a network's file with what can run it."""

    def __init__(self, settings: Settings, processor: Runtime, gpu: Runtime | None, device: str) -> None:
        self.device = device
        self._settings, self._processor, self._gpu = settings, processor, gpu

    def load(self, network: Network, file: Path) -> Session:
        """See Runtime."""
        if file.suffix == ".pb":
            return self._tensorflow(network).load(network, file)
        if self._gpu is None:
            return self._processor.load(network, file)
        return WithSpare(self._gpu.load(network, file), lambda: self._processor.load(network, file))

    def _tensorflow(self, network: Network) -> Runtime:
        from engine.runtimes.tf1.environment import python_of
        from engine.runtimes.tf1.runtime import Tf1Runtime

        python = python_of(self._settings)
        if python is None:
            raise NetworkError(
                f"{network.name}: its TensorFlow 1 graph cannot be run",
                "there is no TensorFlow 1.15.5 here",
                f"Run: bshm models convert {network.name} (or, with Python 3.7 at hand, ./install.sh --tf1)",
            )
        chosen, gpu = self._settings, self._settings.gpu
        return Tf1Runtime(
            python,
            chosen.device,
            gpu.memory_fraction,
            gpu.growth,
            chosen.engine.deadline / 2,  # so that a hanging run is told as what it is before the picture's time is over
            threads=chosen.threads,
            memory=budget_bytes(chosen) // 2,
        )
