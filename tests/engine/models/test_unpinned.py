"""A file of which nothing is known before: whole as far as the server tells, and never two glued together."""

from __future__ import annotations

import hashlib
from pathlib import Path
from time import sleep

import pytest

from engine.errors import DownloadError
from engine.models.https import Patience
from engine.models.unpinned import download_unpinned
from tests.engine.models.server import Answer, Handler, Server, marked, silent, status, whole
from tests.engine.models.test_https import HASTY, Steps

CONTENT = bytes(range(256)) * 400
DATE = "Mon, 06 Jul 2020 08:12:31 GMT"
OTHER = CONTENT[::-1] + b"more"


def heedless(content: bytes, mark: str | None) -> Answer:
    """The part that was asked for, of whatever file there is now. mark: its ETag, where it says one."""

    def answer(handler: Handler) -> None:
        start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        headers = {"Content-Length": str(len(content) - start), **({"ETag": mark} if mark else {})}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.reply(206 if start else 200, headers, content[start:])

    return answer


def sparing(headers: dict[str, str]) -> Answer:
    """30000 bytes at a time of what was asked for."""

    def answer(handler: Handler) -> None:
        start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        part = CONTENT[start : start + 30_000]
        said = f"bytes {start}-{start + len(part) - 1}/{len(CONTENT)}"
        handler.reply(206, {**headers, "Content-Length": str(len(part)), "Content-Range": said}, part)

    return answer


