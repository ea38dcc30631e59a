"""Operators that move numbers, and change none: shapes, slices, pads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as f

from engine.runtimes.torch.operator import ANY, Operator, Tensor


def _shape(numbers: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    return torch.tensor(numbers.shape[start:end], dtype=torch.int64)


def _size(numbers: Tensor) -> Tensor:
    return torch.tensor(numbers.numel())


def _reshape(numbers: Tensor, shape: Tensor, *, allowzero: int = 0) -> Tensor:
    wanted = shape.tolist()
    if not allowzero:
        wanted = [length or numbers.shape[axis] for axis, length in enumerate(wanted)]
    return numbers.reshape(wanted)


def _flatten(numbers: Tensor, *, axis: int = 1) -> Tensor:
    rows = numbers.shape[:axis].numel() if axis else 1
    return numbers.reshape(rows, -1)


def _squeeze(numbers: Tensor, at: Tensor | None = None, *, axes: Sequence[int] | None = None) -> Tensor:
    given = axes if at is None else at.tolist()
    return numbers.squeeze() if given is None else numbers.squeeze(tuple(given))


def _unsqueeze(numbers: Tensor, at: Tensor | None = None, *, axes: Sequence[int] = ()) -> Tensor:
    given = axes if at is None else at.reshape(-1).tolist()
    rank = numbers.dim() + len(given)
    for axis in sorted(axis % rank for axis in given):
        numbers = numbers.unsqueeze(axis)
    return numbers


def _transpose(numbers: Tensor, *, perm: Sequence[int] | None = None) -> Tensor:
    return numbers.permute(tuple(reversed(range(numbers.dim()))) if perm is None else tuple(perm))


def _concatenate(*parts: Tensor, axis: int) -> Tensor:
    return torch.cat(parts, axis)


def _split(
    numbers: Tensor,
    sizes: Tensor | None = None,
    *,
    outputs: int,
    axis: int = 0,
    split: Sequence[int] | None = None,
    num_outputs: int | None = None,
) -> Sequence[Tensor]:
    given = split if sizes is None else sizes.tolist()
    if given:
        return tuple(torch.split(numbers, list(given), axis))
    length, count = numbers.shape[axis], num_outputs or outputs
    each = -(-length // count)
    return tuple(torch.split(numbers, [*[each] * (count - 1), length - each * (count - 1)], axis))


def _slice(
    numbers: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
) -> Tensor:
    firsts, lasts = starts.tolist(), ends.tolist()
    along = range(len(firsts)) if axes is None else axes.tolist()
    strides = [1] * len(firsts) if steps is None else steps.tolist()
    for axis, first, last, stride in zip(along, firsts, lasts, strides, strict=True):
        length = numbers.shape[axis]
        # As in Python, but for a first place before the beginning, which backwards is the beginning.
        start = max(first, -length) if stride < 0 and length else first
        where = range(*slice(start, last, stride).indices(length))
        if stride > 0:
            cut: list[slice] = [slice(None)] * numbers.dim()
            cut[axis] = slice(where.start, max(where.start, where.stop), stride)
            numbers = numbers[tuple(cut)]
        else:
            numbers = numbers.index_select(axis, torch.tensor(where, dtype=torch.int64, device=numbers.device))
    return numbers


def _from_the_start(places: Tensor, length: int) -> Tensor:
    """Places along an axis of this length, those counted from the end among them."""
    places = places.to(torch.int64)
    return torch.where(places < 0, places + length, places)


def _gather(numbers: Tensor, places: Tensor, *, axis: int = 0) -> Tensor:
    axis %= numbers.dim()
    found = numbers.index_select(axis, _from_the_start(places, numbers.shape[axis]).reshape(-1))
    return found.reshape((*numbers.shape[:axis], *places.shape, *numbers.shape[axis + 1 :]))


def _gather_elements(numbers: Tensor, places: Tensor, *, axis: int = 0) -> Tensor:
    return numbers.gather(axis, _from_the_start(places, numbers.shape[axis]))


def _coordinates(numbers: Tensor, places: Tensor) -> tuple[Tensor, ...]:
    columns = places.unbind(-1)
    return tuple(_from_the_start(column, length) for column, length in zip(columns, numbers.shape, strict=False))


def _gather_nd(numbers: Tensor, places: Tensor) -> Tensor:
    return numbers[_coordinates(numbers, places)]


def _scatter_nd(numbers: Tensor, places: Tensor, updates: Tensor, *, reduction: str = "none") -> Tensor:
    return numbers.index_put(_coordinates(numbers, places), updates, accumulate=reduction == "add")


def _expand(numbers: Tensor, shape: Tensor) -> Tensor:
    return numbers.expand(torch.broadcast_shapes(numbers.shape, tuple(shape.tolist())))


def _tile(numbers: Tensor, repeats: Tensor) -> Tensor:
    return numbers.repeat(repeats.tolist())


def _constant_of_shape(shape: Tensor, *, value: Tensor | None = None) -> Tensor:
    one = torch.zeros(1) if value is None else value
    return one.reshape(()).expand(shape.tolist())


def _range(start: Tensor, limit: Tensor, step: Tensor) -> Tensor:
    return torch.arange(start.item(), limit.item(), step.item(), dtype=start.dtype)


def _non_zero(numbers: Tensor) -> Tensor:
    return numbers.nonzero().T


def _pad(
    numbers: Tensor,
    pads: Tensor,
    value: Tensor | None = None,
    axes: Tensor | None = None,
    *,
    mode: str = "constant",
) -> Tensor:
    widths = pads.tolist()
    along = range(numbers.dim()) if axes is None else [axis % numbers.dim() for axis in axes.tolist()]
    around = dict(zip(along, zip(widths[: len(along)], widths[len(along) :], strict=True), strict=True))
    if mode == "constant":
        flat = [width for axis in reversed(range(numbers.dim())) for width in around.get(axis, (0, 0))]
        return f.pad(numbers, flat, value=0 if value is None else value.item())
    for axis, (before, behind) in around.items():
        if before or behind:
            length = numbers.shape[axis]
            places = [_mirrored(place, length, mode) for place in range(-before, length + behind)]
            numbers = numbers.index_select(axis, torch.tensor(places, dtype=torch.int64, device=numbers.device))
    return numbers


def _mirrored(place: int, length: int, mode: str) -> int:
    """Where the number at a place outside comes from."""
    if mode == "wrap":
        return place % length
    if mode == "edge" or length == 1:
        return min(max(place, 0), length - 1)
    place %= 2 * (length - 1)
    return min(place, 2 * (length - 1) - place)


OPERATORS: Mapping[str, Operator] = {
    "Concat": Operator(_concatenate),
    "ConstantOfShape": Operator(_constant_of_shape, numbers=(0,)),
    "Expand": Operator(_expand, numbers=(1,)),
    "Flatten": Operator(_flatten),
    "Gather": Operator(_gather),
    "GatherElements": Operator(_gather_elements),
    "GatherND": Operator(_gather_nd, known={"batch_dims": (0,)}),
    "NonZero": Operator(_non_zero),
    "Pad": Operator(_pad, numbers=(1, 2, 3), known={"mode": ("constant", "reflect", "edge", "wrap")}),
    "Range": Operator(_range, numbers=(0, 1, 2)),
    "Reshape": Operator(_reshape, numbers=(1,)),
    "ScatterND": Operator(_scatter_nd, known={"reduction": ("none", "add")}),
    "Shape": Operator(_shape),
    "Size": Operator(_size),
    "Slice": Operator(_slice, numbers=(1, 2, 3, 4)),
    "Split": Operator(_split, numbers=(1,), outputs=ANY),
    "Squeeze": Operator(_squeeze, numbers=(1,)),
    "Tile": Operator(_tile, numbers=(1,)),
    "Transpose": Operator(_transpose),
    "Unsqueeze": Operator(_unsqueeze, numbers=(1,)),
}
