"""Which numbers a network is computed with, and where in memory their channels lie."""

from __future__ import annotations

from dataclasses import dataclass

import torch

# Computed with float32 whatever the rest is computed with: sums and squares of many numbers and what grows fast leave
# the range of float16 (65504) or its 11 bits.
FLOAT32_OPERATORS = frozenset(
    {
        "BatchNormalization",
        "Einsum",
        "Exp",
        "InstanceNormalization",
        "LayerNormalization",
        "Log",
        "LogSoftmax",
        "Pow",
        "Reciprocal",
        "ReduceL2",
        "ReduceProd",
        "ReduceSum",
        "ReduceSumSquare",
        "Softmax",
        "Sqrt",
        "TopK",
    }
)


@dataclass(frozen=True)
class Precision:
    """half: float16 for weights and for what follows from the picture, but for the operators above. exact: the part
    of the steps, from the first one on, that stay with float32 too, 0..1; what they lose grows most. channels_last: of
    a pixel, all channels lie side by side, which is how tensor cores read them."""

    half: bool = False
    exact: float = 0.0
    channels_last: bool = False

    def of(self, operator: str, place: float) -> torch.dtype:
        """What an operator of ONNX is computed with in place of float32. place: among the steps, 0..1."""
        exact = not self.half or place < self.exact or operator in FLOAT32_OPERATORS
        return torch.float32 if exact else torch.float16


FULL = Precision()
