"""Whether a file is a network of BSHM's kind, before the store takes it (engine.runtimes.picture has the contract)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.errors import NetworkError, system_reason
from engine.models.catalogue import Network
from engine.types import Rgb8

# Sides of the pictures that it is tried on, width and height: any size must do, and height and width must not be mixed.
SIZES = ((96, 64), (50, 75))

_LARGEST = (1 << 31) - 1  # bytes that a protobuf message may have

_INPUT, _OUTPUT = "input_image", "output_png"
_LENGTH_DELIMITED = 2  # wire types, https://protobuf.dev/programming-guides/encoding/
_SKIPPED = {1: 8, 5: 4}  # wire type -> bytes of its value


def trial_picture(width: int, height: int) -> Rgb8:
    """[H, W, 3]: colours that run from side to side."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.asarray(np.dstack([across, down, 255 - across]), np.uint8)


def check_graph(file: Path) -> None:
    """Raises NetworkError where a file is no frozen TensorFlow graph with BSHM's input and output.

    Reads the file as a GraphDef (tensorflow/core/framework/graph.proto): its nodes are field 1, whose names are field 1
    and whose operations are field 2. TensorFlow is not needed; a run is the last word (engine.models.brought).
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise NetworkError(f"{file}: no TensorFlow graph", "it has more than 2 GiB")
        data = file.read_bytes()
        operations = dict(_nodes(memoryview(data)))
    except ValueError as error:
        why = _beginning(data) or str(error)
        raise NetworkError(f"{file}: no TensorFlow graph, or not all of it", why) from error
    except OSError as error:
        raise NetworkError(f"{file}: cannot be read", system_reason(error)) from error
    missing = [name for name in (_INPUT, _OUTPUT) if name not in operations]
    if missing:
        why = f"of its {len(operations)} nodes none is called {' or '.join(missing)}"
        raise NetworkError(f"{file}: not a graph of BSHM's kind", why)
    if operations[_INPUT] != "Placeholder":
        raise NetworkError(f"{file}: not a graph of BSHM's kind", f"its {_INPUT} takes no picture")


def run_onnx(network: Network, file: Path) -> None:
    """Raises NetworkError where an ONNX file does not give alphas of pictures of any size, MemoryError where it takes
    too much. Runs it in this process (engine.models.trial: in another)."""
    from engine.runtimes.onnx import OnnxRuntime

    _check_model(file)
    session = OnnxRuntime(0).load(network, file)
    for size in SIZES:
        picture = trial_picture(*size)
        tensor = np.asarray(picture.transpose(2, 0, 1)[None], np.float32)
        frame = f"a picture of {size[0]} x {size[1]} pixels"
        try:
            (alpha,) = session.run(tensor)
        except (NetworkError, MemoryError):
            raise
        except Exception as error:  # ONNX Runtime's errors have no public base class
            raise NetworkError(f"{file}: not a network of BSHM's kind", f"{frame} fails: {error}") from error
        if alpha.shape[2:] != picture.shape[:2]:
            gave = f"{alpha.shape[3]} x {alpha.shape[2]}"
            raise NetworkError(f"{file}: not a network of BSHM's kind", f"for {frame} it gives an alpha of {gave}")


def _check_model(file: Path) -> None:
    """What can be said without running it: whole, in one file, with one input that takes a picture."""
    import onnx
    from onnx.external_data_helper import load_external_data_for_model

    try:
        model = onnx.load(file, load_external_data=False)
    except OSError as error:
        raise NetworkError(f"{file}: cannot be read", system_reason(error)) from error
    except Exception as error:  # protobuf's, which is no dependency of this project's own
        raise NetworkError(f"{file}: no ONNX file, or not all of it", str(error)) from error
    try:
        load_external_data_for_model(model, str(file))  # below a file there is none, so it fails where it looks for one
    except Exception as error:  # of several kinds
        why, remedy = "parts of it lie in other files", "Save it as one file (onnx.load and onnx.save do that)"
        raise NetworkError(f"{file}: not a whole network", why, remedy) from error
    constants = {each.name for each in model.graph.initializer}
    entries = [each for each in model.graph.input if each.name not in constants]
    if len(entries) != 1:
        raise NetworkError(f"{file}: not a network of BSHM's kind", f"it has {len(entries)} inputs, and one is wanted")
    kind = entries[0].type.tensor_type
    if kind.HasField("shape") and len(kind.shape.dim) != 3:
        why = f"its input has {len(kind.shape.dim)} axes, and a picture has height, width and channels"
        raise NetworkError(f"{file}: not a network of BSHM's kind", why)


def _beginning(data: bytes) -> str:
    """How a text begins that came in place of a graph: a page, or a server's refusal. Empty for what is no text."""
    try:
        text = data[:60].decode("ascii").strip()
    except UnicodeDecodeError:
        return ""
    return f"it begins with '{text}'" if text.isprintable() and text[:1] in "<{" else ""


def _nodes(data: memoryview) -> Iterator[tuple[str, str]]:
    """Name and operation of each node of a GraphDef. Raises ValueError where it is none."""
    for field, value in _fields(data):
        if field == 1:
            if value is None:
                raise ValueError("its nodes are no messages")
            texts = {number: bytes(text) for number, text in _fields(value) if number in (1, 2) and text is not None}
            yield texts.get(1, b"").decode(), texts.get(2, b"").decode()


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview | None]]:
    """The fields of a message: their numbers, and the values of those that have a length."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        field, kind = tag >> 3, tag & 7
        if field == 0:
            raise ValueError(f"byte {at} begins no field")
        if kind == _LENGTH_DELIMITED:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise ValueError(f"it ends {at + length - len(data)} bytes too early")
            yield field, data[at : at + length]
            at += length
        elif kind == 0:
            _, at = _varint(data, at)
            yield field, None
        elif kind in _SKIPPED:
            at += _SKIPPED[kind]
            yield field, None
        else:
            raise ValueError(f"byte {at} begins no field")
    if at > len(data):
        raise ValueError("its last field is cut off")


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number at a place, and the place after it."""
    value = 0
    for shift in range(0, 70, 7):
        if at == len(data):
            raise ValueError("it ends within a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError(f"byte {at} is in no number")
