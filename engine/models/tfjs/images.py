"""Operators on pictures: convolution, pooling, resizing, padding. Each returns the node's outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.errors import NetworkError
from engine.models.tfjs.graph import NHWC_TO_NCHW, Graph, Tensor, Value, known, tensor
from engine.models.tfjs.model import Node

AUTO_PAD = {"SAME": "SAME_UPPER", "VALID": "VALID"}


def convolution(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Conv2D and DepthwiseConv2dNative, alone or fused with a bias and a Relu."""
    image, kernel = inputs[0], known(inputs[1], "a convolution's kernel")
    depthwise = "Depthwise" in node.operator
    groups = kernel.shape[2] if depthwise else 1
    if depthwise:  # height, width, in, multiplier
        kernel = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel.shape[:2])
    else:  # height, width, in, out
        kernel = kernel.transpose(3, 2, 0, 1)
    fused = node.attributes.get("fused_ops", [])
    if fused not in ([], ["BiasAdd"], ["BiasAdd", "Relu"]) or node.attributes.get("data_format", "NHWC") != "NHWC":
        raise NetworkError(f"{node.name}: a convolution of a kind that cannot be converted")
    size, strides = kernel.shape[2:], node.attributes["strides"][1:3]
    dilations = list((isinstance(image, Tensor) and image.dilation) or node.attributes["dilations"][1:3])
    names = [graph.image(image), graph.initialiser(kernel)]
    if fused:
        names.append(graph.initialiser(known(inputs[2], "a bias")))
    attributes = {"kernel_shape": size, "strides": strides, "dilations": dilations, "group": groups}
    if node.attributes["padding"] == "SAME" and strides == [1, 1]:  # ONNX Runtime refuses SAME with dilations
        total = [(side - 1) * step for side, step in zip(size, dilations, strict=True)]
        attributes["pads"] = [side // 2 for side in total] + [side - side // 2 for side in total]
    else:
        attributes["auto_pad"] = AUTO_PAD[node.attributes["padding"]]
    name = graph.emit("Conv", names, attributes)
    return [Tensor(graph.emit("Relu", [name]) if "Relu" in fused else name, nchw=True)]


def pooling(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """AvgPool and MaxPool."""
    attributes = {
        "kernel_shape": node.attributes["ksize"][1:3],
        "strides": node.attributes["strides"][1:3],
        "auto_pad": AUTO_PAD[node.attributes["padding"]],
    }
    if node.operator == "AvgPool":
        attributes["count_include_pad"] = 0
    operator = {"AvgPool": "AveragePool", "MaxPool": "MaxPool"}[node.operator]
    return [Tensor(graph.emit(operator, [graph.image(inputs[0])], attributes), nchw=True)]


def mean(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Mean over a picture's height and width, which stay as axes of 1."""
    axes = sorted(int(axis) % 4 for axis in known(inputs[1], "the axes of a mean"))
    if axes != [1, 2] or not node.attributes["keep_dims"]:
        raise NetworkError(f"{node.name}: only means over height and width can be converted")
    return [Tensor(graph.emit("GlobalAveragePool", [graph.image(inputs[0])]), nchw=True)]


def resize_bilinear(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """ResizeBilinear to a height and width that may be known at run time alone."""
    image = graph.image(inputs[0])
    shape = graph.emit("Shape", [image])
    leading = graph.emit("Slice", [shape, graph.integers(0), graph.integers(2), graph.integers(0)])
    sizes = graph.emit("Concat", [leading, graph.plain(inputs[1])], {"axis": 0})
    if node.attributes["align_corners"]:
        raise NetworkError(f"{node.name}: a resize with aligned corners cannot be converted")
    mode = "half_pixel" if node.attributes["half_pixel_centers"] else "asymmetric"
    attributes = {"mode": "linear", "coordinate_transformation_mode": mode}
    return [Tensor(graph.emit("Resize", [image, "", "", sizes], attributes), nchw=True)]


def pad(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Pad with 0, PadV2 with a number."""
    value = tensor(inputs[0], node.operator)
    amounts = known(inputs[1], "paddings")  # [axes, 2]: before, after
    if value.nchw:
        amounts = amounts[list(NHWC_TO_NCHW)]
    fill = [graph.plain(each) for each in inputs[2:]]
    return [Tensor(graph.emit("Pad", [value.name, graph.integers(*amounts.T.ravel()), *fill]), value.nchw)]


def dilate(_graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """SpaceToBatchND: the older form of a dilated convolution. Its paddings only round the size up to the block."""
    height, width = (int(step) for step in known(inputs[1], "a dilation"))
    value = tensor(inputs[0], node.operator)
    return [Tensor(value.name, value.nchw, (height, width))]


def clip_at_6(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Relu6."""
    value = tensor(inputs[0], node.operator)
    bounds = [graph.initialiser(np.array(bound, np.float32)) for bound in (0, 6)]
    return [Tensor(graph.emit("Clip", [value.name, *bounds]), value.nchw)]


def leaky_relu(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """LeakyRelu."""
    value = tensor(inputs[0], node.operator)
    return [Tensor(graph.emit("LeakyRelu", [value.name], {"alpha": float(node.attributes["alpha"])}), value.nchw)]
