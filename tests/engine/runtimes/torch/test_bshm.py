"""A network of BSHM's contract as tf2onnx writes it: one picture of any size without a batch axis, sizes that are
computed on the way, TensorFlow's resizing and padding. Both runtimes give the same alpha."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from engine.runtimes import Session
from engine.runtimes.onnx import OnnxRuntime
from engine.runtimes.torch import TorchRuntime
from tests.engine.models.making import ANY_TENSORS, network
from tests.engine.runtimes.torch.single import Array, noise, whole

BSHM = replace(
    network(name="bshm-shaped"),
    tensors=replace(ANY_TENSORS, input="input_image", outputs=("output_png",), picture=True),
)
TENSORFLOWS = {"mode": "linear", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}


def bshm_shaped(mask: bool) -> onnx.ModelProto:
    """A coarse look at 24 x 16 pixels, enlarged to the picture's size, rounded up to multiples of 32, and there mixed
    with what is seen at half that size. mask: whether the alpha is an output too, before it is bytes."""
    constants: dict[str, Array] = {
        "127.5": np.array([127.5], np.float32),
        "1f": np.array(1, np.float32),
        "32f": np.array(32, np.float32),
        "255f": np.array(255, np.float32),
        "0": whole(0),
        "1": whole(1),
        "2": whole(2),
        "first two": whole(1, 3),
        "small": whole(1, 3, 24, 16),
        "none": np.zeros(0, np.float32),
        "coarse/w": noise(4, 3, 3, 3, seed=1) / 4,
        "fine/w": noise(4, 3, 3, 3, seed=2) / 4,
        "out/w": noise(1, 8, 3, 3, seed=3) / 4,
    }
    node = helper.make_node
    same = {"auto_pad": "SAME_UPPER", "strides": [2, 2], "kernel_shape": [3, 3]}
    nodes = [
        node("Div", ["input_image", "127.5"], ["scaled"]),
        node("Sub", ["scaled", "1f"], ["centred"]),
        node("Unsqueeze", ["centred", "0"], ["nhwc"]),
        node("Transpose", ["nhwc"], ["image"], perm=[0, 3, 1, 2]),
        node("Shape", ["input_image"], ["shape"]),
        node("Slice", ["shape", "0", "2", "0"], ["size"]),
        node("Cast", ["size"], ["sizef"], to=TensorProto.FLOAT),
        node("Div", ["sizef", "32f"], ["parts"]),
        node("Ceil", ["parts"], ["whole parts"]),
        node("Mul", ["whole parts", "32f"], ["roundedf"]),
        node("Cast", ["roundedf"], ["rounded"], to=TensorProto.INT64),
        node("Concat", ["first two", "rounded"], ["large"], axis=0),
        node("Resize", ["image", "none", "none", "small"], ["seen"], **TENSORFLOWS),
        node("Conv", ["seen", "coarse/w"], ["coarse"], **same),
        node("Relu", ["coarse"], ["coarse/relu"]),
        node("Resize", ["image", "none", "none", "large"], ["enlarged"], **TENSORFLOWS),
        node("Conv", ["enlarged", "fine/w"], ["fine"], **same),
        node("Shape", ["fine"], ["fine/shape"]),
        node("Resize", ["coarse/relu", "none", "none", "fine/shape"], ["coarse/enlarged"], **TENSORFLOWS),
        node("Concat", ["coarse/enlarged", "fine"], ["both"], axis=1),
        node("Conv", ["both", "out/w"], ["logits"], pads=[1, 1, 1, 1]),
        node("Sigmoid", ["logits"], ["sigmoid"]),
        node("Concat", ["1", "1"], ["ones"], axis=0),
        node("Concat", ["ones", "size"], ["wanted"], axis=0),
        node("Resize", ["sigmoid", "none", "none", "wanted"], ["alpha"], **TENSORFLOWS),
        node("Squeeze", ["alpha", "0"], ["plane"]),
        node("Transpose", ["plane"], ["hwc"], perm=[1, 2, 0]),
        node("Mul", ["hwc", "255f"], ["output_mask"]),
        node("Concat", ["input_image", "output_mask"], ["rgba"], axis=-1),
        node("Cast", ["rgba"], ["output_png"], to=TensorProto.UINT8),
    ]
    entry = helper.make_tensor_value_info("input_image", TensorProto.FLOAT, [None, None, 3])
    outputs = [helper.make_empty_tensor_value_info(each) for each in ("output_png", *(["output_mask"] if mask else []))]
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "bshm", [entry], outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


@pytest.fixture(scope="module", params=[True, False], ids=["mask", "picture"])
def sessions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Session]:
    """In PyTorch, in ONNX Runtime."""
    file: Path = tmp_path_factory.mktemp("bshm") / "bshm.onnx"
    file.write_bytes(bshm_shaped(request.param).SerializeToString())
    return TorchRuntime("cpu", 1, threads=1).load(BSHM, file), OnnxRuntime(1).load(BSHM, file)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 100), st.integers(1, 100))
def test_any_picture_has_the_same_alpha(sessions: tuple[Session, Session], height: int, width: int) -> None:
    picture = np.random.default_rng(height).integers(0, 256, (1, 3, height, width)).astype(np.float32)
    (ours,), (theirs,) = (session.run(picture) for session in sessions)
    assert ours.shape == (1, 1, height, width)
    assert theirs.std() > 0.02 or theirs.size < 50  # noise in, noise out
    # An alpha that is cut off to a byte may fall on either side.
    np.testing.assert_allclose(ours, theirs, atol=1e-3 + 1 / 255, strict=True)
    assert np.mean(np.abs(ours - theirs) > 1e-3) < 0.02
