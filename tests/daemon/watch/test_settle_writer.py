"""Who has a file open for writing, asked while real processes have."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daemon.watch.settle import writer_of
from tests.daemon.watch.hot import environment, reachable_folder, with_rights


def test_nobody_writes_a_file_that_is_closed_or_only_read(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.jpg")
    path.write_bytes(b"content")
    assert writer_of(path) == "nobody"
    with path.open("rb"):
        assert writer_of(path) == "nobody"


def test_somebody_does_as_long_as_a_process_has_it_open_for_writing(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"content")
    command = [sys.executable, "-c", f"f = open({str(path)!r}, 'ab'); print('open', flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin
        assert writer.stdout
        writer.stdout.readline()
        assert writer_of(path) == "somebody"
        writer.stdin.write(b"\n")
    assert writer_of(path) == "nobody"


def test_somebody_does_through_a_mapping_after_the_file_was_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(4096))
    with path.open("r+b") as stream:
        mapping = mmap.mmap(stream.fileno(), 4096)
    assert writer_of(path) == "somebody"
    mapping.close()
    assert writer_of(path) == "nobody"


def test_a_link_is_asked_for_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"content")
    (tmp_path / "b.jpg").symlink_to("a.jpg")
    with (tmp_path / "a.jpg").open("ab"):
        assert writer_of(tmp_path / "b.jpg") == "somebody"
    assert writer_of(tmp_path / "b.jpg") == "nobody"


def test_it_is_not_known_of_what_cannot_be_opened_or_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert [writer_of(tmp_path / each) for each in ("none", "pipe", ".")] == ["unknown"] * 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that is another user's")
def test_it_is_not_known_of_another_users_file() -> None:
    with reachable_folder() as folder:
        path = folder.watch / "a.jpg"
        path.write_bytes(b"content")
        with with_rights(path, 0o644):
            assert writer_of(path) == "unknown"
        with with_rights(path, 0o000):
            assert writer_of(path) == "unknown"


def test_nobody_who_opens_the_file_meanwhile_is_disturbed_nor_disturbs(tmp_path: Path) -> None:
    """A lease that is wanted back is told by a signal, which must not end this program."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"content")
    asking = f"""
import pathlib
from daemon.watch.settle import writer_of
seen = set()
print("ready", flush=True)
for _ in range(100_000):
    seen.add(writer_of(pathlib.Path({str(path)!r})))
    if len(seen) == 2 and _ > 20_000:
        break
print(*sorted(seen))
"""
    command = [sys.executable, "-c", asking]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        longest = 0.0
        while process.poll() is None:
            started = time.monotonic()
            with path.open("ab"):
                longest = max(longest, time.monotonic() - started)
        assert (process.returncode, process.stdout.read(), process.stderr.read()) == (0, "nobody somebody\n", "")
    assert longest < 5  # the kernel would take a lease back after 45 seconds (proc_sys_fs(5), lease-break-time)
