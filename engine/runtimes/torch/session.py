"""One network in PyTorch: arrays in, arrays out, and MemoryError where memory runs out."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.models.catalogue import Network
from engine.runtimes import Tensor
from engine.runtimes.picture import alpha_of, to_picture
from engine.runtimes.torch.program import Program

# What PyTorch and the libraries below it say where memory runs out: its allocator of the CPU's memory; oneDNN, which
# has the same words for whatever keeps a convolution from being prepared, and in practice that is memory; the allocator
# of Apple's GPUs; and CUDA's libraries, whose own memory is not the allocator's.
_WORDS_OF_SHORTAGE = re.compile(
    r"can't allocate memory|not enough memory|could not create a primitive|backend out of memory|"
    r"CUDA error: out of memory|_ALLOC_FAILED"
)


def is_shortage(error: RuntimeError) -> bool:
    """Whether PyTorch means by this that memory ran out."""
    return isinstance(error, torch.OutOfMemoryError) or bool(_WORDS_OF_SHORTAGE.search(str(error)))


class TorchSession:
    """One network in PyTorch. device: in words. program: gives what network.tensors says, or, where that is one of
    BSHM's contract, the one output that alpha_of understands."""

    def __init__(self, network: Network, program: Program, device: str) -> None:
        self.device = device
        self._network, self._program = network, program

    def run(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """See Session."""
        if not self._network.tensors.picture:
            return tuple(np.asarray(each, np.float32) for each in self._run(tensor))
        (output,) = self._run(to_picture(tensor))
        return (alpha_of(output, self._network.name),)

    def _run(self, array: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        try:
            # PyTorch takes no array that it could not write to, nor one that runs backwards.
            picture = torch.from_numpy(np.require(array, requirements=("C", "W")))
            return tuple(each.numpy() for each in self._program.run(picture))
        except RuntimeError as error:
            if not is_shortage(error):
                raise
            said = f"PyTorch: {error}"
        # Only now: as long as the error is handled, its traceback holds the tensors of the run.
        free_unused()
        raise MemoryError(said)


def free_unused() -> None:
    """Gives the GPU's memory back that PyTorch keeps for later and nothing uses."""
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
