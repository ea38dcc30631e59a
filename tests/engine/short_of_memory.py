"""Real shortage, for the tests: a process whose kernel limit leaves ever less memory for what it does.

    python -m tests.engine.short_of_memory CASE    prints what came of it, a JSON line for each amount that was left

A line: "room" in MiB; "steps", the sentences of the ladder; and "error", the sentence, or "off", how far the result was
from that with plenty of memory. The last line has no "room": the limit is lifted again.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import psutil

from engine import Engine
from engine.errors import MemoryShortError
from engine.memory import WORKER_ENVIRONMENT
from engine.models.catalogue import NETWORKS
from engine.models.store import Store
from engine.networks import Networks, to_tensor
from engine.pictures.decode import decode
from engine.pictures.encode import encode
from engine.runtimes import Tensor
from engine.runtimes.opening import open_runtime
from engine.settings import Limits, Settings
from engine.shortage import shortage_told
from engine.types import CutOut, Pixels, Size
from engine.work import Work
from tests.engine.pictures.making import by_opencv, heif, saved, tiff
from tests.engine.scenes import filling, photo, picture

ROOMS = (400, 160, 100, 60, 50, 32, 26, 20, 12, 9)
_LIBC = ctypes.CDLL(None)
_LIBC.malloc.restype = ctypes.c_void_p
FEW_ROOMS = (120, 50, 26, 12, 1)
Line = dict[str, Any]


def lines_of(case: str) -> list[Line]:
    """What a process of its own, in the environment of the worker, says of a case."""
    command = [sys.executable, "-m", "tests.engine.short_of_memory", case]
    environment = {**os.environ, **WORKER_ENVIRONMENT}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=110)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return [json.loads(line) for line in ran.stdout.splitlines()]


@contextmanager
def left(megabytes: float | None) -> Iterator[None]:
    """Lets this process take so many MiB more, and no more; None: as many as it likes."""
    gc.collect()
    before = resource.getrlimit(resource.RLIMIT_DATA)
    held: list[int] = []
    if megabytes is not None:
        taken = psutil.Process().memory_info().data
        resource.setrlimit(resource.RLIMIT_DATA, (taken, before[1]))
        held = _rest_of_the_heap()
        resource.setrlimit(resource.RLIMIT_DATA, (taken + int(megabytes * (1 << 20)), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
        for block in held:
            _LIBC.free(ctypes.c_void_p(block))


def _rest_of_the_heap() -> list[int]:
    """Takes what earlier runs left free in the heap, which would be room beside the room: its blocks, to be freed."""
    held = []
    for size in (1 << 19, 1 << 17, 1 << 15):
        while block := _LIBC.malloc(ctypes.c_size_t(size)):
            held.append(block)
    return held


def _tell(line: Line) -> None:
    print(json.dumps(line), flush=True)


def _sweep(act: Callable[[Work], Tensor | Pixels], rooms: tuple[int, ...] = ROOMS, **about: str) -> None:
    """Does it with plenty of memory, with ever less, and again with plenty."""
    expected = act(Work()).astype(np.float32)
    for room in (*rooms, None):
        work = Work()
        line: Line = {**about, "room": room, "steps": work.steps}
        try:
            with left(room), shortage_told("short"):
                found = act(work)
            line["off"] = float(np.abs(found.astype(np.float32) - expected).mean())
            del found
        except MemoryShortError as error:
            line["error"] = str(error)
        _tell(line)


def _run(name: str, size: Size) -> None:
    networks = Networks(open_runtime(Settings()), Store(), Settings())
    pixels = filling(photo("astronaut"), size)

    def act(work: Work) -> Tensor:
        with networks.on_behalf_of(work) as bound:
            return bound.run(NETWORKS[name], pixels)[0]

    _sweep(act, name=name)


def _batch() -> None:
    """Four pictures at once, the device being busy when they come."""
    network = replace(NETWORKS["rvm"], batch=4)
    networks = Networks(open_runtime(Settings()), Store(), Settings())
    session = networks.load(network)
    tensors = [
        to_tensor(photo(name)[:192, :192], network.tensors) for name in ("astronaut", "coffee", "chelsea", "cat")
    ]
    threads = ThreadPoolExecutor(5)

    def act(work: Work) -> Tensor:
        device = networks.device
        with device.attending(Work(urgent=True)):  # holds them back until all are there
            asked = [threads.submit(device.run, network, session, each, work) for each in tensors]
            while len(device._waiting) < len(asked):
                pass
        return np.concatenate([each.result()[0] for each in asked])

    act(Work())  # begins the threads
    _sweep(act)


def _pictures() -> None:
    """Whole pictures of 6 megapixels."""
    engine = Engine(Settings())
    given = picture(filling(photo("astronaut"), Size(2450, 2450)))
    _sweep(lambda work: engine.cut_out(given, work=work).matte, (400, 100, 50, 1))


def _decoders() -> None:
    """On files of 3 megapixels."""
    pixels = filling(photo("astronaut"), Size(2000, 1500))
    deep = pixels.astype(np.uint16) * np.uint16(257)
    files = {
        "jpeg": saved(pixels, "JPEG"),
        "progressive jpeg": saved(pixels, "JPEG", progressive=True),
        "cmyk jpeg": saved(pixels, "JPEG", "CMYK"),
        "png": saved(pixels, "PNG", compress_level=1),
        "webp": saved(pixels, "WEBP"),
        "tiff": saved(pixels, "TIFF"),
        "avif": saved(pixels, "AVIF", speed=10),
        "heif": heif(pixels),
        "png of 16 bits": by_opencv(deep, ".png"),
        "tiff of 16 bits": tiff(deep, photometric="rgb"),
    }
    for name, data in files.items():
        _sweep(lambda _, data=data: decode(data, Limits()).pixels, FEW_ROOMS, name=name)  # type: ignore[misc]


def _encoders() -> None:
    """On a cut-out of 3 megapixels."""
    pixels = filling(photo("astronaut"), Size(2000, 1500))
    matte = np.random.default_rng(0).random((1500, 2000), np.float32)
    cut = CutOut(picture(pixels), matte, pixels, None)  # type: ignore[arg-type]  # no report is needed
    for want, form in (
        ("cutout", "png"),
        ("cutout", "webp"),
        ("cutout", "tiff"),
        ("matte", "png"),
        ("composite", "jpeg"),
    ):
        _sweep(
            lambda _, want=want, form=form: np.frombuffer(encode(cut, want, form), np.uint8),  # type: ignore[misc]
            FEW_ROOMS,
            name=f"{want} in {form}",
        )


CASES: Mapping[str, Callable[[], None]] = {
    "modnet": lambda: _run("modnet", Size(448, 448)),
    "rvm": lambda: _run("rvm", Size(384, 384)),
    "span": lambda: _run("span", Size(200, 150)),
    "centernet": lambda: _run("centernet", Size(512, 512)),
    "batch": _batch,
    "pictures": _pictures,
    "decoders": _decoders,
    "encoders": _encoders,
}

if __name__ == "__main__":
    CASES[sys.argv[1]]()