def dripping(handler: Handler) -> None:
    """All of it, in pieces, in more time than a client waits for one of them."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CONTENT)))
    handler.end_headers()
    for start in range(0, len(CONTENT), len(CONTENT) // 8):
        handler.wfile.write(CONTENT[start : start + len(CONTENT) // 8])
        handler.wfile.flush()
        sleep(0.1)


def endless(handler: Handler) -> None:
    """Without a length; as much as the client takes."""
    handler.reply(200, {}, CONTENT * 10)


def fetch(server: Server, folder: Path, patience: Patience = HASTY, largest: int = 10**6) -> bytes:
    return download_unpinned(f"{server.url}/tf_graph.pb", folder, Steps(), patience, largest).read_bytes()


def failure(folder: Path, *answers: Answer, patience: Patience = HASTY) -> str:
    with Server(*answers) as server, pytest.raises(DownloadError) as caught:
        fetch(server, folder, patience)
    return str(caught.value)


def test_a_file_arrives_and_nothing_is_left_over(tmp_path: Path) -> None:
    with Server(marked(CONTENT)) as server:
        assert fetch(server, tmp_path / "new") == CONTENT
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_after_a_cut_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with Server(marked(CONTENT, until=1000), marked(CONTENT, until=50_000), marked(CONTENT)) as server:
        assert fetch(server, tmp_path) == CONTENT
        assert [each.get("Range") for each in server.requests] == [None, "bytes=1000-", "bytes=50000-"]


def test_a_later_call_goes_on_too(tmp_path: Path) -> None:
    once = Patience(attempts=1, pause=0)
    with Server(marked(CONTENT, until=1000), status(503), marked(CONTENT)) as server:
        with pytest.raises(DownloadError):
            fetch(server, tmp_path, once)
        assert fetch(server, tmp_path, once) == CONTENT
        assert server.requests[-1]["Range"] == "bytes=1000-"


@pytest.mark.parametrize(
    ("name", "before", "now"), [("ETag", '"1"', '"2"'), ("Last-Modified", DATE, DATE.replace("2020", "2021"))]
)
def test_a_file_that_changed_meanwhile_is_fetched_whole(tmp_path: Path, name: str, before: str, now: str) -> None:
    with Server(marked(CONTENT, before, 1000, name), marked(OTHER, now, None, name)) as server:
        assert fetch(server, tmp_path) == OTHER


@pytest.mark.parametrize(("other", "mark"), [(OTHER, '"2"'), (CONTENT[::-1], '"2"'), (OTHER, None)])
def test_a_server_that_does_not_look_at_what_it_is_asked_of_glues_no_two_files(
    tmp_path: Path, other: bytes, mark: str | None
) -> None:
    with Server(marked(CONTENT, until=1000), heedless(other, mark)) as server:
        assert fetch(server, tmp_path) == other
        assert [each.get("Range") for each in server.requests] == [None, "bytes=1000-", None]


@pytest.mark.parametrize("said", [{"ETag": '"1"'}, {"Last-Modified": DATE}, {}], ids=["tag", "date", "neither"])
def test_a_server_that_gives_less_than_it_is_asked_for_is_asked_again(tmp_path: Path, said: dict[str, str]) -> None:
    name, mark = next(iter(said.items()), ("Last-Modified", DATE))  # a part need not repeat the date
    with Server(marked(CONTENT, mark, 1000, name), sparing(said)) as server:
        assert fetch(server, tmp_path) == CONTENT
        assert [each.get("Range") for each in server.requests][:3] == [None, "bytes=1000-", "bytes=31000-"]


def test_what_the_server_cannot_go_on_with_is_fetched_anew(tmp_path: Path) -> None:
    with Server(marked(CONTENT, until=1000), status(416), marked(CONTENT)) as server:
        assert fetch(server, tmp_path) == CONTENT
        assert [each.get("Range") for each in server.requests] == [None, "bytes=1000-", None]


def test_a_slow_server_is_waited_for(tmp_path: Path) -> None:
    with Server(dripping) as server:
        assert fetch(server, tmp_path, Patience(1, 0, 0.5)) == CONTENT


@pytest.mark.parametrize(("mark", "name"), [('W/"1"', "ETag"), ("", "X-Nothing")])
def test_without_a_sure_mark_the_file_comes_anew(tmp_path: Path, mark: str, name: str) -> None:
    with Server(marked(CONTENT, mark, 1000, name), marked(CONTENT, mark, None, name)) as server:
        assert fetch(server, tmp_path) == CONTENT
        assert [each.get("Range") for each in server.requests] == [None, None]


def test_a_server_that_says_nothing_of_the_length_is_taken_at_its_word(tmp_path: Path) -> None:
    with Server(lambda handler: handler.reply(200, {}, CONTENT)) as server:
        assert fetch(server, tmp_path) == CONTENT


def test_a_server_that_lies_about_the_length_is_given_up(tmp_path: Path) -> None:
    def lies(handler: Handler) -> None:
        handler.reply(200, {"Content-Length": str(len(CONTENT) + 1)}, CONTENT)

    assert "the download failed 3 times in a row" in failure(tmp_path, lies)


def test_what_is_announced_as_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    huge = "2000000"
    said = failure(tmp_path, lambda handler: handler.reply(200, {"Content-Length": huge}))
    assert "not the file that was meant: it has more than 1000000 bytes" in said


def test_what_has_no_end_is_refused_and_not_kept(tmp_path: Path) -> None:
    assert "it has more than 1000000 bytes" in failure(tmp_path, endless)
    assert list(tmp_path.glob("*.part")) == []


def test_a_web_page_instead_of_the_file_is_said(tmp_path: Path) -> None:
    assert "a web page came instead of the file" in failure(tmp_path, whole(b"<html>", "text/html; charset=utf-8"))


def test_an_empty_file_is_none(tmp_path: Path) -> None:
    assert "the server sent an empty file" in failure(tmp_path, whole(b""))


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    assert "the download failed 1 times in a row" in failure(tmp_path, silent, patience=Patience(1, 0, 0.2))


@pytest.mark.parametrize("number", [403, 404, 410])
def test_a_refusal_is_final(tmp_path: Path, number: int) -> None:
    assert f"the server answers {number}" in failure(tmp_path, status(number))


def test_redirects_are_followed(tmp_path: Path) -> None:
    with Server(status(302, Location="/elsewhere"), marked(CONTENT)) as server:
        assert fetch(server, tmp_path) == CONTENT
        assert server.paths == ["/tf_graph.pb", "/elsewhere"]


def test_what_a_killed_process_left_without_its_mark_is_not_gone_on_with(tmp_path: Path) -> None:
    with Server(marked(CONTENT, until=1000), status(404)) as server, pytest.raises(DownloadError):
        fetch(server, tmp_path)
    for beside in tmp_path.glob("*.json"):
        beside.write_text("{")
    with Server(marked(OTHER)) as server:
        for part in tmp_path.glob("*.part"):  # the name is made of the address, which has this server's port in it
            url = f"{server.url}/tf_graph.pb"
            part.rename(tmp_path / f"{hashlib.sha256(url.encode()).hexdigest()}.part")
        assert fetch(server, tmp_path) == OTHER
        assert "Range" not in server.requests[0]
