"""BSHM, which nobody pins: fetched from servers of all kinds, tried, pinned, and never replaced unasked."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from engine.errors import BshmError, DeviceError, NetworkError, UsageError
from engine.models.brought import convert_brought, import_brought
from engine.models.catalogue import NETWORKS
from engine.models.pins import Pin
from engine.models.progress import Progress
from engine.models.pull import Pulled, pull
from engine.models.store import State, Store
from engine.models.unpinned import download_unpinned
from engine.settings import Settings, Tf1
from tests.engine.models.server import Server, Tls, marked, status, whole
from tests.engine.models.test_contract import GRAPH, export, field
from tests.engine.models.test_converting import UNKNOWN
from tests.engine.models.test_https import HASTY, Steps

BSHM = NETWORKS["bshm"]
ADDRESS = "/api/v1/models/iic/cv_unet_image-matting/repo?Revision=master&FilePath=tf_graph.pb"
ONE_NODE_MORE = field(1, field(1, b"more") + field(2, b"NoOp"))
NO_PYTHON = "/nonexistent/python"

Pull = Callable[[Server], Pulled]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "networks")


@pytest.fixture
def settings(tensorflow_1: Path) -> Settings:
    """With a Python that has TensorFlow 1.15.5."""
    return Settings(tf1=Tf1(str(tensorflow_1)))


@pytest.fixture
def pulling(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Server, str], Pulled]:
    """Pulls bshm from a server in the place of its authors', with a Python."""
    monkeypatch.setattr("engine.models.brought.download_unpinned", partial(download_unpinned, patience=HASTY))

    def run(server: Server, python: str) -> Pulled:
        mirrors = (f"https://www.modelscope.cn={server.url}",)
        (result,) = pull([BSHM], store, tmp_path / "cache", Steps(), Settings(tf1=Tf1(python), mirrors=mirrors))
        return result

    return run


@pytest.fixture
def pull_bshm(pulling: Callable[[Server, str], Pulled], tensorflow_1: Path) -> Pull:
    return lambda server: pulling(server, str(tensorflow_1))


