"""The table of all operators that there are here."""

from __future__ import annotations

from collections.abc import Mapping

from engine.runtimes.torch import convolution, elementwise, reductions, resize, shapes
from engine.runtimes.torch.operator import Operator

OPERATORS: Mapping[str, Operator] = {
    **convolution.OPERATORS,
    **elementwise.OPERATORS,
    **reductions.OPERATORS,
    **resize.OPERATORS,
    **shapes.OPERATORS,
}

# Those that ask a tensor for nothing but its shape, which is known without waiting for its numbers.
OF_THE_SHAPE_ALONE = ("Shape", "Size")
