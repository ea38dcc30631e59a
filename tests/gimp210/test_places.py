"""Where the plug-in looks for the engine, and for the command that starts it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.address import socket_path as engines_own
from tests.gimp210.python2 import Python2, Record

RUNTIME = {"XDG_RUNTIME_DIR": "/run/user/7"}


def installed(socket: str | None = None) -> Record:
    return Record("places.Installation", ([], socket))


@pytest.mark.parametrize(
    ("environment", "written", "found"),
    [
        ({"BSHM_SOCKET": "/a/b.sock", **RUNTIME}, "/c.sock", "/a/b.sock"),
        (RUNTIME, "/c.sock", "/c.sock"),
        ({"BSHM_SOCKET": "", **RUNTIME}, None, "/run/user/7/bshm/engine.sock"),
        ({"XDG_STATE_HOME": "/s"}, None, "/s/bshm/run/engine.sock"),
        ({"XDG_STATE_HOME": "relative", "XDG_RUNTIME_DIR": "too"}, None, "~/.local/state/bshm/run/engine.sock"),
    ],
)
def test_the_first_that_says_something_counts(
    environment: dict[str, str], written: str | None, found: str, python2: Python2
) -> None:
    asked = python2("places.socket_path", installed(written), environment)
    assert Path(os.fsdecode(asked.result)) == Path(found).expanduser()


@pytest.mark.parametrize("environment", [RUNTIME, {"XDG_STATE_HOME": "/s"}, {}, {"BSHM_SOCKET": "/a/b.sock"}])
def test_it_is_where_the_engine_listens(
    environment: dict[str, str], python2: Python2, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BSHM_SOCKET", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = python2("places.socket_path", installed(), environment).result
    assert Path(os.fsdecode(found)) == engines_own()


@pytest.mark.parametrize("name", [b"bshm", "引擎 😀".encode(), b"\xff\xe9", "é".encode() + b"\xe9"])
def test_what_was_installed_is_known_by_any_name(name: bytes, tmp_path: Path, python2: Python2) -> None:
    """The file is written by Python 3, which has a text for any bytes (PEP 383)."""
    paths = [os.fsdecode(b"/a/" + name), os.fsdecode(b"/b/" + name)]
    written = {"version": "0.1.0", "command": paths[:1], "socket": paths[1]}
    (tmp_path / "installation.json").write_text(json.dumps(written), encoding="utf-8")
    assert python2("places.installation", tmp_path).result == [[b"/a/" + name], b"/b/" + name]


def test_a_plug_in_that_was_put_in_place_by_hand_knows_nothing(tmp_path: Path, python2: Python2) -> None:
    assert python2("places.installation", tmp_path).result == [[], None]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"command": 3}', '{"command": [3]}', "null", '{"command": "bshm"}', "\udcff"]
)
def test_a_damaged_file_is_a_sentence(text: str, tmp_path: Path, python2: Python2) -> None:
    (tmp_path / "installation.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    outcome = python2("places.installation", tmp_path)
    assert outcome.error == "CutOutError"
    assert outcome.says.startswith(f"{tmp_path}/installation.json cannot be used: ")
    assert outcome.says.endswith("Install the plug-in again: bshm gimp install")
