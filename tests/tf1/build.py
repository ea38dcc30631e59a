"""Makes a frozen TensorFlow 1 graph with BSHM's contract that really mattes: MODNet's weights inside it.

Run by a Python 3.7 with TensorFlow 1.15.5, which has numpy but no onnx:  build.py NETWORK.npz GRAPH.pb
NETWORK.npz: what tests.tf1.modnet reads from MODNet's ONNX file: its nodes as JSON, its constants as arrays.

Input:   input_image:0  float32 [H, W, 3]  RGB, 0..255; any H and W
Output:  output_png:0   uint8 [H, W, 4]    the input's RGB, and the alpha rounded down
         output_mask:0  float32 [H, W, 1]  the alpha, 0..255

The network sees the picture as its authors feed it: enlarged or reduced to a short side of 512 and sides that are
multiples of 32; the long side is at most 1024 here, so that no strange picture takes minutes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

Attributes = Any
Tensor = Any  # TensorFlow's, or an array of numpy's

SHORT, LONG, STEP = 512.0, 1024.0, 32.0


def resize(image: Tensor, size: Tensor) -> Tensor:
    return tf.image.resize_bilinear(image, size, half_pixel_centers=True)


def convolution(attributes: Attributes, image: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    before, _, after, _ = attributes["pads"]
    padded = tf.pad(image, [[0, 0], [before, after], [before, after], [0, 0]]) if before or after else image
    strides = [1, *attributes["strides"], 1]
    if attributes["group"] == 1:
        result = tf.nn.conv2d(padded, kernel.transpose(2, 3, 1, 0), strides, "VALID")
    else:  # each channel for itself: [C, 1, h, w] in ONNX, [h, w, C, 1] here
        result = tf.nn.depthwise_conv2d(padded, kernel.transpose(2, 3, 0, 1), strides, "VALID")
    return tf.nn.bias_add(result, bias)


def batch_normalisation(
    attributes: Attributes, image: Tensor, scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    epsilon = attributes["epsilon"]
    return tf.nn.fused_batch_norm(image, scale, offset, mean, variance, epsilon=epsilon, is_training=False)[0]


def instance_normalisation(attributes: Attributes, image: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
    mean, variance = tf.nn.moments(image, [1, 2], keep_dims=True)
    return tf.nn.batch_normalization(image, mean, variance, offset, scale, attributes["epsilon"])


def scaled(_attributes: Attributes, image: Tensor, _region: Tensor, scales: Tensor) -> Tensor:
    size = tf.cast(tf.cast(tf.shape(image)[1:3], tf.float32) * scales[2:], tf.int32)
    return resize(image, size)


def reshaped(_attributes: Attributes, value: Tensor, _size: None) -> Tensor:
    """MODNet's only two: the weights of channels, from a picture of one pixel to a row and back."""
    return tf.squeeze(value, [1, 2]) if value.shape.ndims == 4 else value[:, tf.newaxis, tf.newaxis, :]


def joined(_attributes: Attributes, *values: Tensor) -> Tensor:
    return None if any(each is None for each in values) else tf.concat(values, -1)


def sliced(_attributes: Attributes, value: Tensor, start: Tensor, end: Tensor, _axis: Tensor, _step: Tensor) -> Tensor:
    """MODNet slices channels alone; an end past all of them means the last."""
    return value[..., int(start[0]) : int(min(end[0], 2**31 - 1))]


def sizes(_attributes: Attributes, *_values: Tensor) -> None:
    """The sizes that ONNX's Reshape and Expand want, and nothing here."""


OPERATORS: Any = {
    "Add": lambda _, first, second: first + second,
    "BatchNormalization": batch_normalisation,
    "Clip": lambda _, value, low, high: tf.clip_by_value(value, float(low), float(high)),
    "Concat": joined,
    "Conv": convolution,
    "Expand": lambda _, value, _size: value,  # multiplication spreads it out by itself
    "Gather": sizes,
    "GlobalAveragePool": lambda _, image: tf.reduce_mean(image, [1, 2], keep_dims=True),
    "InstanceNormalization": instance_normalisation,
    "MatMul": lambda _, first, second: tf.matmul(first, second),
    "Mul": lambda _, first, second: first * second,
    "Relu": lambda _, value: tf.nn.relu(value),
    "Reshape": reshaped,
    "Resize": scaled,
    "Shape": sizes,
    "Sigmoid": lambda _, value: tf.sigmoid(value),
    "Slice": sliced,
    "Unsqueeze": sizes,
}


def modnet(network: Any, image: Tensor) -> Tensor:
    """[1, H, W, 3], RGB -1..1, sides multiples of 32 -> alpha [1, H, W, 1], 0..1."""
    values = {name: network[name] for name in network.files if name != "nodes"}
    values["input"] = image
    for node in json.loads(str(network["nodes"])):
        inputs = [values[name] for name in node["inputs"]]
        values[node["output"]] = OPERATORS[node["operator"]](node["attributes"], *inputs)
    return values["output"]


def build(network: Any) -> Any:
    """The frozen graph's definition."""
    graph = tf.Graph()
    with graph.as_default():
        picture = tf.placeholder(tf.float32, [None, None, 3], name="input_image")
        size = tf.shape(picture)[:2]
        sides = tf.cast(size, tf.float32)
        scale = tf.minimum(SHORT / tf.reduce_min(sides), LONG / tf.reduce_max(sides))
        seen = tf.cast(tf.maximum(tf.round(sides * scale / STEP), 1.0) * STEP, tf.int32)
        fine = modnet(network, resize(picture[tf.newaxis] / 127.5 - 1.0, seen))
        alpha = tf.clip_by_value(resize(fine, size)[0], 0.0, 1.0)
        mask = tf.multiply(alpha, 255.0, name="output_mask")
        tf.cast(tf.concat([picture, mask], -1), tf.uint8, name="output_png")
    return graph.as_graph_def()


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    with np.load(str(source)) as network:
        definition = build(network)
    target.write_bytes(definition.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
