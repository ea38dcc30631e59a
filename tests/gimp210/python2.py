"""The plug-in's modules under a real Python 2.7, as far as they need no GIMP."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.gimp.roots import NotHereError

PLUG_IN = Path(__file__).parents[2] / "plugin_gimp" / "gimp210" / "bshm-cut-out"
INSIDE = Path(__file__).parent / "inside"


class Outcome(NamedTuple):
    """Of a call. error: "" or the name of the plug-in's error; says: its sentence. heard: what `tell` was told."""

    result: Any
    error: str
    says: str
    heard: list[list[Any]]


class Record(NamedTuple):
    """One of the plug-in's namedtuples, by its module and name."""

    name: str
    values: tuple[Any, ...]


class Text(NamedTuple):
    """A text there, not bytes."""

    text: str


class Raised(NamedTuple):
    """An error with these words."""

    words: Any


class Tell:
    """Stands for a function that is told how far something is."""


@dataclass(frozen=True)
class Python2:
    """A Python 2.7 that calls what it is told to. process: of inside/calls.py."""

    process: subprocess.Popen[str]

    def __call__(self, name: str, *arguments: Any) -> Outcome:
        """name: "module.function". Bytes are bytes there, and texts are UTF-8."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([name, [_sent(each) for each in arguments]]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert answer.get("error") != "fault", answer["says"]
        says = _received(answer.get("says", {"bytes": ""})).decode("utf-8")
        return Outcome(_received(answer.get("result")), answer.get("error", ""), says, _received(answer["heard"]))


@cache
def program() -> str:
    """A Python 2.7 that runs. Raises NotHereError."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = sorted(str(each) for each in pyenv.glob("versions/2.7.*/bin/python2.7"))
    for each in (*filter(None, [shutil.which("python2.7")]), *candidates):
        ran = subprocess.run([each, "-c", "import httplib"], capture_output=True, check=False)
        if ran.returncode == 0:
            return each
    raise NotHereError("there is no Python 2.7 on this machine")


@contextmanager
def running(environment: Mapping[str, str] | None = None) -> Iterator[Python2]:
    """environment: what is added to this process's own."""
    words = [program(), "-B", str(INSIDE / "calls.py"), str(PLUG_IN)]
    given = {**os.environ, "LANGUAGE": "", "LC_ALL": "C.UTF-8", **(environment or {})}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=given) as process:
        yield Python2(process)


def _sent(value: Any) -> Any:
    match value:
        case bytes():
            return {"bytes": value.decode("latin-1")}
        case Path():
            return {"bytes": os.fsencode(value).decode("latin-1")}
        case Record(name, values):
            return {"record": name, "values": [_sent(each) for each in values]}
        case Text(text):
            return {"text": text}
        case Raised(words):
            return {"raised": _sent(words)}
        case Tell():
            return {"tell": True}
        case list() | tuple():
            return [_sent(each) for each in value]
        case dict():
            return {key: _sent(each) for key, each in value.items()}
    return value


def _received(value: Any) -> Any:
    if isinstance(value, list):
        return [_received(each) for each in value]
    return value["bytes"].encode("latin-1") if isinstance(value, dict) else value
