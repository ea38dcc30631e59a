"""EXIF's orientation is applied once, whatever the kind of file and whoever applies it."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageOps

from engine.pictures.decode import decode
from engine.pictures.exif import orientation_of
from engine.pictures.orientation import upright
from engine.pictures.png_chunks import chunk
from engine.settings import Limits
from tests.engine.pictures import making
from tests.engine.pictures.making import colours, saved, scene

ORIENTATIONS = range(1, 9)


def exif(orientation: int, order: str = "<") -> bytes:
    """The smallest EXIF block with an orientation."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return head + struct.pack(f"{order}IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


def stored(orientation: int, upright_pixels: making.Array) -> making.Array:
    """How a camera held that way stores a picture: Pillow's turn, backwards."""
    backwards = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}[orientation]
    image = Image.fromarray(upright_pixels)
    image.getexif()[274] = backwards
    return np.asarray(ImageOps.exif_transpose(image))


FILES: dict[str, Callable[[int], bytes]] = {
    "jpeg": lambda way: saved(stored(way, scene()), "JPEG", quality=95, exif=b"Exif\0\0" + exif(way)),
    "png": lambda way: saved(stored(way, scene()), "PNG", exif=exif(way, ">")),
    "png, behind the pixels": lambda way: making.png(stored(way, scene()), 2, behind=chunk(b"eXIf", exif(way))),
    "png of 16 bits": lambda way: making.png(
        stored(way, scene()).astype(np.uint16) * 257, 2, chunk(b"eXIf", exif(way))
    ),
    "png of ImageMagick's": lambda way: making.png(
        stored(way, scene()),
        2,
        chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 34\n" + exif(way).hex().encode()),
    ),
    "webp": lambda way: saved(stored(way, scene()), "WEBP", lossless=True, exif=exif(way)),
    "tiff": lambda way: saved(stored(way, scene()), "TIFF", tiffinfo={274: way}),
    "tiff with lzw": lambda way: saved(stored(way, scene()), "TIFF", compression="tiff_lzw", tiffinfo={274: way}),
    "tiff of 16 bits": lambda way: making.tiff(
        stored(way, scene()).astype(np.uint16) * 257, photometric="rgb", extratags=[(274, "H", 1, way, True)]
    ),
    "bigtiff": lambda way: making.tiff(
        stored(way, scene()), photometric="rgb", bigtiff=True, extratags=[(274, "H", 1, way, True)]
    ),
    "avif": lambda way: saved(stored(way, scene()), "AVIF", quality=95, exif=exif(way)),
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("name", FILES)
def test_every_kind_and_every_way(name: str, orientation: int) -> None:
    picture = decode(FILES[name](orientation), Limits())
    assert picture.size == (64, 48)
    assert np.abs(picture.rgb8.astype(int) - scene()).mean() < 3


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_heif_whose_decoder_turns_it(orientation: int) -> None:
    image = Image.fromarray(stored(orientation, scene()))
    file = io.BytesIO()
    heif = pillow_heif.from_pillow(image)
    heif.info["exif"] = exif(orientation)
    heif.save(file, quality=95, exif=exif(orientation))
    picture = decode(file.getvalue(), Limits())
    assert picture.size == (64, 48)
    assert np.abs(picture.rgb8.astype(int) - scene()).mean() < 4


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [0, 3])
def test_upright_moves_every_value_as_pillow_does(orientation: int, bits: int, channels: int) -> None:
    pixels = colours(bits) if channels else colours(bits)[..., 0]
    eight = (pixels >> (bits - 8)).astype(np.uint8)
    image = Image.fromarray(eight)
    image.getexif()[274] = orientation
    result = upright(pixels, orientation)
    assert result.dtype == pixels.dtype
    np.testing.assert_array_equal(result >> (bits - 8), np.asarray(ImageOps.exif_transpose(image)))


def test_alpha_turns_with_the_picture() -> None:
    rgba = np.dstack([colours(), colours(seed=1)[..., 0]])
    picture = decode(saved(stored(6, rgba), "PNG", exif=exif(6)), Limits())
    np.testing.assert_array_equal(picture.pixels, rgba[..., :3])
    np.testing.assert_array_equal(picture.alpha, rgba[..., 3])


@pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
def test_numbers_that_mean_nothing_turn_nothing(orientation: int) -> None:
    assert orientation_of(exif(orientation)) == 1
    assert decode(saved(scene(), "JPEG", exif=b"Exif\0\0" + exif(orientation)), Limits()).size == (64, 48)


@pytest.mark.parametrize("block", [b"", b"II", b"II*\0", b"garbage", exif(6)[:12], b"II*\0\xff\xff\xff\xff"])
def test_a_block_that_cannot_be_read_turns_nothing(block: bytes) -> None:
    assert orientation_of(block) == 1
