"""Networks on PyTorch's devices, from the same ONNX files as everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from engine.errors import NetworkError
from engine.models.catalogue import Network
from engine.runtimes import Session
from engine.runtimes.picture import output_of
from engine.runtimes.torch.devices import all_processors, open_device, words_of
from engine.runtimes.torch.graph import output_names, read_model, understand
from engine.runtimes.torch.precision import FULL, Precision
from engine.runtimes.torch.program import Program
from engine.runtimes.torch.session import TorchSession, free_unused, is_shortage

_HALF = Precision(half=True, channels_last=True)

ON_CUDA: Mapping[str, Precision] = {"rvm": _HALF, "modnet": _HALF, "span": _HALF, "bshm": _HALF}


class TorchRuntime:
    """Runs networks on one device. device: "cpu", "cuda", "cuda:N" or "mps". fraction: the part of the GPU's memory
    that this process may take, 0..1. threads: processor threads, where that is the device; 0 takes all that this
    process may use.

    Raises DeviceError where the device cannot be used.
    """

    def __init__(self, device: str, fraction: float, threads: int = 0) -> None:
        self._device = open_device(device)
        if self._device.type == "cuda":
            torch.cuda.set_per_process_memory_fraction(fraction, self._device)
            _compute_exactly()
        elif self._device.type == "mps":
            torch.mps.set_per_process_memory_fraction(fraction)
        else:
            torch.set_num_threads(threads or all_processors())
        self.device = words_of(self._device)

    def load(self, network: Network, file: Path) -> Session:
        """See Runtime; MemoryError where the weights have no room."""
        model = read_model(network.name, file)
        names = output_names(model)
        if not names:
            raise NetworkError(f"{network.name}: the network cannot be run", f"{file}: it has no outputs")
        outputs = (output_of(names),) if network.tensors.picture else network.tensors.outputs
        graph = understand(network.name, file, model, outputs)
        precision = ON_CUDA.get(network.name, FULL) if self._device.type == "cuda" else FULL
        try:
            program = Program(graph, self._device, precision)
        except RuntimeError as error:
            if not is_shortage(error):
                raise
            said = f"PyTorch: {error}"
        else:
            return TorchSession(network, program, self.device)
        free_unused()
        raise MemoryError(said)


def _compute_exactly() -> None:
    """float32 is float32: TF32, which PyTorch takes for convolutions as it comes, has 11 bits like float16, and costs
    more than the 1e-3 from ONNX Runtime that is allowed; what bears 11 bits runs with float16 anyway, which is faster.
    And sums of float16 are float32."""
    torch.backends.cudnn.conv.fp32_precision = "ieee"
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
