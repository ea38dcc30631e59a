"""Which machines are asked for a picture, and which certificates are believed."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.links import fetch, is_public
from engine.settings import Links
from tests.daemon.addresses import HERE, JPEG, LIMITS, refused
from tests.daemon.server import Server, content, redirect, serving

# Every block of the IANA registries that leads to no single public host, and ways to write such addresses in IPv6.
NOT_PUBLIC = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1"),  # noqa: S104
    *("172.31.255.255", "192.168.1.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:7f00:1::", "2002:c0a8:101::1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo, for 192.0.2.45
]
PUBLIC = ["8.8.8.8", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


class TestPrivateAddresses:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0", "[::1]", "[::ffff:127.0.0.1]"]
    )
    def test_this_machine_is_not_asked(self, host: str, server: Server) -> None:
        said = refused(server.url("/a.jpg", host), Links())
        assert "must not be fetched" in said or "is not known" in said
        assert server.asked == []

    def test_the_sentence_says_what_to_do(self, server: Server) -> None:
        assert refused(server.url("/a.jpg"), Links()) == (
            f"http://127.0.0.1:{server.server_port}/a.jpg: must not be fetched: its host is 127.0.0.1, in a private "
            "network or on this machine. Set allow_private to true below links in the config if you trust such "
            "addresses."
        )

    @pytest.mark.parametrize("address", NOT_PUBLIC)
    def test_addresses_that_are_not_public(self, address: str) -> None:
        assert not is_public(ipaddress.ip_address(address))

    @pytest.mark.parametrize("address", PUBLIC)
    def test_addresses_that_are(self, address: str) -> None:
        assert is_public(ipaddress.ip_address(address))

    def test_a_redirect_to_one_is_not_followed(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """127.0.0.1 counts as public here, since no test has a public server."""
        monkeypatch.setattr("daemon.links.is_public", lambda address: str(address) == "127.0.0.1")
        with serving(address="127.0.0.2") as inside:
            inside.answers["/a.jpg"] = content(JPEG)
            server.answers["/1"] = redirect(inside.url("/a.jpg", "127.0.0.2"))
            assert "must not be fetched: its host is 127.0.0.2" in refused(server.url("/1"), Links())
            assert (len(server.asked), len(inside.asked)) == (1, 0)

    def test_a_host_is_asked_for_once_and_that_answer_is_used(
        self, server: Server, names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A second answer (DNS rebinding) would raise here, since there is none."""
        asked = names(photos_example=[["127.0.0.1"]])
        server.answers["/a.jpg"] = content(JPEG)
        monkeypatch.setattr("daemon.links.is_public", lambda _: True)
        assert fetch(server.url("/a.jpg", "photos.example"), LIMITS, Links()).data == JPEG
        assert asked == ["photos.example"]

    def test_of_a_hosts_addresses_only_public_ones_are_used(
        self, server: Server, names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names(photos_example=[["127.0.0.1", "127.0.0.2"]])
        monkeypatch.setattr("daemon.links.is_public", lambda address: str(address) == "127.0.0.2")
        assert "cannot be fetched" in refused(server.url("/a.jpg", "photos.example"), Links())
        assert server.asked == []


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        """A key and a certificate for photos.example, signed by itself."""
        if not shutil.which("openssl"):
            pytest.skip("openssl makes the certificate, and it is not here")
        file = tmp_path / "both.pem"
        name = "photos.example"
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -out cert.pem"
        more = ["-keyout", file.name, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
        subprocess.run([*command.split(), *more], cwd=tmp_path, check=True, capture_output=True)
        file.write_bytes(file.read_bytes() + (tmp_path / "cert.pem").read_bytes())
        return file

    def test_the_certificate_must_be_the_names(
        self, certificate: Path, names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("cert.pem")))
        names(photos_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
        with serving(certificate) as server:
            server.answers["/a.jpg"] = content(JPEG)
            good = server.url("/a.jpg", "photos.example", "https")
            assert fetch(good, LIMITS, HERE).data == JPEG
            for host in ("other.example", "127.0.0.1"):
                said = refused(server.url("/a.jpg", host, "https"))
                assert "certificate" in said.lower()

    def test_an_unknown_certificate_is_refused(self, certificate: Path, names: Callable[..., list[str]]) -> None:
        names(photos_example=[["127.0.0.1"]])
        with serving(certificate) as server:
            assert "certificate" in refused(server.url("/a.jpg", "photos.example", "https")).lower()
            assert server.asked == []
