"""Where files come from, and servers that stand in for others."""

from __future__ import annotations

import pytest

from engine.errors import NetworkError
from engine.models.sources import GraphSource, mirrored

URL = "https://huggingface.co/Xenova/modnet/resolve/main/onnx/model.onnx"


@pytest.mark.parametrize(
    ("mirrors", "address"),
    [
        ([], URL),
        (
            ["https://huggingface.co=https://hf.example"],
            "https://hf.example/Xenova/modnet/resolve/main/onnx/model.onnx",
        ),
        (
            ["https://huggingface.co/=https://hf.example/"],
            "https://hf.example/Xenova/modnet/resolve/main/onnx/model.onnx",
        ),
        (
            ["https://huggingface.co=https://hf.example/a?b=c"],
            "https://hf.example/a?b=c/Xenova/modnet/resolve/main/onnx/model.onnx",
        ),
        (["https://huggingface.c=https://hf.example"], URL),
        (["https://huggingface.co/Xen=https://hf.example"], URL),
        (
            ["https://huggingface.co=https://hf.example", "https://huggingface.co/Xenova=https://x.example"],
            "https://x.example/modnet/resolve/main/onnx/model.onnx",
        ),
        ([f"{URL}=https://x.example/file"], "https://x.example/file"),
    ],
)
def test_the_longest_beginning_that_fits_is_replaced(mirrors: list[str], address: str) -> None:
    assert mirrored(URL, mirrors) == address


def test_a_query_is_kept() -> None:
    url = "https://www.modelscope.cn/repo?Revision=master&FilePath=tf_graph.pb"
    mirrors = ["https://www.modelscope.cn/repo=https://m.example/bshm"]
    assert mirrored(url, mirrors) == "https://m.example/bshm?Revision=master&FilePath=tf_graph.pb"


def test_only_https_is_taken() -> None:
    with pytest.raises(NetworkError, match="not an https address"):
        GraphSource("http://example.org/tf_graph.pb")