@pytest.fixture
def without_tensorflow_1(tensorflow_1: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that is thrown away afterwards takes minutes to make: TensorFlow 1.15.5's is in its place."""

    @contextmanager
    def thrown_away(_settings: Settings, _progress: Progress) -> Iterator[tuple[Path, bool]]:
        yield tensorflow_1, True

    monkeypatch.setattr("engine.models.brought.python_with_tensorflow", thrown_away)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def failure(result: Pulled) -> BshmError:
    assert result.error
    assert not result.fetched
    return result.error


class TestPull:
    def test_it_comes_through_all_that_goes_wrong_on_the_way(
        self, stand_in: Path, tls: Tls, store: Store, tmp_path: Path, pull_bshm: Pull
    ) -> None:
        graph = stand_in.read_bytes()
        cut = marked(graph, until=10_000_000)
        with tls.serve(status(302, Location="/file"), cut, status(503), marked(graph)) as server:
            result = pull_bshm(server)
            assert server.paths == [ADDRESS, "/file", ADDRESS, ADDRESS]
            assert server.requests[-1]["Range"] == "bytes=10000000-"
        (accepted,) = result.accepted
        assert (accepted.file, accepted.pin) == ("bshm.pb", Pin(sha256(graph), len(graph), f"{server.url}{ADDRESS}"))
        assert store.pin(BSHM, "bshm.pb") == accepted.pin
        assert store.path(BSHM).read_bytes() == graph
        assert [each.name for each in (tmp_path / "cache").iterdir()] == ["lock"]

    def test_what_is_there_is_not_fetched_again(self, stand_in: Path, tls: Tls, store: Store, pull_bshm: Pull) -> None:
        store.accept(BSHM, "bshm.pb", stand_in, "")
        with tls.serve(status(404)) as server:
            assert pull_bshm(server) == Pulled(BSHM, fetched=False)
            assert server.requests == []

    @pytest.mark.parametrize(
        ("content", "kind", "words"),
        [
            (b"<html>Sign in</html>", "text/html", "a web page came instead of the file"),
            (b"<html>Sign in</html>", "application/octet-stream", "it begins with '<html>Sign in</html>'"),
            (b'{"Code":10010205001}', "application/json", "it begins with '{\"Code\":10010205001}'"),
            (GRAPH[:-60], "application/octet-stream", "no TensorFlow graph, or not all of it: it ends "),
            (ONE_NODE_MORE, "application/octet-stream", "none is called input_image or output_png"),
            (GRAPH, "application/octet-stream", "what came is refused: "),  # looks like one; TensorFlow cannot read it
        ],
    )
    def test_what_is_no_graph_of_its_kind_is_refused_and_not_kept(
        self, tls: Tls, store: Store, tmp_path: Path, pull_bshm: Pull, content: bytes, kind: str, words: str
    ) -> None:
        with tls.serve(whole(content, kind)) as server:
            error = failure(pull_bshm(server))
            assert isinstance(error, NetworkError)
            assert words in str(error)
            assert f"{server.url}{ADDRESS}" in str(error)
        assert store.state(BSHM) is State.MISSING
        assert not (store.folder / "pins.json").exists()
        assert list((tmp_path / "cache/downloads").iterdir()) == []

    def test_another_graph_than_the_first_is_refused_until_the_first_is_removed(
        self,
        stand_in: Path,
        tls: Tls,
        store: Store,
        pull_bshm: Pull,
        pulling: Callable[[Server, str], Pulled],
    ) -> None:
        first = stand_in.read_bytes()
        other = first + ONE_NODE_MORE
        store.accept(BSHM, "bshm.pb", stand_in, "the first address")
        (store.folder / "bshm.pb").unlink()
        with tls.serve(whole(other)) as server:
            said = str(failure(pulling(server, NO_PYTHON)))  # nothing runs it
            assert f"its SHA-256 is {sha256(other)}; that of the first address was {sha256(first)}" in said
            assert "If you trust the new one, run: bshm models remove bshm; and then this again." in said
            assert store.state(BSHM) is State.MISSING
            store.remove(BSHM)
            assert pull_bshm(server).accepted[0].pin.sha256 == sha256(other)

    def test_a_graph_that_nothing_here_can_try_is_kept_for_the_next_time(
        self,
        stand_in: Path,
        tls: Tls,
        store: Store,
        tensorflow_1: Path,
        pulling: Callable[[Server, str], Pulled],
    ) -> None:
        with tls.serve(whole(stand_in.read_bytes())) as server:
            error = failure(pulling(server, NO_PYTHON))
            assert isinstance(error, DeviceError)
            assert NO_PYTHON in str(error)
            assert store.state(BSHM) is State.MISSING
            assert pulling(server, str(tensorflow_1)).fetched
            assert len(server.requests) == 1

    @pytest.mark.usefixtures("without_tensorflow_1")
    def test_where_there_is_no_tensorflow_1_it_is_converted_at_once(
        self, stand_in: Path, tls: Tls, store: Store, tmp_path: Path, pull_bshm: Pull
    ) -> None:
        import_brought(BSHM, export(tmp_path / "before.onnx"), store, Settings(), Steps())
        store.path(BSHM).write_bytes(b"damage")
        with tls.serve(whole(stand_in.read_bytes())) as server:
            graph, converted = pull_bshm(server).accepted
        assert (graph.file, converted.file) == ("bshm.pb", "bshm.onnx")
        assert converted.pin.source == f"converted from the graph {graph.pin.sha256}"
        assert store.path(BSHM) == store.folder / "bshm.onnx"
        assert sha256(store.path(BSHM).read_bytes()) == converted.pin.sha256

    @pytest.mark.usefixtures("without_tensorflow_1")
    def test_a_graph_that_cannot_be_converted_is_not_taken_where_nothing_else_could_run_it(
        self, tensorflow_1: Path, tls: Tls, store: Store, tmp_path: Path, pull_bshm: Pull
    ) -> None:
        command = [str(tensorflow_1), "-W", "ignore", "-c", UNKNOWN, str(tmp_path), "unknown.pb"]
        subprocess.run(command, check=True, capture_output=True)
        with tls.serve(whole((tmp_path / "unknown.pb").read_bytes())) as server:
            said = str(failure(pull_bshm(server)))
        assert "what came is refused: bshm: " in said
        assert "BesselI0e" in said
        assert store.state(BSHM) is State.MISSING
        assert store.pin(BSHM, "bshm.pb") is None

    def test_a_failure_says_how_to_bring_it_otherwise(self, tls: Tls, pull_bshm: Pull) -> None:
        with tls.serve(status(403)) as server:
            said = str(failure(pull_bshm(server)))
        assert said.startswith(f"bshm: the network could not be fetched: {server.url}{ADDRESS}: the server answers 403")
        assert said.endswith("or fetch the file in another way and run: bshm models import bshm FILE.")


class TestImport:
    def test_a_graph(self, stand_in: Path, store: Store, settings: Settings, tmp_path: Path) -> None:
        file = tmp_path / os.fsdecode(b"caf\xe9 \xe5\x9b\xbe.pb")
        file.symlink_to(stand_in)
        (accepted,) = import_brought(BSHM, file, store, settings, Steps())
        assert (accepted.file, accepted.pin.source) == ("bshm.pb", str(file))
        assert store.path(BSHM).read_bytes() == stand_in.read_bytes()
        assert Store(store.folder).pin(BSHM, "bshm.pb") == accepted.pin

    def test_an_onnx_export_which_needs_no_tensorflow(self, store: Store, tmp_path: Path) -> None:
        file = export(tmp_path / "Export.ONNX")
        (accepted,) = import_brought(BSHM, file, store, Settings(tf1=Tf1(NO_PYTHON)), Steps())
        assert accepted.file == "bshm.onnx"
        assert store.path(BSHM).read_bytes() == file.read_bytes()

    def test_too_little_memory_to_try_it_is_said(self, stand_in: Path, store: Store, settings: Settings) -> None:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))  # of memory that is shared with TensorFlow too
        try:
            with pytest.raises(DeviceError, match=r"bshm: there is too little memory to try it: .* of shared memory"):
                import_brought(BSHM, stand_in, store, settings, Steps())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert store.state(BSHM) is State.MISSING

    @pytest.mark.parametrize("name", ["x.pb", "x.onnx", "x"])
    @pytest.mark.parametrize("content", [b"", b"\x00", b"\x89PNG\r\n\x1a\n", GRAPH], ids=["no", "zero", "png", "nodes"])
    def test_other_bytes_are_refused_under_any_name(
        self, store: Store, settings: Settings, tmp_path: Path, name: str, content: bytes
    ) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(NetworkError) as refused:
            import_brought(BSHM, tmp_path / name, store, settings, Steps())
        assert str(tmp_path / name) in refused.value.what
        assert store.state(BSHM) is State.MISSING

    @pytest.mark.parametrize("name", ["", "missing.pb", "missing.onnx"])
    def test_what_is_no_file_is_said(self, store: Store, tmp_path: Path, name: str) -> None:
        with pytest.raises(NetworkError, match=r"cannot be read: (is a directory|no such file)"):
            import_brought(BSHM, tmp_path / name, store, Settings(), Steps())

    def test_another_export_than_the_first_is_refused(self, store: Store, tmp_path: Path) -> None:
        import_brought(BSHM, export(tmp_path / "a.onnx"), store, Settings(), Steps())
        other = export(tmp_path / "b.onnx")
        other.write_bytes(other.read_bytes() + b"\x12\x01b")  # the producer's name
        with pytest.raises(NetworkError, match="another file than the one that was accepted first"):
            import_brought(BSHM, other, store, Settings(), Steps())


class TestConvert:
    def test_nothing_is_done_where_it_was_done(self, store: Store, tmp_path: Path) -> None:
        store.accept(BSHM, "bshm.onnx", export(tmp_path / "a.onnx"), "")
        assert convert_brought(BSHM, store, Settings(), Steps()) == ()

    def test_without_a_graph_it_is_said_where_to_get_one(self, store: Store) -> None:
        with pytest.raises(NetworkError, match=r"bshm: its graph is missing: .*Run: bshm models pull bshm"):
            convert_brought(BSHM, store, Settings(), Steps())

    def test_a_damaged_graph_is_not_converted(self, store: Store, stand_in: Path) -> None:
        store.accept(BSHM, "bshm.pb", stand_in, "")
        with (store.folder / "bshm.pb").open("ab") as stream:
            stream.write(ONE_NODE_MORE)
        with pytest.raises(NetworkError, match="bshm: its graph is damaged"):
            convert_brought(BSHM, store, Settings(), Steps())

    def test_other_networks_have_nothing_to_convert(self, store: Store) -> None:
        with pytest.raises(UsageError, match="rvm needs no conversion"):
            convert_brought(NETWORKS["rvm"], store, Settings(), Steps())
