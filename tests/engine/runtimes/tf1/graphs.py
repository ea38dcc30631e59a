"""Small graphs with the names of BSHM's, as files, for TensorFlow 1.15.5's own Python: PYTHON graphs.py FOLDER

red.pb       the alpha is the picture's red; its height says what else happens (see below)
nameless.pb  has no output_png
mask.pb      its output_png is no picture
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

# Pictures of these heights: a loop of 10 000 steps for each column; a tensor of a million numbers, 4 MB, for each
# column; an error of TensorFlow's.
LOOPS, TAKES, FAILS = 7, 9, 11


def red(picture: Any, name: str) -> None:
    """Adds the nodes."""
    height, width = tf.shape(picture)[0], tf.shape(picture)[1]
    steps = tf.where(tf.equal(height, LOOPS), 10000 * width, 0)
    looped = tf.while_loop(lambda step: step < steps, lambda step: step + 1, [tf.constant(0)], parallel_iterations=1)
    numbers = tf.where(tf.equal(height, TAKES), 1000000 * width, 1)
    taken = tf.reduce_max(tf.random.uniform([numbers]))  # of constants it would be reckoned ahead
    checked = tf.Assert(tf.not_equal(height, FAILS), ["a height of eleven"])
    with tf.control_dependencies([looped, taken, checked]):
        alpha = tf.identity(picture[..., :1])
    tf.cast(tf.concat([picture, alpha], -1), tf.uint8, name=name)


def wide(picture: Any, name: str) -> None:
    """Adds the nodes."""
    values = picture[None] / 255
    for index, channels in enumerate((3, 64, 64)):
        weights = tf.constant(np.random.RandomState(index).randn(3, 3, channels, 64).astype(np.float32) / 10)
        values = tf.nn.relu(tf.nn.conv2d(values, weights, strides=1, padding="SAME"))
    alpha = tf.sigmoid(tf.reduce_mean(values[0], -1, keepdims=True)) * 255
    tf.cast(tf.concat([picture, alpha], -1), tf.uint8, name=name)


def graph(build: Any) -> bytes:
    """The serialised graph whose nodes `build` adds to those of its input."""
    made = tf.Graph()
    with made.as_default():
        build(tf.placeholder(tf.float32, [None, None, 3], name="input_image"))
    serialised: bytes = made.as_graph_def().SerializeToString()
    return serialised


def main(folder: Path) -> None:
    """Writes the files."""
    (folder / "red.pb").write_bytes(graph(lambda picture: red(picture, "output_png")))
    (folder / "wide.pb").write_bytes(graph(lambda picture: wide(picture, "output_png")))
    (folder / "nameless.pb").write_bytes(graph(lambda picture: red(picture, "another")))
    (folder / "mask.pb").write_bytes(graph(lambda picture: tf.identity(picture[..., 0], name="output_png")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
