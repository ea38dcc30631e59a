"""What is dropped into hot folders that are put to the test: good pictures, bad files, odd names, links; by a seed.

Every good picture has a size of its own, by which its results are known to be its own.
"""

from __future__ import annotations

import io
import os
import plistlib
import random
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, cycle, islice, product
from typing import Literal

from PIL import Image, ImageOps

from tests.bench.photos import ASTRONAUT
from tests.daemon.server import Answer, Server, content

Way = Literal["copy", "slow", "rename", "folder"]
FOLDERS = ("keep", "move", "delete", "flat")  # what each does with originals; flat keeps, and looks at nothing below it
_FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "TIFF": "tif", "BMP": "bmp", "GIF": "gif", "PPM": "ppm"}
_WAYS: dict[Way, int] = {"copy": 40, "slow": 25, "rename": 25}  # how often among those that come alone
_GROUP = 6  # files of a folder that is moved in
_GROUPED = 0.15  # of all files
_LARGE = 0.03  # of the good pictures

# Of each kind of bad file, the words of its reason.
_REASONS = {
    "empty": "the file is empty",
    "text": "not a picture",
    "truncated": "truncated",
    "bomb": "megapixels",
    "page": "not a picture",
    "damaged": "damaged",
}
_ODD = (
    os.fsdecode(b"\xff\xfe bytes {}.jpg"),
    "line\nbreak {}.png",
    "ü" * 122 + " {}.jpg",
    unicodedata.normalize("NFC", "Café {}.jpg"),
    unicodedata.normalize("NFD", "Café {}.jpg"),
    "-rf {}.jpg",
    "  spaces  {} .webp",
    "100%25 %s %n {}.jpg",
    "same stem {}.jpg",
    "same stem {}.png",
    "$(quotes) \"'`{}` ;.jpg",
    "{}.cutout.jpg.JPG",
)
_LINKS = ("url, good", "desktop, later", "webloc, missing", "webloc, good", "url, later", "desktop, page")


@dataclass(frozen=True)
class Dropped:
    """A file that is to be dropped. folder: a word of FOLDERS. name: its path below.

    size: width and height of a good picture, None for what is bad; then reason has words of the sentence that is to
    say so. address: what a shortcut leads to.
    """

    folder: str
    name: str
    data: bytes
    size: tuple[int, int] | None
    reason: str = ""
    address: str = ""
    way: Way = "copy"


