"""Networks' files for PyTorch's runtime, and what they see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch

from engine.models.catalogue import NETWORKS, Network
from engine.models.store import Store
from engine.runtimes import Tensor
from engine.runtimes.torch.graph import read_model, understand
from engine.runtimes.torch.precision import Precision
from engine.runtimes.torch.program import Program

DEFAULTS = tuple(name for name, each in NETWORKS.items() if each.default)


def tensor_of(network: Network, *pictures: npt.NDArray[np.uint8]) -> Tensor:
    """RGB pictures of one size as the network takes them."""
    tensors = network.tensors
    batch = np.stack(pictures)[..., :: -1 if tensors.channels == "BGR" else 1]
    scaled = (batch - np.array(tensors.mean)) / np.array(tensors.std)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2) if tensors.layout == "NCHW" else scaled, np.float32)


def program_of(network: Network, file: Path, precision: Precision, device: str = "cpu") -> Program:
    graph = understand(network.name, file, read_model(network.name, file), network.tensors.outputs)
    return Program(graph, torch.device(device), precision)


def by_onnx_runtime(network: Network, tensor: Tensor) -> list[npt.NDArray[Any]]:
    session = onnxruntime.InferenceSession(Store().path(network), providers=["CPUExecutionProvider"])
    return list(session.run(list(network.tensors.outputs), {network.tensors.input: tensor}))
