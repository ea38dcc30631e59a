"""`bshm config check` says what becomes of what is dropped where, or what is wrong, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.commands import main
from engine.config_file import config_path

SHIPPED = Path(__file__).parents[3] / "config.yaml"


def written(home: Path, text: str) -> str:
    file = home / "c.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_without_a_config_file_it_says_the_defaults(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check"]) == 0
    said = capsys.readouterr()
    assert (
        said.out
        == f"""\
{config_path()} is not there: all defaults

{home}/BSHM/in
  files      *
  output     {home}/BSHM/out
  done       keep
  failed     {home}/BSHM/failed
  want       cutout, matte, report
  format     png, mattes with 8 bits
  network    auto
  people     auto, quality balanced
  conflict   suffix
  observer   auto

A file is complete when it did not change for 1 s. The folders are looked through every 30 s. \
The engine is started where none is running.
"""
    )
    assert said.err == ""
    assert list(home.iterdir()) == []


def test_the_shipped_file_is_right(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(SHIPPED), "config", "check"]) == 0
    assert capsys.readouterr().out.startswith(f"{SHIPPED}\n\n{home}/BSHM/in\n")


def test_the_users_file_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text("watch: {settle: 2.5, scan: 60, start_engine: no}\n")
    assert main(["config", "check"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{config_path()}\n")
    assert "did not change for 2.5 s. The folders are looked through every 60 s. The engine is not started" in said


def test_every_folder_is_described_with_its_own_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(
        home,
        """\
people: largest
folders:
- watch: ~/照 片
  output: ~/照 片/out
  failed: ~/bad
  done: ~/照 片/done
  pattern: ["*.jpg", "IMG_*"]
  want: [cutout, composite]
  format: jpeg
  background: blue
  network: modnet
  quality: fast
  conflict: skip
  observer: polling
  report: no
- watch: ~/b
  output: ~/照 片/out
  done: delete
  recursive: no
  want: matte
  matte_bits: 16
""",
    )
    assert main(["--config", file, "config", "check"]) == 0
    first, second = capsys.readouterr().out.split("\n\n")[1:3]
    assert (
        first
        == f"""\
{home}/照 片
  files      *.jpg, IMG_*
  not        {home}/照 片/done
  not        {home}/照 片/failed
  not        {home}/照 片/out
  output     {home}/照 片/out
  done       to {home}/照 片/done
  failed     {home}/bad
  want       cutout, composite
  format     jpeg, mattes with 8 bits
             Not everything can be jpeg: cutout is written as png.
  background blue
  network    modnet
  people     largest, quality fast
  conflict   skip
  observer   polling"""
    )
    assert f"{home}/b\n  files      *, not in the folders in it\n" in second
    assert "  done       delete\n" in second
    assert f"  failed     {home}/照 片/failed\n" in second
    assert "  format     png, mattes with 16 bits\n" in second
    assert "background" not in second


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("folders:\n- watch: ~/in\n  output: ~/in\n", "c.yaml, line 2: 'folders.output' cannot be"),
        ("folders:\n- watch: ~/in\n", "c.yaml, line 2: 'folders.output' is missing"),
        ("folders: []\n", "c.yaml: no folder is named. Write at least one"),
        (
            "folders:\n- {watch: ~/in, output: ~/o, network: u2net}\n",
            "c.yaml, line 2: 'u2net': no such matting network",
        ),
        ("colour: red\n", "c.yaml, line 1: unknown key 'colour'"),
    ],
)
def test_what_is_wrong_is_one_sentence(text: str, said: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", written(home, text), "config", "check"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"{home}/{said}")
    assert shown.err.count("\n") == 1


def test_a_file_that_is_named_and_not_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(home / "no.yaml"), "config", "check"]) == 2
    assert "no such config file" in capsys.readouterr().err


def test_a_name_in_any_bytes_is_shown_safely(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(home, 'folders:\n- watch: "~/caf\\udce9\\e[31m"\n  output: ~/out\n')
    assert main(["--config", file, "config", "check"]) == 0
    assert f"{home}/caf\\xe9\\x1b[31m\n" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["config"], ["config", "mend"]])
def test_there_is_nothing_but_check(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "ACTION" in capsys.readouterr().err
