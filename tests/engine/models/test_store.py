"""A network leaves the store only as the catalogue pins it, and enters it whole or not at all."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NetworkError
from engine.folders import cache_folder, networks_folder
from engine.models.catalogue import NETWORKS
from engine.models.pins import Pin
from engine.models.store import State, Store
from tests.engine.models.making import CONTENT, network

NETWORK = network()
BSHM = NETWORKS["bshm"]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "数据 folder" / "networks")


def test_what_was_put_is_handed_out(store: Store) -> None:
    assert store.state(NETWORK) is State.MISSING
    file = store.put(NETWORK, CONTENT)
    assert file == store.path(NETWORK) == store.folder / "small.onnx"
    assert file.read_bytes() == CONTENT
    assert store.state(NETWORK) is State.INSTALLED


def test_a_missing_network_is_said_with_the_way_out(store: Store) -> None:
    with pytest.raises(
        NetworkError, match=r"small: .* not installed: .*small.onnx is missing. Run: bshm models pull small"
    ):
        store.path(NETWORK)


@given(position=st.integers(0, len(CONTENT) - 1), bit=st.integers(0, 7))
def test_one_wrong_bit_is_found(tmp_path_factory: pytest.TempPathFactory, position: int, bit: int) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    wrong = bytearray(CONTENT)
    wrong[position] ^= 1 << bit
    store.put(NETWORK, CONTENT).write_bytes(wrong)
    assert store.state(NETWORK) is State.DAMAGED
    with pytest.raises(NetworkError, match=r"damaged.*Run: bshm models pull small"):
        store.path(NETWORK)


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"!"])
def test_another_length_is_damage(store: Store, content: bytes) -> None:
    store.put(NETWORK, CONTENT).write_bytes(content)
    assert store.state(NETWORK) is State.DAMAGED


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT[:-1] + b"?"])
def test_nothing_else_than_the_pinned_file_is_put(store: Store, content: bytes) -> None:
    with pytest.raises(NetworkError, match="not the catalogue's file"):
        store.put(NETWORK, content)
    assert store.state(NETWORK) is State.MISSING


def test_putting_mends_a_damaged_file(store: Store) -> None:
    store.put(NETWORK, CONTENT).write_bytes(b"damaged")
    store.put(NETWORK, CONTENT)
    assert store.path(NETWORK).read_bytes() == CONTENT


def test_a_full_disk_leaves_the_old_file_and_no_rest(store: Store) -> None:
    store.put(NETWORK, CONTENT)
    larger = network(content=CONTENT * 2)
    script = (
        "import resource, sys; from pathlib import Path; from engine.models.store import Store;"
        "from tests.engine.models.making import CONTENT, network;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(CONTENT)}, {len(CONTENT)}));"
        "Store(Path(sys.argv[1])).put(network(content=CONTENT * 2), CONTENT * 2)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, store.folder], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "NetworkError" in ran.stderr
    assert "cannot be written: file too large. Make room" in ran.stderr
    assert store.path(NETWORK).read_bytes() == CONTENT
    assert store.state(larger) is State.DAMAGED
    assert sorted(each.name for each in store.folder.iterdir()) == [".lock", "small.onnx"]


def test_processes_that_put_at_once_do_no_harm(store: Store) -> None:
    script = (
        "import sys; from pathlib import Path; from engine.models.store import Store;"
        "from tests.engine.models.making import CONTENT, network;"
        "store = Store(Path(sys.argv[1]));"
        "[store.put(network(), CONTENT) and store.path(network()) for _ in range(30)]"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, store.folder], cwd=ROOT) for _ in range(3)]
    assert [each.wait() for each in running] == [0, 0, 0]
    assert store.path(NETWORK).read_bytes() == CONTENT
    assert sorted(each.name for each in store.folder.iterdir()) == [".lock", "small.onnx"]


def test_removing(store: Store) -> None:
    assert not store.remove(NETWORK)
    store.put(NETWORK, CONTENT)
    assert store.remove(NETWORK)
    assert store.state(NETWORK) is State.MISSING


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = Store(tmp_path / "file" / "networks")
    with pytest.raises(NetworkError, match=r"cannot be written: .*irectory"):
        store.put(NETWORK, CONTENT)


def test_a_folder_in_the_place_of_the_file_is_said(store: Store) -> None:
    (store.folder / "small.onnx").mkdir(parents=True)
    for action in (store.state, store.path, store.remove):
        with pytest.raises(NetworkError, match=r"cannot be (read|removed): is a directory"):
            action(NETWORK)


def test_folders_follow_the_xdg_specification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert networks_folder() == tmp_path / ".local/share/bshm/networks"
    assert cache_folder() == tmp_path / ".cache/bshm"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Store().folder == tmp_path / "data/bshm/networks"
    assert cache_folder() == tmp_path / "cache/bshm"


@pytest.fixture
def bring(tmp_path: Path) -> Callable[[bytes], Path]:
    """A file with this content, outside of the store."""

    def bring(content: bytes) -> Path:
        file = tmp_path / "brought"
        file.write_bytes(content)
        return file

    return bring


class TestPinnedOnFirstUse:
    """A network of which nobody publishes a hash: the file that is accepted first is the only one from then on."""

    GRAPH, OTHER, MADE = b"a graph" * 99, b"another graph" * 99, b"the same as ONNX" * 99

    def test_it_is_handed_out_and_pinned(self, store: Store, bring: Callable[[bytes], Path]) -> None:
        assert store.state(BSHM) is State.MISSING
        pin = store.accept(BSHM, "bshm.pb", bring(self.GRAPH), "https://example.org/tf_graph.pb")
        assert pin == Pin(hashlib.sha256(self.GRAPH).hexdigest(), len(self.GRAPH), "https://example.org/tf_graph.pb")
        assert store.pin(BSHM, "bshm.pb") == pin
        assert store.path(BSHM) == store.folder / "bshm.pb"

    def test_the_onnx_file_goes_before_the_graph(self, store: Store, bring: Callable[[bytes], Path]) -> None:
        store.accept(BSHM, "bshm.pb", bring(self.GRAPH), "")
        store.accept(BSHM, "bshm.onnx", bring(self.MADE), "")
        assert store.path(BSHM) == store.folder / "bshm.onnx"

    def test_a_changed_file_is_not_handed_out(self, store: Store, bring: Callable[[bytes], Path]) -> None:
        store.accept(BSHM, "bshm.pb", bring(self.GRAPH), "")
        (store.folder / "bshm.pb").write_bytes(self.OTHER)
        with pytest.raises(NetworkError, match=r"the network's file is damaged.*the pinned SHA-256"):
            store.path(BSHM)

    def test_a_file_that_nobody_accepted_is_not_handed_out(self, store: Store) -> None:
        store.folder.mkdir(parents=True, exist_ok=True)
        (store.folder / "bshm.onnx").write_bytes(self.MADE)
        with pytest.raises(NetworkError, match="is not the file that was accepted"):
            store.path(BSHM)

    def test_another_file_is_refused_with_both_hashes_and_the_way_out(
        self, store: Store, bring: Callable[[bytes], Path]
    ) -> None:
        store.accept(BSHM, "bshm.pb", bring(self.GRAPH), "https://example.org/a")
        with pytest.raises(NetworkError) as refused:
            store.accept(BSHM, "bshm.pb", bring(self.OTHER), "https://example.org/b")
        assert hashlib.sha256(self.GRAPH).hexdigest() in refused.value.why
        assert hashlib.sha256(self.OTHER).hexdigest() in refused.value.why
        assert "bshm models remove bshm" in refused.value.remedy
        assert store.path(BSHM).read_bytes() == self.GRAPH

    def test_the_same_file_again_mends_a_damaged_one(self, store: Store, bring: Callable[[bytes], Path]) -> None:
        store.accept(BSHM, "bshm.pb", bring(self.GRAPH), "")
        (store.folder / "bshm.pb").write_bytes(b"damage")
        store.accept(BSHM, "bshm.pb", bring(self.GRAPH), "")
        assert store.path(BSHM).read_bytes() == self.GRAPH

    def test_after_removing_it_another_may_come(self, store: Store, bring: Callable[[bytes], Path]) -> None:
        store.accept(BSHM, "bshm.pb", bring(self.GRAPH), "")
        store.accept(BSHM, "bshm.onnx", bring(self.MADE), "")
        assert store.remove(BSHM)
        assert store.state(BSHM) is State.MISSING
        store.accept(BSHM, "bshm.pb", bring(self.OTHER), "")
        assert store.path(BSHM).read_bytes() == self.OTHER
        assert store.pin(BSHM, "bshm.onnx") is None

    def test_what_was_made_of_the_graph_may_be_made_anew(self, store: Store, bring: Callable[[bytes], Path]) -> None:
        store.accept(BSHM, "bshm.onnx", bring(self.MADE), "")
        pin = store.accept(BSHM, "bshm.onnx", bring(self.OTHER), "", replacing=True)
        assert store.pin(BSHM, "bshm.onnx") == pin
        assert store.path(BSHM).read_bytes() == self.OTHER

    def test_where_the_onnx_file_is_damaged_the_graph_is_handed_out(
        self, store: Store, bring: Callable[[bytes], Path]
    ) -> None:
        store.accept(BSHM, "bshm.pb", bring(self.GRAPH), "")
        store.accept(BSHM, "bshm.onnx", bring(self.MADE), "")
        (store.folder / "bshm.onnx").write_bytes(b"damage")
        assert store.state(BSHM) is State.INSTALLED
        assert store.file_state(BSHM, "bshm.onnx") is State.DAMAGED
        assert store.path(BSHM) == store.folder / "bshm.pb"
        (store.folder / "bshm.pb").unlink()
        with pytest.raises(NetworkError, match="Run: bshm models convert bshm; or import it again"):
            store.path(BSHM)

    def test_what_cannot_be_read_is_said(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(NetworkError, match=r"bshm.pb: cannot be read: no such file"):
            store.accept(BSHM, "bshm.pb", tmp_path / "bshm.pb", "")

    def test_of_several_at_once_one_is_accepted_and_the_others_are_refused(self, store: Store, tmp_path: Path) -> None:
        files = [tmp_path / str(number) for number in range(8)]
        for file in files:
            file.write_bytes(file.name.encode() * 300_000)

        def accept(file: Path) -> str:
            try:
                return store.accept(BSHM, "bshm.pb", file, "").sha256
            except NetworkError as error:
                return error.what

        with ThreadPoolExecutor(len(files)) as pool:
            said = list(pool.map(accept, files))
        assert said.count("bshm: another file than the one that was accepted first") == len(files) - 1
        assert hashlib.sha256(store.path(BSHM).read_bytes()).hexdigest() in said
