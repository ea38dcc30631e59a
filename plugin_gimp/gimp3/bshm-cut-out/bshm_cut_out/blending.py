"""Mattes put together with masks, selections and pixels, by GEGL, which GIMP itself uses: exact, and quick.

Buffers begin at a layer's corner. Masks and selections are linear (Y),
in whatever precision the image has.
"""

from __future__ import annotations

from typing import Any

from gi.repository import Gegl

from bshm_cut_out.errors import N_, CutOutError

# How each kind of precision has colours, and greys.
_LIGHT = {
    "linear": ("RGBA float", "Y float"),
    "non-linear": ("R'G'B'A u8", "Y' u8"),
    "perceptual": ("R~G~B~A float", "Y~ float"),
}
_SRGB = ("R'G'B'A u8", "Y' u8")


def buffer_of(samples: bytes, width: int, height: int, form: str) -> Any:
    """A buffer of the plug-in's own. form: babl's name for what the samples are: "Y u8", "Y' u8" or "R'G'B'A u8"."""
    buffer = Gegl.Buffer.new(form, 0, 0, width, height)
    write(buffer, samples, width, height, form)
    return buffer


def numbers_for(precision: Any, samples: bytes, width: int, height: int, form: str) -> Any:
    """A buffer with samples that the engine gave, form "Y' u8" or "R'G'B'A u8", in the light that an image of this
    precision has: its numbers can be taken for the image's (Graph.cast)."""
    light = precision.value_nick.partition("-")[2]
    buffer = Gegl.Buffer.new(_LIGHT[light][_SRGB.index(form)], 0, 0, width, height)
    write(buffer, samples, width, height, form)
    return buffer


def write(buffer: Any, samples: bytes, width: int, height: int, form: str) -> None:
    """Fills a buffer. Raises CutOutError where the samples are not as many as that: GEGL would only print a line."""
    channels = {"Y u8": 1, "Y' u8": 1, "R'G'B'A u8": 4}[form]
    if len(samples) != width * height * channels:
        raise CutOutError(N_("The engine's answer has another size than the layer. Nothing was changed."))
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), form, samples)
    buffer.flush()


class Graph:
    """A chain of GEGL's operations, each a method that gives what the next one takes."""

    def __init__(self) -> None:
        self._root = Gegl.Node()

    def _node(self, operation: str, *inputs: Any, **properties: Any) -> Any:
        node = self._root.create_child(operation)
        for name, value in properties.items():
            node.set_property(name, value)
        for pad, source in zip(("input", "aux"), inputs, strict=False):
            source.connect_to("output", node, pad)
        return node

    def source(self, buffer: Any) -> Any:
        """A buffer's pixels."""
        return self._node("gegl:buffer-source", buffer=buffer)

    def moved(self, pixels: Any, x: int, y: int) -> Any:
        """Them, elsewhere."""
        return self._node("gegl:translate", pixels, x=float(x), y=float(y))

    def as_srgb(self, pixels: Any) -> Any:
        """Their numbers, taken for sRGB's: no colour is converted."""
        return self._node("gegl:cast-space", pixels, **{"space-name": "sRGB"})

    def cast(self, pixels: Any, like: Any) -> Any:
        """Their numbers, taken for the colours of another's profile."""
        return self._node("gegl:cast-space", pixels, like)

    def within(self, below: Any, above: Any, where: Any) -> Any:
        """`above` where `where` is 1, `below` where it is 0, and between them by its value."""
        return self._node("gegl:over", below, self._node("gegl:opacity", above, where))

    def faded(self, pixels: Any, where: Any) -> Any:
        """The pixels, their alpha multiplied by `where`."""
        return self._node("gegl:opacity", pixels, where)

    def product(self, one: Any, other: Any) -> Any:
        """Of two mattes."""
        return self._node("gegl:multiply", one, other)

    def write(self, pixels: Any, buffer: Any) -> None:
        """Computes it into a buffer, as far as that reaches."""
        extent = buffer.get_extent()
        crop = {"x": extent.x, "y": extent.y, "width": extent.width, "height": extent.height}
        cropped = self._node("gegl:crop", pixels, **{key: float(value) for key, value in crop.items()})
        self._node("gegl:write-buffer", cropped, buffer=buffer).process()
        buffer.flush()
