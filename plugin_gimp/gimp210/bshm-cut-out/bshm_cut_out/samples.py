# -*- coding: utf-8 -*-
"""Masks and layers put together from what the engine sent, in the depth that the image has. Knows nothing of GIMP.

Python 2 has no fast arithmetic on bytes, but fast tables (str.translate), fast slices, and a fast search for runs (re):
these do the work, and single pixels are reckoned only where a selection is soft.
"""

import collections
import re

_FULL = re.compile(b"\xff+")
_ANY = re.compile(b"[^\x00]+")
_SOFT = re.compile(b"[\x01-\xfe]+", re.DOTALL)
_ON_OR_OFF = b"\x00" * 128 + b"\xff" * 128  # a table: of a matte whose image has no half-transparent pixels

# How 8-bit values are written in an image's own depth: a table for each byte of a sample, of a colour and of alpha.
Depth = collections.namedtuple("Depth", "colour alpha")


def depth_of(ramp, channels):
    """The tables, from what GIMP made of a layer of 256 x 2 pixels with so many channels, alpha the last of them: in its
    first row are the values 0 to 255 as opaque colours, in the second as alpha."""
    size = len(ramp) // (2 * 256 * channels)
    first, second = ramp[: len(ramp) // 2], ramp[len(ramp) // 2 :]
    step = channels * size
    colour = [first[each::step] for each in range(size)]
    return Depth(colour, [second[step - size + each :: step] for each in range(size)])


def mask_samples(matte, tables, outside=None):
    """The samples of a mask. matte: 8 bits. tables: of alpha, which masks are like. outside: None, or what stays where
    the selection is not: (the selection in 8 bits, the samples there, the same in 8 bits)."""
    made = _written(matte, tables)
    if outside is None:
        return made
    chosen, samples, values = outside
    size, result = len(tables), bytearray(samples)
    for first, last in _runs(_FULL, chosen):
        result[first * size : last * size] = made[first * size : last * size]
    for first, last in _runs(_SOFT, chosen):
        here = slice(first, last)
        result[first * size : last * size] = _written(_blended(values[here], matte[here], chosen[here]), tables)
    return bytes(result)


def layer_samples(rgba, own, depth, colours, indexed, chosen=None):
    """The samples of a layer with alpha: the own colours where the engine's alpha is 255, else the engine's.

    rgba: the engine's, 8 bits. own: the layer's samples, in its own depth, with or without alpha. colours: how many
    channels of colour it has, 3 or 1. indexed: its colours are numbers, which the engine does not know, and alpha is all
    or nothing. chosen: the selection in 8 bits, or None.
    """
    size, alpha = len(depth.alpha), rgba[3::4]
    width = (colours + 1) * size
    result = _widened(own, len(alpha), colours * size, width)
    if not indexed:
        result = _edged(result, rgba, alpha, depth, colours)
    if chosen is not None:
        alpha = _faded(alpha, chosen)
    if indexed:
        alpha = alpha.translate(_ON_OR_OFF)
    for place, table in enumerate(depth.alpha):
        result[colours * size + place :: width] = alpha.translate(table)
    return bytes(result)


def holds_any(alpha, chosen):
    """Whether alpha is anywhere more than 0 where something is chosen. Both: 8 bits; chosen: None where all is."""
    if chosen is None:
        return alpha.count(b"\x00") < len(alpha)
    return any(alpha.count(b"\x00", *run) < run[1] - run[0] for run in _runs(_ANY, chosen))


def _widened(own, count, kept, width):
    """`count` pixels of `width` bytes, the first `kept` of them as they were."""
    step = len(own) // count
    if step == width:
        return bytearray(own)
    result = bytearray(count * width)
    for place in range(kept):
        result[place::width] = own[place::step]
    return result


def _edged(own, rgba, alpha, depth, colours):
    """The engine's colours, but where alpha is 255 the own ones."""
    size = len(depth.colour)
    width = (colours + 1) * size
    result = bytearray(len(own))
    for channel in range(colours):
        values = rgba[channel::4]
        for place, table in enumerate(depth.colour):
            result[channel * size + place :: width] = values.translate(table)
    for first, last in _runs(_FULL, alpha):
        result[first * width : last * width] = own[first * width : last * width]
    return result


def _written(values, tables):
    """8-bit values in the image's own depth."""
    return interleaved([values.translate(each) for each in tables])


def interleaved(planes):
    """The first byte of each, then the second of each, and so on."""
    if len(planes) == 1:
        return planes[0]
    result = bytearray(len(planes) * len(planes[0]))
    for place, each in enumerate(planes):
        result[place :: len(planes)] = each
    return bytes(result)


def _runs(pattern, values):
    return (found.span() for found in pattern.finditer(values))


def _faded(alpha, chosen):
    """Alpha times the selection."""
    result = bytearray(len(alpha))
    for first, last in _runs(_FULL, chosen):
        result[first:last] = alpha[first:last]
    for first, last in _runs(_SOFT, chosen):
        result[first:last] = _blended(b"\x00" * (last - first), alpha[first:last], chosen[first:last])
    return bytes(result)


def _blended(outside, inside, chosen):
    """8-bit values: the inside one where `chosen` is 255, the outside one where it is 0, and between in proportion."""
    three = zip(bytearray(outside), bytearray(inside), bytearray(chosen))
    return bytes(bytearray((below * (255 - part) + above * part + 127) // 255 for below, above, part in three))
