"""ONNX Runtime on the CPU."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

# Before the import: ONNX Runtime's releases otherwise report to Microsoft and leave an identifier in ~/.cache (its
# Privacy.md). Nothing leaves the machine unasked; who sets the variable decides for himself.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import numpy.typing as npt
import onnxruntime

from engine.errors import NetworkError
from engine.models.catalogue import Network
from engine.runtimes import Session, Tensor
from engine.runtimes.picture import alpha_of, output_of, to_picture

# Bytes that are asked for at once for a run's small pieces. ONNX Runtime's own steps double up to a GiB, and take what
# is left where there is less: the last byte, from everybody else in the process too.
_STEP = 16 << 20

# In what ONNX Runtime says where memory runs out: its arena, and the C++ library below it.
_WORDS_OF_SHORTAGE = ("Failed to allocate memory", "bad_alloc")

# What exports of BSHM want their picture as.
_ELEMENTS: Mapping[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}


class OnnxSession:
    """One network in ONNX Runtime. device: in words."""

    def __init__(self, session: onnxruntime.InferenceSession, network: Network, device: str) -> None:
        self.device = device
        self._session = session
        self._network = network
        # Pictures come in all sizes: without this the arena keeps the largest of every shape for good.
        self._options = onnxruntime.RunOptions()
        self._options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def run(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """See Session."""
        tensors = self._network.tensors
        if not tensors.picture:
            return tuple(self._run(list(tensors.outputs), {tensors.input: tensor}))
        (entry,) = self._session.get_inputs()
        wanted = output_of([each.name for each in self._session.get_outputs()])
        picture = to_picture(tensor).astype(_ELEMENTS[entry.type])
        (output,) = self._run([wanted], {entry.name: picture})
        return (alpha_of(output, self._network.name),)

    def _run(self, outputs: list[str], inputs: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        try:
            return list(self._session.run(outputs, inputs, self._options))
        except Exception as error:  # ONNX Runtime's errors have no public base class
            if any(words in str(error) for words in _WORDS_OF_SHORTAGE):
                raise MemoryError(f"ONNX Runtime: {error}") from error
            raise


class OnnxRuntime:
    """Runs networks on `threads` processor threads; 0 takes all that this process may use."""

    def __init__(self, threads: int) -> None:
        self._threads = threads or len(os.sched_getaffinity(0))
        self.device = f"CPU, {self._threads} thread{'s' if self._threads > 1 else ''}"

    def load(self, network: Network, file: Path) -> Session:
        """See Runtime."""
        _share_arena()
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.enable_mem_pattern = False  # one block for all of a run: no faster, larger, and harder to find room for
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 4  # fatal ones; what is wrong with a file or in a run comes as an exception
        try:
            session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors have no public base class
            raise NetworkError(f"{network.name}: the network cannot be run", f"{file}: {error}") from error
        return OnnxSession(session, network, self.device)


@cache  # it belongs to the process: a second one would be refused
def _share_arena() -> None:
    """The pool that all networks' runs take their memory from, one after the other."""
    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg({"max_power_of_two_extend_bytes": _STEP}))
