"""ncnn's layers do in ONNX what ncnn's documentation says of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engine.errors import NetworkError
from engine.models.ncnn import TAG_FLOAT16, convert_ncnn
from tests.engine.models.tfjs.building import Floats, noise, run

PICTURE = noise(1, 3, 4, 5)


def param(*layers: str) -> bytes:
    return "\n".join(["7767517", f"{len(layers) + 1} 99", "Input input 0 1 data", *layers, ""]).encode()


def result(*layers: str, weights: Sequence[bytes] = ()) -> Floats:
    (output,) = run(convert_ncnn(param(*layers), b"".join(weights), name="small"), {"data": PICTURE})
    return output


def tagged(array: Floats) -> bytes:
    return bytes(4) + array.astype("<f4").tobytes()


def tagged_half(array: Floats) -> bytes:
    packed = array.astype("<f2").tobytes()
    return TAG_FLOAT16.to_bytes(4, "little") + packed + bytes(-len(packed) % 4)


@pytest.mark.parametrize(
    ("operation", "expected"), [(0, PICTURE + 2), (1, PICTURE - 2), (2, PICTURE * 2)], ids=["add", "sub", "mul"]
)
def test_binary_operation_with_a_number(operation: int, expected: Floats) -> None:
    np.testing.assert_allclose(result(f"BinaryOp b 1 1 data out 0={operation} 1=1 2=2.0"), expected, atol=1e-6)


def test_binary_operation_of_two_tensors_through_a_split() -> None:
    found = result("Split s 1 2 data one two", "Sigmoid g 1 1 one gate", "BinaryOp b 2 1 two gate out 0=2")
    np.testing.assert_allclose(found, PICTURE / (1 + np.exp(-PICTURE)), atol=1e-5)


def test_swish() -> None:
    np.testing.assert_allclose(result("Swish s 1 1 data out"), PICTURE / (1 + np.exp(-PICTURE)), atol=1e-5)


def test_memory_data_is_a_constant_in_the_order_of_width_height_channels() -> None:
    mean = noise(3)
    found = result("MemoryData m 0 1 mean 0=1 1=1 2=3", "BinaryOp b 2 1 data mean out 0=1", weights=[mean.tobytes()])
    np.testing.assert_allclose(found, PICTURE - mean[:, None, None], atol=1e-6)


@pytest.mark.parametrize(("pack", "tolerance"), [(tagged, 1e-5), (tagged_half, 2e-2)])
@pytest.mark.parametrize("bias", [0, 1])
def test_convolution(pack: type, tolerance: float, bias: int) -> None:
    kernel, offset = noise(1, 3, 3, 3, seed=1), noise(1, seed=2)  # 27 halves have to be padded
    found = result(
        f"Convolution c 1 1 data out 0=1 1=3 4=1 5={bias} 6={kernel.size}",
        weights=[pack(kernel), offset.tobytes() if bias else b""],
    )
    seen = np.lib.stride_tricks.sliding_window_view(np.pad(PICTURE, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), (2, 3))
    expected = np.einsum("ncyxhw,ochw->noyx", seen, kernel) + bias * offset[:, None, None]
    np.testing.assert_allclose(found, expected, atol=tolerance * 10)


def test_concat_and_pixel_shuffle() -> None:
    found = result("Concat c 4 1 data data data data joined", "PixelShuffle p 1 1 joined out 0=2")
    twelve = np.concatenate([PICTURE] * 4, 1).reshape(1, 3, 2, 2, 4, 5)  # channel, row, column, height, width
    np.testing.assert_array_equal(found, twelve.transpose(0, 1, 4, 2, 5, 3).reshape(1, 3, 8, 10))


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ((b"something", b""), "not an ncnn .param file"),
        ((b"", b""), "not an ncnn .param file"),
        ((param(), b""), "without an input or without layers"),
        ((param("LSTM l 1 1 data out"), b""), r"layer LSTM \(l\) cannot be converted"),
        ((param("BinaryOp b 1 1 data out 0=6 1=1 2=2.0"), b""), "operation 6 cannot be converted"),
        ((param("Convolution c 1 1 data out 0=2 1=1 6=6 9=1"), b""), "a fused activation cannot be converted"),
        ((param("Convolution c 1 1 data out 0=2 1=1 6=6"), bytes(4 + 20)), "too short for the .param file"),
        ((param("Convolution c 1 1 data out 0=2 1=1 6=6"), b""), "too short for the .param file"),
        ((param("Convolution c 1 1 data out 0=2 1=1 6=6"), b"\1\2\3\4" + bytes(24)), "weights stored as 0x4030201"),
        ((param("Swish s 1 1 data out"), bytes(3)), "3 bytes are left over"),
    ],
)
def test_what_cannot_be_converted_is_said(files: tuple[bytes, bytes], sentence: str) -> None:
    with pytest.raises(NetworkError, match=sentence):
        convert_ncnn(*files, name="x")
