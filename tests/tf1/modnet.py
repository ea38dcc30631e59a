"""MODNet's ONNX file in a form that numpy alone can read, for build.py, whose Python has no onnx."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper


def write_plain(source: Path, target: Path) -> None:
    """Writes the .npz: "nodes" (JSON text: operator, inputs, output, attributes), and each constant by its name."""
    graph = onnx.load(source).graph
    arrays = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    nodes = []
    for node in graph.node:
        (output,) = node.output
        if node.op_type == "Constant":
            arrays[output] = numpy_helper.to_array(node.attribute[0].t)
            continue
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        plain = {name: value for name, value in attributes.items() if not isinstance(value, bytes)}
        nodes.append({"operator": node.op_type, "inputs": list(node.input), "output": output, "attributes": plain})
    np.savez(target, nodes=np.array(json.dumps(nodes)), **arrays)
