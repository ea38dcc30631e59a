"""BSHM's TensorFlow 1 graph -> an ONNX file, by tf2onnx, which is not taken at its word."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import onnx

from engine.errors import NetworkError, system_reason
from engine.models.catalogue import Network
from engine.models.contract import trial_picture
from engine.models.progress import Progress
from engine.runtimes.onnx import OnnxRuntime
from engine.runtimes.tf1.process import Tf1Process
from engine.types import Rgb8

# The opset: ONNX Runtime and engine.runtimes.torch know all of it, and tf2onnx 1.16, the last one for Python 3.7, too.
_OPSET = 17
_CONVERTING, _RUNNING = 1800.0, 300.0  # seconds

# Of the pixels of each picture, how many may differ by more than so many levels of 255.
_LEVELS, _SHARE = 1, 0.001

# Width and height of the pictures on which both are compared: small and large, upright and lying, odd and even.
_SIZES = ((200, 300), (333, 517), (640, 480), (1001, 750))

_ERROR = " - ERROR - "  # in tf2onnx's log

Alpha = npt.NDArray[np.uint8]


class Difference(NamedTuple):
    """Of two alphas. most: levels of 255. share: of the pixels, how many differ by more than what is allowed."""

    most: int
    share: float


def convert_graph_file(
    network: Network, graph: Path, made: Path, python: Path, any_version: bool, progress: Progress
) -> None:
    """Writes the ONNX file of a graph, which gives the same alphas as TensorFlow.

    python: has TensorFlow and tf2onnx. any_version: it is not 1.15.5. Raises NetworkError where the graph cannot be
    converted, or the alphas differ; DeviceError, MemoryError as Tf1Process does.
    """
    progress(f"converting {network.name}", None, None)
    _run_tf2onnx(network, graph, made, python)
    check_conversion(network, graph, made, python, any_version, progress)


def check_conversion(
    network: Network, graph: Path, made: Path, python: Path, any_version: bool, progress: Progress
) -> None:
    """Raises NetworkError where ONNX Runtime gets other alphas of the ONNX file than TensorFlow of the graph."""
    session = OnnxRuntime(0).load(network, made)
    with Tf1Process(python, graph, device="cpu", fraction=1.0, growth=True, any_version=any_version) as process:
        for number, picture in enumerate(pictures()):
            progress(f"comparing picture {number + 1} of {2 * len(_SIZES)}", None, None)
            (alpha,) = session.run(np.asarray(picture.transpose(2, 0, 1)[None], np.float32))
            found = difference(process.alpha(picture, _RUNNING), np.asarray(np.rint(alpha[0, 0] * 255), np.uint8))
            if found.share > _SHARE:
                size = f"{picture.shape[1]} x {picture.shape[0]}"
                raise NetworkError(
                    f"{network.name}: the conversion is refused",
                    f"on a picture of {size} pixels {found.share:.2%} of them differ from TensorFlow's by more than "
                    f"{_LEVELS} of 255 (the most by {found.most}; {_SHARE:.1%} may)",
                    "Use the graph itself, with TensorFlow 1.15.5: ./install.sh --tf1",
                )


def difference(one: Alpha, other: Alpha) -> Difference:
    """Of two alphas of one size."""
    apart = np.abs(one.astype(np.int16) - other)
    return Difference(int(apart.max()), float((apart > _LEVELS).mean()))


def pictures() -> Iterator[Rgb8]:
    """Figures with a head, shoulders and hair on a coloured ground, and the same in noise: the same ones every time."""
    random = np.random.default_rng(7)
    for width, height in _SIZES:
        figure = np.ascontiguousarray(trial_picture(width, height) // 2 + 64)
        centre, head = (width // 2, int(height * 0.35)), int(min(width, height) * 0.16)
        cv2.ellipse(
            figure, (width // 2, height), (width // 3, height // 2), 0, 180, 360, (40, 60, 150), -1, cv2.LINE_AA
        )
        cv2.circle(figure, centre, head, (225, 180, 150), -1, cv2.LINE_AA)
        for angle in np.linspace(np.pi, 2 * np.pi, 60):
            tip = 1.4 + 0.2 * random.random()
            end = (int(centre[0] + tip * head * np.cos(angle)), int(centre[1] + tip * head * np.sin(angle)))
            cv2.line(figure, centre, end, (60, 35, 20), 1, cv2.LINE_AA)
        cv2.circle(figure, centre, int(head * 0.85), (225, 180, 150), -1, cv2.LINE_AA)
        yield np.asarray(figure, np.uint8)
        noise = random.normal(0, 25, figure.shape)
        yield np.asarray(np.clip(figure + noise, 0, 255), np.uint8)


def _run_tf2onnx(network: Network, graph: Path, made: Path, python: Path) -> None:
    command: list[str | Path] = [python, "-I", "-X", "utf8", "-W", "ignore", "-m", "tf2onnx.convert"]
    tensors = ["--inputs", f"{network.tensors.input}:0", "--outputs", f"{network.tensors.outputs[0]}:0"]
    try:
        ran = subprocess.run(
            [*command, "--graphdef", graph.absolute(), *tensors, "--opset", str(_OPSET), "--output", made],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=_environment(),
            timeout=_CONVERTING,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = system_reason(error) if isinstance(error, OSError) else f"it took longer than {_CONVERTING:.0f} s"
        raise NetworkError(f"{network.name}: the graph cannot be converted", why) from error
    if ran.returncode or _ERROR in ran.stderr:  # it writes a file, too, where it leaves an operator as it is
        raise NetworkError(f"{network.name}: the graph cannot be converted", _reason(ran.stderr), _remedy(ran.stderr))
    model = onnx.load(made)
    model.graph.doc_string = ""  # the graph's path, which is nobody else's business
    onnx.save(model, made)


def _environment() -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TF_"))}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}


def _reason(said: str) -> str:
    """The line that says most: what tf2onnx calls an error, else the last one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.partition(_ERROR)[2] for line in lines if _ERROR in line]
    return (errors or lines or ["it said nothing"])[0 if errors else -1][:400]


def _remedy(said: str) -> str:
    if "No module named" in said and "tf2onnx" in said:
        return "Install tf2onnx 1.16.1 and onnx 1.14.1 into that Python, or set 'tf1.python: auto'"
    return "Use the graph itself, with TensorFlow 1.15.5: ./install.sh --tf1"
