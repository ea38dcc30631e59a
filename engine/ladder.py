"""What is given up, step by step, where memory runs out in a network's run: the batch, then the picture as a whole.

    together  ->  one by one  ->  in tiles  ->  in smaller tiles  ->  on the processor  ->  MemoryShortError

The next run starts at the top again: memory that was short a moment ago may be there now. Tiles are for networks whose
output is a picture; a detector's square cannot be cut. The processor is a step where a GPU ran out of memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.crops import tiles
from engine.models.catalogue import Network, Task
from engine.runtimes import Tensor
from engine.shortage import short
from engine.types import Crop, Size

Run = Callable[[Tensor], tuple[Tensor, ...]]
Outcome = tuple[Tensor, ...] | Exception

# Sides of tiles, multiples of what the networks want. Matting needs to see the person: on 14 photos of known alpha the
# IoU of MODNet's mattes at 448 x 448 pixels was 0.88, in tiles of 320 it is 0.87, of 256 0.79, of 192 0.63 (RVM: 0.90,
# 0.89, 0.89, 0.86); smaller ones would be no help. Super-resolution looks at near pixels alone: tiles of 128 change
# none by more than 3 levels of 255.
TILE_SIDES: Mapping[Task, tuple[int, ...]] = {"matte": (320, 256), "upscale": (128, 64), "people": ()}

# Neighbouring tiles share this part of a side; over it, one fades into the other.
_OVERLAP = 0.25


@dataclass(frozen=True)
class Asked:
    """One picture's part in a run. tensor: a batch of 1. steps: takes a sentence for each step of the ladder."""

    tensor: Tensor
    steps: list[str]


def outcomes(run: Run, network: Network, asked: Sequence[Asked], spare: Run | None = None) -> list[Outcome]:
    """The outputs for each that asked, or why there are none: a MemoryShortError, or what else `run` raised.

    run: a session's, which raises MemoryError where memory runs out. asked: their tensors have one shape. spare: the
    same network on the processor, where `run` is on a GPU.
    """
    if len(asked) > 1:
        try:
            together = run(np.concatenate([each.tensor for each in asked]))
        except MemoryError:
            sentence = f"Memory was short: {network.name} ran on {len(asked)} pictures one by one instead of together."
            for each in asked:
                each.steps.append(sentence)
        else:
            return [tuple(output[index : index + 1] for output in together) for index in range(len(asked))]
    return [_outcome(run, network, each, spare) for each in asked]


def _outcome(run: Run, network: Network, asked: Asked, spare: Run | None) -> Outcome:
    try:
        return _alone(run, network, asked, spare)
    except Exception as error:  # noqa: BLE001  # raised where somebody waits for it; the next one's run goes on
        return error


def _alone(run: Run, network: Network, asked: Asked, spare: Run | None) -> tuple[Tensor, ...]:
    size = _size_of(asked.tensor, network)
    try:
        return run(asked.tensor)
    except MemoryError:
        pass  # what it held is freed with it, before the next try
    sides = [side for side in TILE_SIDES[network.task] if side < max(size)]
    for side in sides:
        cut = list(tiles(size, side, _OVERLAP))
        asked.steps.append(
            f"Memory was short: {network.name} saw {size.width} x {size.height} pixels in {len(cut)} tiles of "
            f"{min(side, size.width)} x {min(side, size.height)}."
        )
        try:
            return _in_tiles(run, asked.tensor, cut)
        except MemoryError:
            pass
    if spare is not None:
        seen = f"{size.width} x {size.height} pixels"
        asked.steps.append(f"Memory was short: {network.name} ran on {seen} on the processor, not the GPU.")
        try:
            return spare(asked.tensor)
        except MemoryError:
            pass
    what = f"{network.name}: there is not enough memory for {size.width} x {size.height} pixels"
    raise short(what, f"nor for tiles of {sides[-1]} x {sides[-1]}" if sides else "")


def _size_of(tensor: Tensor, network: Network) -> Size:
    down, across = (2, 3) if network.tensors.layout == "NCHW" else (1, 2)
    return Size(tensor.shape[across], tensor.shape[down])


def _in_tiles(run: Run, tensor: Tensor, cut: Sequence[Crop]) -> tuple[Tensor, ...]:
    """The outputs [1, C, f H, f W] for a tensor [1, 3, H, W], each tile fading into its neighbours."""
    height, width = tensor.shape[2:]
    whole: list[Tensor] = []
    weights: list[Tensor] = []
    for tile in cut:
        outputs = run(np.ascontiguousarray(tensor[:, :, *tile.window]))
        factors = [output.shape[3] // tile.size.width for output in outputs]
        if not whole:
            whole = [
                np.zeros((1, output.shape[1], factor * height, factor * width), np.float32)
                for output, factor in zip(outputs, factors, strict=True)
            ]
            weights = [np.zeros(each.shape[2:], np.float32) for each in whole]
        for total, weight, output, factor in zip(whole, weights, outputs, factors, strict=True):
            where = Crop(*(factor * edge for edge in tile)).window
            share = _fade(output.shape[2])[:, None] * _fade(output.shape[3])
            total[:, :, *where] += output * share
            weight[where] += share
    for total, weight in zip(whole, weights, strict=True):
        total /= weight
    return tuple(whole)


def _fade(length: int) -> Tensor:
    """Weights of a tile's pixels along one side: 1 inside, less towards its ends, never 0."""
    ends = np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5
    return np.asarray(np.minimum(ends / (_OVERLAP * length), 1), np.float32)
