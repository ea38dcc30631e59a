"""Images of every kind, made of the tests' photo; and their pixels."""

from __future__ import annotations

from typing import Any

from gi.repository import Gegl, Gimp

from tests.gimp.inside.kinds import HEIGHT, WIDTH, Kind
from tests.gimp.inside.saying import SHARED

_BASES = {"rgb": Gimp.ImageBaseType.RGB, "grey": Gimp.ImageBaseType.GRAY, "indexed": Gimp.ImageBaseType.RGB}
_TYPES = {
    ("rgb", False): Gimp.ImageType.RGB_IMAGE,
    ("rgb", True): Gimp.ImageType.RGBA_IMAGE,
    ("grey", False): Gimp.ImageType.GRAY_IMAGE,
    ("grey", True): Gimp.ImageType.GRAYA_IMAGE,
    ("indexed", False): Gimp.ImageType.RGB_IMAGE,
    ("indexed", True): Gimp.ImageType.RGBA_IMAGE,
}
_PROFILES = {"Adobe RGB": Gimp.ColorProfile.new_rgb_adobe, "D50 grey, L*": Gimp.ColorProfile.new_d50_gray_lab_trc}
RGB = Kind("rgb")


def area(drawable: Any) -> Any:
    """All of it, in its own pixels."""
    return Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())


def pixels(drawable: Any, form: str | None = None) -> bytes:
    """form: babl's name of what is wanted; None: the very bytes that the drawable has."""
    return bytes(drawable.get_buffer().get(area(drawable), 1.0, form, Gegl.AbyssPolicy.NONE))


def as_srgb(image: Any) -> None:
    """Its numbers, taken for sRGB's: as if it never had a profile."""
    grey = image.get_base_type() == Gimp.ImageBaseType.GRAY
    image.set_color_profile(Gimp.ColorProfile.new_d65_gray_srgb_trc() if grey else Gimp.ColorProfile.new_rgb_srgb())


def numbers(layer: Any, form: str) -> bytes:
    """What a reader that knows no profiles finds of it in a file: what is seen. Where it has filters, or the image a
    profile, it has to be the image's one layer."""
    image = layer.get_image()
    if not layer.get_filters() and image.get_color_profile() is None:
        return pixels(layer, form)
    copy = image.duplicate()
    as_srgb(copy)
    shown = copy.merge_visible_layers(Gimp.MergeType.CLIP_TO_IMAGE) if layer.get_filters() else copy.get_layers()[0]
    samples = pixels(shown, form)
    copy.delete()
    return samples


def paint(drawable: Any, form: str, samples: bytes) -> None:
    """Fills a drawable."""
    buffer = drawable.get_buffer()
    buffer.set(area(drawable), form, samples)
    buffer.flush()
    drawable.update(0, 0, drawable.get_width(), drawable.get_height())


def file(name: str) -> bytes:
    """What the tests laid ready."""
    return (SHARED / name).read_bytes()


def canvas(kind: Kind = RGB, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Any:
    """An image without layers."""
    precision = getattr(Gimp.Precision, kind.precision.upper().replace("-", "_"))
    return Gimp.Image.new_with_precision(*size, _BASES[kind.base], precision)


def photo(
    image: Any, kind: Kind = RGB, offset: tuple[int, int] = (0, 0), name: str = "photo", parent: Any = None
) -> Any:
    """A layer with the photo, on top."""
    layer = Gimp.Layer.new(image, name, WIDTH, HEIGHT, _TYPES[kind.base, kind.alpha], 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, parent, 0)
    layer.set_offsets(*offset)
    samples = "grey" if kind.base == "grey" else "rgb"
    form = {"grey": "Y'", "rgb": "R'G'B'"}[samples]
    paint(layer, f"{form}A u8" if kind.alpha else f"{form} u8", file(f"photo.{samples}{'a' if kind.alpha else ''}"))
    return layer


def plain(image: Any) -> Any:
    """A layer with nobody on it, on top."""
    layer = Gimp.Layer.new(image, "plain", 64, 64, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    paint(layer, "R'G'B' u8", b"\x80\x90\xa0" * 64 * 64)
    return layer


def image_of(kind: Kind = RGB) -> tuple[Any, Any]:
    """An image with the photo as its one layer."""
    image = canvas(kind)
    layer = photo(image, kind)
    if kind.base == "indexed":
        dither, palette = Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE
        image.convert_indexed(dither, palette, 256, False, False, "")
    if kind.profile:
        image.set_color_profile(_PROFILES[kind.profile]())  # assigned: the photo's numbers stay
    return image, layer


def ramp_mask(layer: Any) -> Any:
    """A mask from black on the left to white on the right, attached to the layer."""
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    width, height = layer.get_width(), layer.get_height()
    paint(mask, "Y u8", bytes(x * 255 // (width - 1) for x in range(width)) * height)
    layer.add_mask(mask)
    return mask
