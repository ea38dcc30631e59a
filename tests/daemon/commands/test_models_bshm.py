"""`bshm models` for BSHM, from a server in the place of its authors' to the files in the store."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.commands import main
from engine.models.catalogue import NETWORKS
from engine.models.store import State, Store
from tests.engine.models.conftest import certificate, tls  # noqa: F401  # fixtures
from tests.engine.models.server import Server, Tls, whole
from tests.engine.models.test_contract import GRAPH, export

BSHM = NETWORKS["bshm"]

Bshm = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bshm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bshm:
    """Runs `bshm models` in this process, with a store and a cache of the test's own: exit code, output, messages."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("BSHM_CONFIG", str(tmp_path / "config.yaml"))
    (tmp_path / "config.yaml").write_text("")

    def run(*words: str | Path) -> tuple[int, str, str]:
        return main(["models", *map(str, words)]), *capsys.readouterr()

    return run


@pytest.fixture
def modnet() -> Path:
    """The user's own file; to be asked for before `bshm`."""
    return Store().path(NETWORKS["modnet"])


@pytest.fixture
def authors(tls: Tls, bshm: Bshm, stand_in: Path, tensorflow_1: Path, tmp_path: Path) -> Server:  # noqa: F811
    """A server that gives the graph; the config file names it, and a Python with TensorFlow 1.15.5."""
    server = tls.serve(whole(stand_in.read_bytes()))
    mirror = f"https://www.modelscope.cn={server.url}"
    (tmp_path / "config.yaml").write_text(f'tf1:\n  python: "{tensorflow_1}"\nmirrors:\n  - "{mirror}"\n')
    return server


def row(output: str) -> list[str]:
    (line,) = (line for line in output.splitlines() if line.split()[:1] == ["bshm"])
    return re.split(r"\s{2,}", line.strip())


def test_it_is_fetched_tried_and_pinned_and_says_so(bshm: Bshm, authors: Server, stand_in: Path) -> None:
    sha256, size = hashlib.sha256(stand_in.read_bytes()).hexdigest(), f"{stand_in.stat().st_size / 1e6:.1f} MB"
    assert row(bshm("list")[1]) == ["bshm", "mattes", "unknown", "none published", "no", "no", "missing"]
    with authors:
        code, output, messages = bshm("pull", "bshm")
    assert (code, output) == (0, "")
    assert f"fetching 127.0.0.1 ({size})\n" in messages
    assert messages.endswith(
        "bshm: installed. Licence of its weights: none published.\n"
        f"  bshm.pb: {size}, SHA-256 {sha256}. Only this is taken from now on.\n"
    )
    assert row(bshm("list")[1])[2::4] == [size, "installed"]
    code, _, messages = bshm("verify")
    assert code == 0
    assert messages.startswith(f"bshm: {Store().folder / 'bshm.pb'} is as it was accepted first ({authors.url}/api")
    assert bshm("remove", "bshm") == (0, "", "bshm: removed.\n")
    assert row(bshm("list")[1])[-1] == "missing"


def test_it_is_not_among_those_that_are_fetched_unasked(bshm: Bshm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.models.catalogue.NETWORKS", {"bshm": BSHM})
    assert bshm("pull") == (0, "", "")


def test_under_permissive_it_is_refused(bshm: Bshm, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("licences: permissive\n")
    code, _, messages = bshm("pull", "bshm")
    assert code == 3
    assert messages.startswith("bshm: this network is not allowed: the licence of its weights is 'none published'")


def test_an_export_is_imported_and_shown_with_its_hash(bshm: Bshm, tmp_path: Path) -> None:
    file = export(tmp_path / "mine.onnx")
    code, _, messages = bshm("import", "bshm", file)
    assert code == 0
    assert f"bshm.onnx: 0.0 MB, SHA-256 {hashlib.sha256(file.read_bytes()).hexdigest()}." in messages
    assert Store().state(BSHM) is State.INSTALLED


def test_a_file_of_another_kind_is_refused_in_a_sentence(bshm: Bshm, tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(GRAPH)
    code, _, messages = bshm("import", "bshm", tmp_path / "x.onnx")
    assert code == 3
    assert messages.splitlines()[-1].startswith(f"{tmp_path / 'x.onnx'}: not a network of BSHM's kind")


def test_where_the_onnx_file_is_damaged_the_graph_is_run_and_both_are_verified(
    bshm: Bshm, tmp_path: Path, stand_in: Path
) -> None:
    store = Store()
    store.accept(BSHM, "bshm.pb", stand_in, "somewhere")
    assert bshm("import", "bshm", export(tmp_path / "a.onnx"))[0] == 0
    (store.folder / "bshm.onnx").write_bytes(b"damage")
    assert store.path(BSHM) == store.folder / "bshm.pb"
    code, _, messages = bshm("verify")
    assert code == 3
    assert "bshm: the network's file is damaged: " in messages
    assert "Run: bshm models convert bshm; or import it again." in messages


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [("bshm", 3, "bshm: its graph is missing"), ("rvm", 2, "rvm needs no conversion"), ("nope", 2, "no such network")],
)
def test_without_a_graph_there_is_nothing_to_convert(bshm: Bshm, name: str, code: int, words: str) -> None:
    ended, output, messages = bshm("convert", name)
    assert (ended, output) == (code, "")
    assert words in messages
    assert messages.count("\n") == 1


def test_a_graph_is_converted_and_its_file_is_shown_with_its_hash(
    bshm: Bshm, stand_in: Path, tensorflow_1: Path, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text(f'tf1:\n  python: "{tensorflow_1}"\n')
    store = Store()
    store.accept(BSHM, "bshm.pb", stand_in, "somewhere")
    code, _, messages = bshm("convert", "bshm")
    assert code == 0
    assert store.path(BSHM) == store.folder / "bshm.onnx"
    sha256 = hashlib.sha256(store.path(BSHM).read_bytes()).hexdigest()
    assert "converting bshm\n" in messages
    assert re.search(rf"bshm: converted\.\n  bshm\.onnx: \d+\.\d MB, SHA-256 {sha256}\.", messages)
    assert f"bshm: {store.folder / 'bshm.pb'} is as it was accepted first (somewhere)." in bshm("verify")[2]


def test_what_was_converted_is_not_converted_again(bshm: Bshm, tmp_path: Path) -> None:
    Store().accept(BSHM, "bshm.onnx", export(tmp_path / "a.onnx"), "")
    assert bshm("convert", "bshm") == (0, "", "bshm: was converted already.\n")


def test_a_list_of_pins_that_cannot_be_read_is_said_with_the_way_out(bshm: Bshm) -> None:
    Store().folder.mkdir(parents=True)
    (Store().folder / "pins.json").write_text("{")
    code, _, messages = bshm("verify", "bshm")
    assert code == 3
    assert messages.startswith(f"{Store().folder / 'pins.json'}: not the file that the program wrote: ")
    assert "Delete it" in messages


def test_the_other_networks_are_listed_and_verified_all_the_same(modnet: Path, bshm: Bshm) -> None:
    Store().folder.mkdir(parents=True)
    (Store().folder / "modnet.onnx").symlink_to(modnet)
    (Store().folder / "pins.json").write_text("{")
    code, output, messages = bshm("list")
    assert code == 3
    assert any(line.split()[:1] == ["modnet"] and line.endswith("installed ") for line in output.splitlines())
    assert row(output)[-1].strip() == "not known"
    assert "pins.json: not the file that the program wrote" in messages
    code, _, messages = bshm("verify")
    assert code == 3
    assert "modnet.onnx is as the catalogue pins it." in messages
