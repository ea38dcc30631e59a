"""Every setting, its default and its check; and the reading of config.yaml, which names the line of what it refuses."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import yaml

from engine.errors import ConfigError, system_reason
from engine.folders import config_folder

_Section = TypeVar("_Section")

DEVICES = ("auto", "cpu", "cuda")
LICENCES = ("all", "permissive")
PEOPLE = ("auto", "all", "largest")
EDGES = ("soft", "crisp")
QUALITIES = ("best", "fast")
WANTS = ("cutout", "matte", "composite")
FORMATS = ("png", "webp", "tiff", "jpeg")
CONFLICTS = ("suffix", "skip", "overwrite")
OBSERVERS = ("auto", "inotify", "polling")

_NULL = "tag:yaml.org,2002:null"


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
class Folder:
    """A hot folder; the comments in config.yaml explain each. None: as outside of the folder."""

    watch: str = "~/BSHM/in"
    output: str = "~/BSHM/out"
    failed: str = "~/BSHM/failed"
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
    quality: str = "best"
    want: tuple[str, ...] = ("cutout",)
    format: str = "png"
    matte_bits: int = 8
    background: str = "white"
    limits: Limits = field(default_factory=Limits)
    links: Links = field(default_factory=Links)
    engine: Resident = field(default_factory=Resident)
    queue: Queue = field(default_factory=Queue)
    memory: Memory = field(default_factory=Memory)
    folders: tuple[Folder, ...] = (Folder(),)
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


# Each setting's check of a value that has the right type, and what to say where either fails.
CHECKS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "device": (one_of(DEVICES), f"one of {', '.join(DEVICES)}"),
    "threads": (lambda value: 0 <= value <= 1024, "a whole number from 0 to 1024"),
    "licences": (one_of(LICENCES), f"one of {', '.join(LICENCES)}"),
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
    "limits.megapixels": (_up_to(1e6), "a number above 0, at most 1000000"),
    "limits.megabytes": (_up_to(1e6), "a number above 0, at most 1000000"),
    "links.allow_private": (lambda _: True, "true or false"),
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
}


def config_path() -> Path:
    """Where the user's config.yaml lies: $BSHM_CONFIG, else the XDG config folder."""
    if named := os.environ.get("BSHM_CONFIG"):
        return Path(named)
    return config_folder() / "config.yaml"


def load_settings(path: Path | None = None) -> Settings:
    """The settings of a config file (default: config_path(); none there: all defaults).

    Raises ConfigError, with the line, for what cannot be read, unknown keys and values of another kind.
    """
    file = path or config_path()
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        if path is None and "BSHM_CONFIG" not in os.environ:
            return Settings()
        raise ConfigError(f"{file}: no such config file", remedy="Create it, or name another") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: cannot be read", "it is not UTF-8 text", "Save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read", system_reason(error)) from error
    return parse_settings(text, str(file))


def parse_settings(text: str, name: str = "config.yaml") -> Settings:
    """The settings that a YAML text holds; `name` is the file's name for the sentences of a ConfigError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}, line {mark.line + 1}" if mark else name
        raise ConfigError(f"{place}: not valid YAML", _problem(error)) from error
    return Settings() if root is None else _read_section(root, Settings(), "", name)


def _read_section(node: yaml.Node, defaults: _Section, prefix: str, name: str) -> _Section:
    if node.tag == _NULL:  # every line below the section's name was deleted
        return defaults
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{_place(node, name)}: settings are written as 'key: value'")
    hints = get_type_hints(type(defaults))
    known = {each.name for each in fields(defaults)}  # type: ignore[arg-type]  # always a dataclass of this module
    changes: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
        if key not in known:
            choices = ", ".join(sorted(prefix + each for each in known))
            raise ConfigError(f"{_place(key_node, name)}: unknown key '{prefix}{key}'", f"the keys are {choices}")
        if key in changes:
            raise ConfigError(f"{_place(key_node, name)}: '{prefix}{key}' stands there twice")
        default = getattr(defaults, key)
        if is_dataclass(default):
            changes[key] = _read_section(value_node, default, f"{prefix}{key}.", name)
        else:
            changes[key] = _read_value(value_node, hints[key], prefix + key, name)
    return replace(defaults, **changes)  # type: ignore[type-var]  # always a dataclass of this module


def _read_value(node: yaml.Node, hint: Any, key: str, name: str) -> Any:
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError, KeyError, AttributeError) as error:  # what PyYAML raises at `!!bool maybe`
        raise ConfigError(f"{_place(node, name)}: '{key}' cannot be read", _problem(error)) from error
    if hint == tuple[str, ...]:
        value = tuple(value) if isinstance(value, list) else (value,)
    check, wanted = CHECKS[key]
    if not _is_a(value, hint) or not check(value):
        fault = "has no value" if node.tag == _NULL else f"cannot be {_written(node)}"
        raise ConfigError(f"{_place(node, name)}: '{key}' {fault}", f"it is {wanted}")
    return value


def _is_a(value: Any, hint: Any) -> bool:
    """Whether a value from YAML has a setting's type; true and false are no numbers."""
    if hint == tuple[str, ...]:
        return all(isinstance(each, str) for each in value)
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, int | float if hint is float else hint)


def _written(node: yaml.Node) -> str:
    """The value as it stands in the file, on one line."""
    text = str(node.start_mark.buffer)[node.start_mark.pointer : node.end_mark.pointer]
    return "'" + textwrap.shorten(text, 60, placeholder=" ...") + "'"


def _problem(error: Exception) -> str:
    """What a reader's error says, on one line and without the place, which the sentence names already."""
    return " ".join(str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).split())


def _place(node: yaml.Node, name: str) -> str:
    return f"{name}, line {node.start_mark.line + 1}"
