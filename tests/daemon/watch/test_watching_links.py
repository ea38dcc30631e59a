"""Shortcuts to pictures in hot folders, fetched from a real web server."""

from __future__ import annotations

import json
import plistlib
from http.server import BaseHTTPRequestHandler

from tests.daemon.server import Answer, Server, content, redirect
from tests.daemon.watch.pictures import picture
from tests.daemon.watch.watching import QUICK, Watching
from tests.engine.server.live import until

TRUSTED = f"{QUICK}links:\n  allow_private: true\n"


def url_file(address: str) -> bytes:
    return f"[InternetShortcut]\r\nURL={address}\r\n".encode()


def late(answer: Answer, refusals: int) -> Answer:
    """503 so many times, then this answer."""
    left = refusals

    def turn(request: BaseHTTPRequestHandler) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            request.send_error(503)
        else:
            answer(request)

    return turn


def test_what_shortcuts_lead_to_is_cut_out_under_its_own_name(watch: Watching, server: Server) -> None:
    server.answers = {
        "/holiday.jpg": content(picture(1)),
        "/small.jpg?w=300": content(picture(2)),
        "/show?id=7": content(picture(3), Content_Disposition='attachment; filename="From the server.png"'),
        "/short": redirect("/caf%C3%A9.jpg"),
        "/caf%C3%A9.jpg": content(picture(4), kind="text/plain"),
    }
    watch.configure(TRUSTED, done="delete")
    desktop = f"[Desktop Entry]\nType=Link\nName=x\nURL={server.url('/small.jpg?w=300')}\n"
    watch.put(url_file(server.url("/holiday.jpg")), "link.url")
    watch.put(desktop.encode(), "sub/link.desktop")
    watch.put(plistlib.dumps({"URL": server.url("/show?id=7")}), "xml.webloc")
    watch.put(plistlib.dumps({"URL": server.url("/short")}, fmt=plistlib.FMT_BINARY), "Binary.WEBLOC")
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(60) == 0
    bases = ("holiday", "sub/small", "From the server", "café")
    assert sorted(path for path in watch.out.rglob("*.*")) == sorted(
        path for base in bases for path in watch.results(base)
    )
    report = json.loads(watch.results("sub/small")[2].read_bytes())
    assert report["input"]["uri"] == server.url("/small.jpg?w=300")
    assert any("thumbnail" in each and "w=300" in each for each in report["warnings"])
    assert "thumbnail" in watch.log
    assert not any("thumbnail" in each for each in json.loads(watch.results("holiday")[2].read_bytes())["warnings"])
    assert not [each for each in watch.dropped.rglob("*") if each.is_file()]


def test_bad_addresses_fail_with_their_reasons_and_retry_tries_them_again(watch: Watching, server: Server) -> None:
    server.answers = {"/page": content(b"<!doctype html><p>Hello", kind="text/html"), "/no.jpg": content(b"no picture")}
    watch.configure(TRUSTED)
    reasons = {
        "gone.url": (url_file(server.url("/gone.jpg")), "404"),
        "page.url": (url_file(server.url("/page")), "web page"),
        "no.url": (url_file(server.url("/no.jpg")), "picture"),
        "file.url": (url_file("file:///etc/passwd"), "only http and https"),
        "empty.url": (b"", "empty"),
        "run.desktop": (b"[Desktop Entry]\nType=Application\nExec=touch x\n", "type Application"),
    }
    for name, (data, _) in reasons.items():
        watch.put(data, name)
    watch.start()
    watch.until(
        *(watch.failed / each for name in reasons if name != "empty.url" for each in (name, f"{name}.error.txt"))
    )
    for name, (data, word) in reasons.items():
        if name != "empty.url":  # which may still get its content
            assert word in (watch.failed / f"{name}.error.txt").read_text(encoding="utf-8")
            assert (watch.failed / name).read_bytes() == data
    assert not any(watch.out.iterdir())

    server.answers["/gone.jpg"] = content(picture())
    assert watch.run("retry", watch.failed / "gone.url").returncode == 0
    watch.until(*watch.results("gone"))
    assert watch.stop() == 0
    assert not (watch.failed / "gone.url").exists()
    assert not (watch.failed / "gone.url.error.txt").exists()


def test_a_server_that_is_away_is_asked_again_later_or_when_somebody_wants_it(watch: Watching, server: Server) -> None:
    server.answers = {"/a.jpg": late(content(picture()), 1)}
    watch.configure(TRUSTED)
    watch.start()
    watch.put(url_file(server.url("/a.jpg")), "a.url")
    watch.put(picture(1), "other.jpg")
    watch.until_said("503 Service Unavailable")
    watch.until(*watch.results("other"))
    (waits,) = (each for each in watch.jobs() if each["file"]["name"] == "a.url")
    assert waits["state"] == "waiting"
    assert "503" in waits["error"]["why"]
    assert b"a.url: is tried again now" in watch.run("retry").stdout
    watch.until(*watch.results("a"))
    (done,) = (each for each in watch.jobs() if each["file"]["name"] == "a.url" and each["state"] == "done")
    assert done["ended"] < waits["next_try"]
    assert done["attempts"] == len(server.asked) == 2
    assert watch.stop() == 0
    assert not watch.failed.exists()


def test_this_machine_and_private_networks_are_not_asked_by_default(watch: Watching, server: Server) -> None:
    server.answers = {"/a.jpg": content(picture())}
    watch.put(url_file(server.url("/a.jpg")), "a.url")
    watch.put(url_file(server.url("/a.jpg", host="localhost")), "b.url")
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(60) == 1
    for name in ("a.url", "b.url"):
        assert "private network" in (watch.failed / f"{name}.error.txt").read_text(encoding="utf-8")
    until(lambda: server.asked == [])
