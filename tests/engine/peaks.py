"""What memory this process takes while it does something, measured; for tests and for tests.bench.memory.

python -m tests.engine.peaks CASE ...    prints what pictures took and what was estimated; all in JSON
"""

from __future__ import annotations

import gc
import io
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from engine import Engine, Settings
from engine.estimate import picture_bytes
from engine.pictures.decode import decode
from engine.pictures.encode import encode
from engine.pictures.stated import stated
from engine.settings import Limits
from engine.types import Rgb8
from tests.engine.scenes import photo


def peak(action: Callable[[], object]) -> int:
    """The bytes that the process took more while it did this: its largest resident size meanwhile (VmHWM of proc(5),
    which "5" sets back) less the one before."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _resident("VmRSS")
    action()
    return _resident("VmHWM") - before


def _resident(key: str) -> int:
    found = re.search(rf"^{key}:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


@dataclass(frozen=True)
class Case:
    """A picture and what is made of it. noise: what is added to its pixels at most, so that it compresses worse.
    selected: all of it is, as raw pixels have it."""

    megapixels: float
    kind: str = "JPEG"
    bits: int = 8
    alpha: bool = False
    want: str = "cutout"
    form: str = "png"
    noise: int = 6
    selected: bool = False


@dataclass(frozen=True)
class Peak:
    """taken: bytes, from the file's bytes to the result's. estimated: of its arrays, without the networks' runs."""

    case: Case
    taken: int
    estimated: int


def file_of(case: Case) -> bytes:
    """A person who fills the frame, with so many pixels."""
    pixels = photo("astronaut")
    scale = (case.megapixels * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    large = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    large = _noisy(large, case.noise)
    if case.alpha:
        large = np.asarray(np.dstack([large, np.full(large.shape[:2], 200, np.uint8)]))
    if case.bits == 16:
        deep = large[..., [2, 1, 0, 3][: large.shape[2]]].astype(np.uint16) * np.uint16(257)
        return cv2.imencode(".png", deep)[1].tobytes()
    stream = io.BytesIO()
    Image.fromarray(large).save(stream, case.kind, quality=92)
    return stream.getvalue()


def _noisy(pixels: Rgb8, most: int) -> Rgb8:
    noise = np.random.default_rng(0).integers(0, most + 1, pixels.shape, np.uint8)
    return np.asarray(cv2.add(pixels, noise), np.uint8)


def measured(engine: Engine, case: Case) -> Peak:
    """From the file's bytes to the result's, once."""
    made = file_of(case)

    def all_of_it() -> None:
        data = bytes(bytearray(made))  # its own, as what came over a socket
        picture = decode(data, Limits())
        selection = np.full(picture.size[::-1], 255, np.uint8) if case.selected else None
        encode(engine.cut_out(picture, selection=selection), case.want, case.form)

    header = stated(made, Limits())
    file = len(made) + case.selected * header.size.area
    estimated = picture_bytes(header, file, (case.want,), case.form, marked=case.selected)
    return Peak(case, peak(all_of_it), estimated)


def main(cases: Sequence[Case]) -> None:
    """Prints a line for each."""
    engine = Engine(Settings())
    engine.warm_up()
    for case in cases:
        print(json.dumps(asdict(measured(engine, case))), flush=True)


if __name__ == "__main__":
    main([Case(**json.loads(each)) for each in sys.argv[1:]])