def files(seed: int, number: int, server: Server) -> list[list[Dropped]]:
    """So many files, those that come together in one list. server: is taught what the shortcuts lead to.

    What is empty comes first: hot folders are patient with it.
    """
    chance = random.Random(seed)
    sizes = _sizes(chance)
    bad = list(islice(cycle(_REASONS), max(len(_REASONS), number * 5 // 100)))
    odd = list(islice(cycle(_ODD), max(len(_ODD), number * 3 // 100)))
    links = list(islice(cycle(_LINKS), max(3, number * 2 // 100)))
    alone = [_bad(kind, each, chance) for each, kind in enumerate(bad)]
    alone += [_link(kind, each, next(sizes), server, chance) for each, kind in enumerate(links)]
    for each, pattern in enumerate(odd):
        turn = each // len(_ODD)
        name = pattern.format(turn)
        alone.append(replace(_good(name, next(sizes), chance), folder=FOLDERS[turn % len(FOLDERS)]))
    plain = [_good(f"{each} photo.{_suffix(chance)}", next(sizes), chance) for each in range(number - len(alone))]
    grouped = int(len(plain) * _GROUPED)
    alone += plain[grouped:]
    groups = [plain[start : min(start + _GROUP, grouped)] for start in range(0, grouped, _GROUP)]
    comes = [[replace(each, way=_way(chance))] for each in alone]
    comes += [_together(each, group, chance) for each, group in enumerate(groups)]
    chance.shuffle(comes)
    return sorted(comes, key=lambda each: bool(each[0].data))


def _sizes(chance: random.Random) -> Iterator[tuple[int, int]]:
    """No two the same."""
    small = list(product(range(120, 300), range(160, 400)))
    chance.shuffle(small)
    for number, (width, height) in zip(count(), small, strict=False):
        yield (1200 + number, 1600) if chance.random() < _LARGE else (width, height)


def _suffix(chance: random.Random) -> str:
    return chance.choice([*["jpg"] * 6, *_FORMATS.values()])


def _way(chance: random.Random) -> Way:
    return chance.choices(list(_WAYS), list(_WAYS.values()))[0]


def _good(name: str, size: tuple[int, int], chance: random.Random) -> Dropped:
    kinds = {suffix: kind for kind, suffix in _FORMATS.items()}
    data = _picture(size, kinds[name.rpartition(".")[2].lower()], chance)
    below = chance.choice(("", "", "sub/", "sub/deep er/")) if name.endswith("photo.jpg") else ""
    folder = chance.choice(FOLDERS)
    return Dropped(folder, name if folder == "flat" else below + name, data, size)


def _bad(kind: str, number: int, chance: random.Random) -> Dropped:
    suffix = "png" if kind in ("bomb", "damaged") else "jpg"
    folder = FOLDERS[(number + number // len(_REASONS)) % len(FOLDERS)]
    return Dropped(folder, f"bad {number} {kind}.{suffix}", _bad_data(kind, chance), None, _REASONS[kind])


def _bad_data(kind: str, chance: random.Random) -> bytes:
    match kind:
        case "empty":
            return b""
        case "text":
            return b"These are words, and no pixels.\n" * 20
        case "page":
            return b"<!DOCTYPE html>\n<html><body><h1>Not Found</h1></body></html>\n"
        case "truncated":
            data = _picture((240, 320), "JPEG", chance)
            return data[: len(data) * chance.randrange(30, 90) // 100]
        case "damaged":
            data = _picture((240, 320), "PNG", chance)
            middle = len(data) // 2
            return data[:middle] + bytes(64) + data[middle + 64 :]
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _link(kind: str, number: int, size: tuple[int, int], server: Server, chance: random.Random) -> Dropped:
    """A shortcut to an address of the server."""
    suffix, _, what = kind.partition(", ")
    path = f"/linked-{number}.jpg"
    address = server.url(path)
    reason = {"missing": "404", "page": "web page"}.get(what, "")
    if what == "page":
        server.answers[path] = content(_bad_data("page", chance), "text/html")
    elif not reason:
        found = content(_picture(size, "JPEG", chance))
        server.answers[path] = _later(found) if what == "later" else found
    text = {
        "url": f"[InternetShortcut]\r\nURL={address}\r\n".encode(),
        "desktop": f"[Desktop Entry]\nType=Link\nName=Photo\nURL={address}\n".encode(),
        "webloc": plistlib.dumps({"URL": address}),
    }[suffix]
    return Dropped(chance.choice(FOLDERS), f"link {number}.{suffix}", text, None if reason else size, reason, address)


def _later(answer: Answer) -> Answer:
    """The first time the server is overloaded."""
    busy = [True]

    def answered(request: object) -> None:
        if busy:
            busy.clear()
            request.send_error(503)  # type: ignore[attr-defined]
        else:
            answer(request)  # type: ignore[arg-type]

    return answered


def _together(number: int, group: list[Dropped], chance: random.Random) -> list[Dropped]:
    """These as the content of one folder."""
    folder = chance.choice(FOLDERS[:-1])
    names = (f"album {number}/{'' if each % 3 else 'more/'}{one.name}" for each, one in enumerate(group))
    return [replace(one, folder=folder, name=name, way="folder") for one, name in zip(group, names, strict=True)]


def _picture(size: tuple[int, int], kind: str, chance: random.Random) -> bytes:
    """The astronaut, cut to this shape and not pressed into it, more or less of her each time."""
    with Image.open(ASTRONAUT) as photo:
        fitted = ImageOps.fit(photo.convert("RGB"), size, bleed=chance.uniform(0, 0.05), centering=(0.45, 0.1))
    stream = io.BytesIO()
    fitted.save(stream, kind, quality=90)
    return stream.getvalue()
