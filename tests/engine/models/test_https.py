"""A download arrives whole and as pinned, or fails with a sentence, whatever the server does."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DownloadError
from engine.models.https import Patience, download
from engine.models.sources import Member
from tests.engine.models.making import CONTENT, member
from tests.engine.models.server import Answer, Handler, Server, Tls, ranged, silent, status, whole

MEMBER = member("a/small.onnx", CONTENT)
HASTY = Patience(attempts=3, pause=0.001, timeout=10)
OTHER = CONTENT[:-1] + b"?"


class Steps:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int | None, int | None]] = []

    def __call__(self, words: str, done: int | None, total: int | None, /) -> None:
        self.told.append((words, done, total))


def fetch(server: Server, folder: Path) -> Path:
    return download(f"{server.url}/small.onnx", MEMBER, folder, Steps(), HASTY)


def failure(folder: Path, *answers: Answer) -> str:
    with Server(*answers) as server, pytest.raises(DownloadError) as caught:
        fetch(server, folder)
    return str(caught.value)


def unfinished(folder: Path) -> list[int]:
    return [each.stat().st_size for each in folder.glob("*.part")]


def test_a_file_arrives_and_progress_is_told(tmp_path: Path) -> None:
    steps = Steps()
    with Server(whole(CONTENT)) as server:
        file = download(f"{server.url}/small.onnx", MEMBER, tmp_path / "new" / "folder", steps, HASTY)
    assert file.read_bytes() == CONTENT
    assert steps.told[-1] == ("fetching 127.0.0.1: small.onnx", len(CONTENT), len(CONTENT))
    assert unfinished(tmp_path) == []


def test_after_a_cut_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with Server(ranged(CONTENT, until=1000), ranged(CONTENT, until=20_000), ranged(CONTENT)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT
        assert [each.get("Range") for each in server.requests] == [None, "bytes=1000-", "bytes=20000-"]


def test_cuts_that_bring_something_each_time_never_exhaust_the_patience(tmp_path: Path) -> None:
    cuts = [ranged(CONTENT, until=position) for position in range(2000, len(CONTENT), 2000)]
    assert len(cuts) > HASTY.attempts
    with Server(*cuts, ranged(CONTENT)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_later_call_goes_on_with_what_an_earlier_one_left(tmp_path: Path) -> None:
    assert "3 times in a row" in failure(tmp_path, ranged(CONTENT, until=7000))
    assert unfinished(tmp_path) == [7000]
    with Server(ranged(CONTENT)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT
        assert server.requests[0]["Range"] == "bytes=7000-"


def test_a_server_without_ranges_is_asked_for_the_whole(tmp_path: Path) -> None:
    with Server(ranged(CONTENT, until=1000), whole(CONTENT)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_server_without_ranges_that_always_cuts_is_given_up(tmp_path: Path) -> None:
    def cut(handler: Handler) -> None:
        handler.reply(200, {"Content-Length": str(len(CONTENT))}, CONTENT[:1000])

    assert "3 times in a row" in failure(tmp_path, cut)


@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * len(CONTENT), CONTENT + b"too long"])
def test_what_an_earlier_call_left_of_another_file_is_thrown_away(tmp_path: Path, left: bytes) -> None:
    (tmp_path / f"{MEMBER.sha256}.part").write_bytes(left)
    with Server(ranged(CONTENT)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_complete_file_that_was_left_needs_no_server(tmp_path: Path) -> None:
    (tmp_path / f"{MEMBER.sha256}.part").write_bytes(CONTENT)
    assert download("http://127.0.0.1:9/", MEMBER, tmp_path, Steps(), HASTY).read_bytes() == CONTENT


def test_a_range_that_the_server_cannot_give_starts_anew(tmp_path: Path) -> None:
    (tmp_path / f"{MEMBER.sha256}.part").write_bytes(CONTENT[:1000])
    with Server(status(416), ranged(CONTENT)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT
        assert "Range" not in server.requests[1]


def test_a_range_that_was_not_asked_for_is_not_appended(tmp_path: Path) -> None:
    def elsewhere(handler: Handler) -> None:
        handler.reply(206, {"Content-Range": f"bytes 5-9/{len(CONTENT)}", "Content-Length": "5"}, b"wrong")

    (tmp_path / f"{MEMBER.sha256}.part").write_bytes(CONTENT[:1000])
    with Server(elsewhere, ranged(CONTENT)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("number", [429, 500, 503])
def test_a_failure_that_passes_is_waited_for(tmp_path: Path, number: int) -> None:
    with Server(status(number), status(number), whole(CONTENT)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_failure_that_stays_is_said(tmp_path: Path) -> None:
    assert "answers 503 Service Unavailable" in failure(tmp_path, status(503))


@pytest.mark.parametrize(("number", "words"), [(404, "404 Not Found"), (403, "403 Forbidden"), (407, "407 Proxy")])
def test_a_refusal_is_final(tmp_path: Path, number: int, words: str) -> None:
    with Server(status(number)) as server:
        with pytest.raises(DownloadError, match=words):
            fetch(server, tmp_path)
        assert len(server.requests) == 1


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    hastier = Patience(attempts=2, pause=0.001, timeout=0.1)
    with Server(silent) as server, pytest.raises(DownloadError, match="2 times in a row: timed out"):
        download(server.url, MEMBER, tmp_path, Steps(), hastier)


def test_no_server_at_all_is_said(tmp_path: Path) -> None:
    with Server(whole(CONTENT)) as server:
        address = server.url
    with pytest.raises(DownloadError, match=r"3 times in a row: .*refused"):
        download(address, MEMBER, tmp_path, Steps(), HASTY)


def test_a_web_page_instead_of_the_file_is_said(tmp_path: Path) -> None:
    page = b"<html>Please sign in</html>"
    assert "web page came instead" in failure(tmp_path, whole(page, "text/html; charset=utf-8"))
    assert unfinished(tmp_path) == []


def test_another_length_is_refused_before_it_is_read(tmp_path: Path) -> None:
    assert f"{len(CONTENT) + 1} bytes instead of {len(CONTENT)}" in failure(tmp_path, whole(CONTENT + b"!"))
    assert unfinished(tmp_path) == []


def test_a_file_without_an_end_is_refused(tmp_path: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.reply(200, {"Connection": "close"}, CONTENT * 3)

    assert f"more than {len(CONTENT)} bytes" in failure(tmp_path, endless)
    assert unfinished(tmp_path) == []


def test_another_file_of_the_same_length_is_refused_and_not_kept(tmp_path: Path) -> None:
    assert "SHA-256 is another" in failure(tmp_path, whole(OTHER))
    assert list(tmp_path.iterdir()) == []


def test_redirects_are_followed(tmp_path: Path) -> None:
    with Server(status(302, Location="/elsewhere"), status(307, Location="again?x=1"), whole(CONTENT)) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT
        assert server.paths == ["/small.onnx", "/elsewhere", "/again?x=1"]


def test_redirects_in_a_circle_end(tmp_path: Path) -> None:
    assert "more than 5 redirects" in failure(tmp_path, status(302, Location="/small.onnx"))


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/file", "file:///etc/passwd", ""])
def test_redirects_to_other_kinds_of_addresses_are_not_followed(tmp_path: Path, location: str) -> None:
    assert "redirects to an address that is not followed" in failure(tmp_path, status(302, Location=location))


def test_a_redirect_leads_from_https_to_https_alone(tls: Tls, tmp_path: Path) -> None:
    with Server(whole(CONTENT)) as plain, tls.serve(status(302, Location=plain.url)) as server:
        with pytest.raises(DownloadError, match="not followed"):
            fetch(server, tmp_path)
        assert plain.requests == []
    with tls.serve(whole(CONTENT)) as other, tls.serve(status(302, Location=f"{other.url}/x")) as server:
        assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_certificate_that_is_not_trusted_is_refused(certificate: Tls, tmp_path: Path) -> None:
    with certificate.serve(whole(CONTENT)) as server, pytest.raises(DownloadError, match="certificate verify failed"):
        fetch(server, tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadError, match="cannot be written"):
        download("http://127.0.0.1:9/", MEMBER, tmp_path / "file" / "folder", Steps(), HASTY)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_said(tmp_path: Path) -> None:
    (tmp_path / f"{MEMBER.sha256}.part").symlink_to("/dev/full")
    assert "no space left on device" in failure(tmp_path, whole(CONTENT))


def test_proxy_settings_that_make_no_sense_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://127.0.0.1:9")
    with pytest.raises(DownloadError, match="proxy settings"):
        download("https://a.example/1", Member("x", "0" * 64, 1), tmp_path, Steps(), HASTY)
