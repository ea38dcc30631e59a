"""What stands in the way of a plug-in folder, and what killed runs left in one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from daemon.gimp.installing import NAME, Installation, put, take_away
from engine.errors import OutputError

WANTED = Installation("1.2.3", ("/opt/bshm",), None)


def dead_link(place: Path) -> None:
    place.symlink_to("nowhere")


def file(place: Path) -> None:
    place.write_text("mine")


@pytest.mark.parametrize(("make", "why"), [(dead_link, "a link that leads nowhere"), (file, "no folder")])
def test_a_plug_in_folder_that_is_none_is_called_by_its_name(
    source: Path, plug_ins: Path, make: Callable[[Path], None], why: str
) -> None:
    make(plug_ins)
    sentence = f"{plug_ins}: no plug-in can be put there: it is {why}. Move it away, then run: bshm gimp install."
    with pytest.raises(OutputError) as caught:
        put(source, plug_ins, WANTED)
    assert str(caught.value) == sentence
    assert not take_away(plug_ins)
    assert [each.name for each in plug_ins.parent.iterdir()] == ["plug-ins"]


def left_over(plug_ins: Path) -> Path:
    """What a run leaves that is killed between its two renames."""
    aside = plug_ins / f".{NAME}.abc123"
    for each in ("new", "old"):
        (aside / each / "parts").mkdir(parents=True)
        (aside / each / "parts/a.py").touch()
    return aside


@pytest.mark.parametrize("again", [False, True])
def test_what_a_killed_run_left_is_removed(source: Path, plug_ins: Path, again: bool) -> None:
    if again:
        put(source, plug_ins, WANTED)
    actions = partial(put, source, plug_ins, WANTED), partial(take_away, plug_ins), partial(take_away, plug_ins)
    for action in actions:
        plug_ins.mkdir(exist_ok=True)
        left_over(plug_ins)
        action()
        assert [each.name for each in plug_ins.iterdir()] in ([NAME], [])


def test_what_another_run_is_at_stays_and_so_does_what_is_not_ours(source: Path, plug_ins: Path) -> None:
    plug_ins.mkdir()
    held = left_over(plug_ins)
    other = plug_ins / f".{NAME}.mine"
    other.mkdir()
    (other / "notes").touch()
    (plug_ins / f".{NAME}.link").symlink_to(held)
    descriptor = os.open(held, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        put(source, plug_ins, WANTED)
    finally:
        os.close(descriptor)
    assert {each.name for each in plug_ins.iterdir()} == {NAME, held.name, other.name, f".{NAME}.link"}
    assert (held / "old/parts/a.py").exists()
