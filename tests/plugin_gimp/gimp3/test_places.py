"""Where the plug-in looks for the engine, and for the command that starts it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bshm_cut_out.errors import CutOutError
from bshm_cut_out.places import Installation, installation, socket_path

from engine.address import socket_path as engines_own

RUNTIME = {"XDG_RUNTIME_DIR": "/run/user/7"}


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
def test_the_first_that_says_something_counts(environment: dict[str, str], written: str | None, found: str) -> None:
    assert socket_path(Installation(socket=written), environment) == Path(found).expanduser()


@pytest.mark.parametrize("environment", [RUNTIME, {"XDG_STATE_HOME": "/s"}, {}, {"BSHM_SOCKET": "/a/b.sock"}])
def test_it_is_where_the_engine_listens(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BSHM_SOCKET", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert socket_path(Installation(), environment) == engines_own()


def test_what_was_installed_is_known(tmp_path: Path) -> None:
    written = {"version": "0.1.0", "command": ["/a/bin/bshm"], "socket": "/b/engine.sock"}
    (tmp_path / "installation.json").write_text(json.dumps(written), encoding="utf-8")
    assert installation(tmp_path) == Installation(("/a/bin/bshm",), "/b/engine.sock")


def test_a_plug_in_that_was_put_in_place_by_hand_knows_nothing(tmp_path: Path) -> None:
    assert installation(tmp_path) == Installation((), None)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"command": 3}', '{"command": "bshm"}', "null"])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "installation.json").write_text(text, encoding="utf-8")
    with pytest.raises(CutOutError, match=r"installation\.json cannot be used: .* bshm gimp install$"):
        installation(tmp_path)
