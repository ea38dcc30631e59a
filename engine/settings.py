"""Every setting, its default and its check."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LICENCES = ("all", "permissive")
PEOPLE = ("auto", "all", "largest")
EDGES = ("soft", "crisp")
QUALITIES = ("fast", "balanced", "best")
WANTS = ("cutout", "matte", "composite")
FORMATS = ("png", "webp", "tiff", "jpeg")
CONFLICTS = ("suffix", "skip", "overwrite")
OBSERVERS = ("auto", "inotify", "polling")
ORIGINALS = ("keep", "delete")


@dataclass(frozen=True)
class Limits:
    """What is refused before it is read or decoded."""

    megapixels: float = 200
    megabytes: float = 512


@dataclass(frozen=True)
class Links:
    """How pictures by address are fetched. timeout: seconds for the whole download."""

    allow_private: bool = False
    timeout: float = 60


@dataclass(frozen=True)
class Resident:
    """How the resident engine listens and behaves. idle_unload: minutes; deadline, stop_within: seconds."""

    socket: str = "auto"
    port: int = 0
    idle_unload: float = 30
    deadline: float = 120
    stop_within: float = 30


@dataclass(frozen=True)
class Queue:
    """What may wait in the resident engine, the pictures under way counted in."""

    pictures: int = 512
    megabytes: float = 1024


@dataclass(frozen=True)
class Memory:
    """megabytes: what the process that runs the networks may take; 0: half of what this machine lets it have.
    longest_side: of what a network sees, in pixels."""

    megabytes: int = 0
    longest_side: int = 2560


@dataclass(frozen=True)
class Gpu:
    """memory_fraction: of a GPU's memory, what the networks may take. growth: whether TensorFlow 1 takes it as it is
    needed, instead of all of it at once."""

    memory_fraction: float = 0.9
    growth: bool = True


@dataclass(frozen=True)
class Tf1:
    """The Python that has TensorFlow 1.15.5. python: its path; auto is the environment of `./install.sh --tf1`."""

    python: str = "auto"


@dataclass(frozen=True)
class Folder:
    """An entry of `folders`; the comments in config.yaml explain each key. None: as outside of the entry.

    failed: None is the folder "failed" beside the output. done: a word of ORIGINALS or a folder. line: of the config
    file, where the entry begins, for sentences about what two entries do to one another; no key, and not compared.
    """

    watch: str
    output: str
    failed: str | None = None
    done: str = "keep"
    recursive: bool = True
    pattern: tuple[str, ...] = ("*",)
    conflict: str = "suffix"
    observer: str = "auto"
    report: bool = True
    want: tuple[str, ...] = ("cutout", "matte")
    format: str | None = None
    matte_bits: int | None = None
    background: str | None = None
    network: str | None = None
    people: str | int | None = None
    quality: str | None = None
    line: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class Watching:
    """How hot folders are watched. settle, scan: seconds."""

    settle: float = 1
    scan: float = 30
    start_engine: bool = True


@dataclass(frozen=True)
class Settings:
    """What config.yaml says; the comments there explain each. people: a word of PEOPLE or a number of people."""

    device: str = "auto"
    threads: int = 0
    licences: str = "all"
    network: str = "auto"
    people: str | int = "auto"
    quality: str = "balanced"
    want: tuple[str, ...] = ("cutout",)
    format: str = "png"
    matte_bits: int = 8
    background: str = "white"
    limits: Limits = field(default_factory=Limits)
    links: Links = field(default_factory=Links)
    engine: Resident = field(default_factory=Resident)
    queue: Queue = field(default_factory=Queue)
    memory: Memory = field(default_factory=Memory)
    gpu: Gpu = field(default_factory=Gpu)
    tf1: Tf1 = field(default_factory=Tf1)
    mirrors: tuple[str, ...] = ()
    folders: tuple[Folder, ...] = (Folder("~/BSHM/in", "~/BSHM/out", "~/BSHM/failed"),)
    watch: Watching = field(default_factory=Watching)


def one_of(words: tuple[str, ...]) -> Callable[[Any], bool]:
    """A check that a value is one of these words."""
    return lambda value: value in words


def _several_of(words: tuple[str, ...]) -> Callable[[Any], bool]:
    return lambda value: bool(value) and all(each in words for each in value) and len(set(value)) == len(value)


def _up_to(top: float) -> Callable[[Any], bool]:
    """Above 0 and at most `top`; refuses .inf and .nan, which no limit can be reckoned from."""
    return lambda value: bool(0 < value <= top)


def is_people(value: str | int) -> bool:
    """True for a word of PEOPLE or a number of at least 1."""
    return value >= 1 if isinstance(value, int) else value in PEOPLE


def is_device(value: str) -> bool:
    """auto, cpu, cuda (the first GPU), cuda:N, or mps (Apple's)."""
    return bool(re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", value, re.ASCII))


def _are_mirrors(value: tuple[str, ...]) -> bool:
    """Each "FROM=TO", two https addresses."""
    return all(re.fullmatch(r"https://[^\s=]+=https://\S+", each) for each in value)


def _is_folder(value: str) -> bool:
    """A path that means the same wherever the program is started, and that the system can have."""
    try:
        return value.startswith(("/", "~")) and b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:  # "\ud800" in YAML: half a character
        return False


def _are_globs(value: tuple[str, ...]) -> bool:
    return bool(value) and all(each and "/" not in each for each in value)


_Check = tuple[Callable[[Any], bool], str]
_FOLDER: _Check = (_is_folder, "the path of a folder that begins with / or ~/")
_SWITCH: _Check = (lambda _: True, "true or false")

_SHARED: Mapping[str, _Check] = {
    "people": (is_people, f"one of {', '.join(PEOPLE)}, or a number of at least 1"),
    "quality": (one_of(QUALITIES), f"one of {', '.join(QUALITIES)}"),
    "want": (_several_of(WANTS), f"one or several of {', '.join(WANTS)}"),
    "format": (one_of(FORMATS), f"one of {', '.join(FORMATS)}"),
    "matte_bits": (lambda value: value in (8, 16), "8 or 16"),
    "network": (lambda value: bool(re.fullmatch(r"[\w.-]+", value)), "auto or a network's name"),
    "background": (
        lambda value: bool(value.strip()),
        'a colour (white, or "#3366cc" in quotes) or the path of a picture',
    ),
}

# The settings that an entry of `folders` may have of its own, under the same names.
SHARED = tuple(_SHARED)

# Each setting's check of a value that has the right type, and what to say where either fails.
CHECKS: Mapping[str, _Check] = {
    "device": (is_device, "auto, cpu, cuda, cuda:N with a GPU's number, or mps"),
    "threads": (lambda value: 0 <= value <= 1024, "a whole number from 0 to 1024"),
    "licences": (one_of(LICENCES), f"one of {', '.join(LICENCES)}"),
    **_SHARED,
    "limits.megapixels": (_up_to(1e6), "a number above 0, at most 1000000"),
    "limits.megabytes": (_up_to(1e6), "a number above 0, at most 1000000"),
    "links.allow_private": _SWITCH,
    "links.timeout": (_up_to(1e6), "a number of seconds above 0, at most 1000000"),
    "engine.socket": (lambda value: value == "auto" or value.startswith("/"), "auto, or a path that begins with /"),
    "engine.port": (lambda value: value == 0 or 1024 <= value <= 65535, "0, or a number from 1024 to 65535"),
    "engine.idle_unload": (lambda value: 0 <= value <= 1e6, "a number of minutes from 0 to 1000000"),
    "engine.deadline": (_up_to(1e6), "a number of seconds above 0, at most 1000000"),
    "engine.stop_within": (_up_to(1e6), "a number of seconds above 0, at most 1000000"),
    "queue.pictures": (lambda value: 1 <= value <= 1_000_000, "a whole number from 1 to 1000000"),
    "queue.megabytes": (_up_to(1e6), "a number above 0, at most 1000000"),
    "memory.megabytes": (lambda value: value == 0 or 512 <= value <= 1e7, "0, or a whole number of at least 512"),
    "memory.longest_side": (lambda value: 512 <= value <= 16_384, "a whole number from 512 to 16384"),
    "gpu.memory_fraction": (lambda value: 0.05 <= value <= 1, "a number from 0.05 to 1"),
    "gpu.growth": _SWITCH,
    "tf1.python": (
        lambda value: value == "auto" or _is_folder(value),
        "auto, or the path of a Python that begins with / or ~/",
    ),
    "mirrors": (_are_mirrors, 'a list of addresses and what stands in for their beginning: "https://FROM=https://TO"'),
    "folders.watch": _FOLDER,
    "folders.output": _FOLDER,
    "folders.failed": _FOLDER,
    "folders.done": (
        lambda value: value in ORIGINALS or _is_folder(value),
        f"one of {', '.join(ORIGINALS)}, or {_FOLDER[1]}",
    ),
    "folders.recursive": _SWITCH,
    "folders.pattern": (_are_globs, 'one or several patterns of file names, like "*.jpg" in quotes, without /'),
    "folders.conflict": (one_of(CONFLICTS), f"one of {', '.join(CONFLICTS)}"),
    "folders.observer": (one_of(OBSERVERS), f"one of {', '.join(OBSERVERS)}"),
    "folders.report": _SWITCH,
    **{f"folders.{key}": _SHARED[key] for key in SHARED},
    "watch.settle": (lambda value: 0.1 <= value <= 3600, "a number of seconds from 0.1 to 3600"),
    "watch.scan": (lambda value: 1 <= value <= 86_400, "a number of seconds from 1 to 86400"),
    "watch.start_engine": _SWITCH,
}
