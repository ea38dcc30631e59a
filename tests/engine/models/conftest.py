"""pip and npm as the tests set them up: they reach a folder and a server of the test's own, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.models.making import let_pip_know_only
from tests.engine.models.server import Handler, Server, Tls, make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """One that nobody trusts yet."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl program to make a certificate with")
    return make_certificate(tmp_path_factory.mktemp("tls") / "both.pem")


@pytest.fixture
def tls(certificate: Tls, monkeypatch: pytest.MonkeyPatch) -> Tls:
    """One that is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    return certificate


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is all that pip knows."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    let_pip_know_only(folder, monkeypatch)
    return folder


@pytest.fixture
def unreachable_index(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip knows an index to which there is no connection."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")


@pytest.fixture
def npm_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """npm as it is on this machine, with a registry to which there is no connection."""
    if not shutil.which("npm"):
        pytest.skip("this machine has no npm")
    monkeypatch.setenv("npm_config_userconfig", str(tmp_path / "npmrc"))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_update_notifier", "false")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")


@pytest.fixture
def npm_registry(npm_settings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A registry with one package, @tests/small-network 1.0.0, whose archive is the file small.tgz of `tmp_path`."""

    def answer(handler: Handler) -> None:
        archive = (tmp_path / "small.tgz").read_bytes()
        if handler.path.endswith(".tgz"):
            handler.reply(200, {"Content-Length": str(len(archive))}, archive)
            return
        name = "@tests/small-network"
        integrity = f"sha512-{base64.b64encode(hashlib.sha512(archive).digest()).decode()}"
        version = {
            "name": name,
            "version": "1.0.0",
            "dist": {"tarball": f"{handler.server.url}/small.tgz", "integrity": integrity},
        }
        about = {"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
        body = json.dumps(about).encode()
        handler.reply(200, {"Content-Length": str(len(body)), "Content-Type": "application/json"}, body)

    with Server(answer) as server:
        monkeypatch.setenv("npm_config_registry", server.url)
        yield server
