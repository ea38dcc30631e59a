"""An order and the bytes of a picture -> the bytes of its results: decode, cut out, encode."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from engine.errors import ConfigError, UsageError
from engine.estimate import picture_bytes
from engine.logs import harmless
from engine.pictures.background import WHITE, Background, parse_background
from engine.pictures.decode import decode
from engine.pictures.encode import encode
from engine.pictures.files import path_of, read_file
from engine.pictures.formats import written_format
from engine.pictures.raw import from_raw
from engine.pictures.refusals import check_points
from engine.pictures.stated import Stated, stated
from engine.pipeline import Engine
from engine.settings import Limits, Settings
from engine.shared import Shared
from engine.types import CutOut, Picture, Size
from engine.work import Work
from engine.worker.order import Order, Part, Span

# Parts of all the work: networks and pixels take most of it.
_DECODED, _ENCODING = 0.05, 0.95

_MEDIA_TYPES: Mapping[str, str] = {
    "png": "image/png",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "jpeg": "image/jpeg",
    "raw": "application/octet-stream",
}
_RAW_CHANNELS: Mapping[str, int] = {"matte": 1, "composite": 3, "cutout": 4}


def cut(engine: Engine, order: Order, body: Shared, settings: Settings, work: Work) -> tuple[Shared, list[Part]]:
    """The results of an order, which the caller closes: the report first, then what was wanted, in that order.

    body: the bytes of the picture, of its selection and of the background. Raises what decode, Engine.cut_out and
    encode raise; ConfigError where the config's own background is to be used and cannot be read.
    """
    work.reached("decode", 0)
    picture, background = _picture(order, body, settings.limits), _background(order, body, settings)
    check_points(order.options.at, picture.size, order.name)
    cut_out = engine.cut_out(
        picture, order.options, _part_of(work, _DECODED, _ENCODING), _selection(order, body, picture.size)
    )
    work.reached("encode", _ENCODING)
    return _results(order, cut_out, background)


def memory_of(order: Order, body: Shared, limits: Limits) -> int:
    """The bytes that cut() will take at most beside the networks' runs, by what the headers state.

    Raises what decode raises, as far as the headers tell.
    """
    behind = order.background if isinstance(order.background, Span) and "composite" in order.want else None
    return picture_bytes(
        _stated(order, body, limits),
        order.picture.length + (order.selection.length if order.selection else 0),
        order.want,
        order.format,
        stated(body.read(*behind), limits, f"{order.name}: its background") if behind else None,
        marked=order.selection is not None or bool(order.options.at),
    )


def _stated(order: Order, body: Shared, limits: Limits) -> Stated:
    if order.raw is not None:
        return Stated(Size(order.raw.width, order.raw.height), 8, order.raw.channels in (2, 4))
    return stated(body.read(*order.picture), limits, order.name)


def _picture(order: Order, body: Shared, limits: Limits) -> Picture:
    data = body.read(*order.picture)
    return decode(data, limits, order.name) if order.raw is None else from_raw(data, *order.raw, limits, order.name)


def _selection(order: Order, body: Shared, size: Size) -> npt.NDArray[np.uint8] | None:
    if order.selection is None:
        return None
    return np.frombuffer(body.read(*order.selection), np.uint8).reshape(size.height, size.width)


def _background(order: Order, body: Shared, settings: Settings) -> Background:
    if "composite" not in order.want:
        return WHITE
    if order.background is None:
        return _own_background(settings)
    if isinstance(order.background, Span):
        return decode(body.read(*order.background), settings.limits, f"{order.name}: its background")

    def no_file(name: str) -> Picture:
        raise FileNotFoundError(f"over the socket '{name}' is a colour's name alone; a picture is sent as a file")

    return parse_background(order.background, no_file)


def _own_background(settings: Settings) -> Background:
    """The config's; a relative path is one from the folder that the engine was started in."""

    def read(text: str) -> Picture:
        name = harmless(text)
        return decode(read_file(path_of(text), settings.limits, name), settings.limits, name)

    try:
        return parse_background(settings.background, read)
    except UsageError as error:
        raise ConfigError(f"the config's {error.what}", error.why, error.remedy) from error.__cause__


def _part_of(work: Work, start: float, end: float) -> Work:
    """The same work, told of stages that are only its middle."""

    def reached(stage: str, done: float) -> None:
        work.reached(stage, start + (end - start) * done)

    inner = Work(urgent=work.urgent, reached=reached, begun=work.begun)
    inner.steps = work.steps
    return inner


def _results(order: Order, cut_out: CutOut, background: Background) -> tuple[Shared, list[Part]]:
    shared = Shared()
    try:
        parts = [_added(shared, "report", "application/json", json.dumps(asdict(cut_out.report)).encode(), None)]
        width, height = cut_out.picture.size
        for want in order.want:
            data = encode(cut_out, want, order.format, bits=order.matte_bits, background=background)
            size = (width, height, _RAW_CHANNELS[want]) if order.format == "raw" else None
            parts.append(_added(shared, want, _MEDIA_TYPES[written_format(want, order.format)], data, size))
    except BaseException:
        shared.close()
        raise
    return shared, parts


def _added(shared: Shared, kind: str, media_type: str, data: bytes, size: tuple[int, int, int] | None) -> Part:
    part = Part(kind, media_type, shared.size, len(data), size)
    shared.append(data)
    return part
