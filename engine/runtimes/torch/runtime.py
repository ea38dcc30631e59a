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

# What a network is computed with on CUDA, where that is not float32. 99.9 % of the levels of 255 (alpha, or picture)
# differ from ONNX Runtime's by no more than this on photos and composites of 160 x 192 to 512 x 512 pixels:
#
#             all float16   its first quarter float32
#   rvm       4.7           3.0
#   modnet    30            3.4
#   span      1.7
#
# Measured with float16's arithmetic on a processor (float16 weights and results, float32 sums, as tensor cores have
# them); time was not measured on a GPU. The networks for people stay with float32: CenterNet's boxes come from places
# that equal neighbours decide. So does BSHM, whose weights nobody measured here.
ON_CUDA: Mapping[str, Precision] = {
    "rvm": Precision(half=True, exact=0.25, channels_last=True),
    "modnet": Precision(half=True, exact=0.25, channels_last=True),
    "span": Precision(half=True, channels_last=True),
}


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
    # By PyTorch's older names: after its newer ones it refuses to say what it does, which its own code may ask.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
