"""Bytes to a picture, and a result to bytes. Paths and files are the callers' business."""

from engine.pictures.background import WHITE, Background, Colour, parse_background
from engine.pictures.decode import decode
from engine.pictures.encode import encode, encode_composite, encode_cutout, encode_matte
from engine.pictures.formats import suffix, written_format

__all__ = [
    "WHITE",
    "Background",
    "Colour",
    "decode",
    "encode",
    "encode_composite",
    "encode_cutout",
    "encode_matte",
    "parse_background",
    "suffix",
    "written_format",
]
