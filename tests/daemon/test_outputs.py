from __future__ import annotations

import errno
import os
import random
import re
import resource
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inputs import FileInput, find_inputs
from daemon.outputs import DiskFullError, Place, check_folder, place_link, place_outputs, shortened, write_whole
from engine.errors import OutputError


def files(*words: Path) -> list[FileInput]:
    return [each for each in find_inputs([str(each) for each in words], None).inputs if isinstance(each, FileInput)]


def bases(*words: Path, output: Path | None = None) -> list[str]:
    return [place.base for place in place_outputs(files(*words), output)]


def make(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return [folder / name for name in names]


class TestPlaces:
    def test_results_lie_beside_the_picture(self, tmp_path: Path) -> None:
        (path,) = make(tmp_path, "in/photo.final.jpg")
        (place,) = place_outputs(files(path), None)
        assert place.path("matte", ".png") == tmp_path / "in/photo.final.matte.png"

    def test_or_below_the_output_folder_as_in_the_input_folder(self, tmp_path: Path) -> None:
        make(tmp_path, "in/a.jpg", "in/sub/b.jpg")
        out = tmp_path / "out"
        places = place_outputs(files(tmp_path / "in"), out)
        assert places == [Place(out, "a"), Place(out / "sub", "b")]

    def test_names_alike_but_for_their_suffix_are_kept_apart(self, tmp_path: Path) -> None:
        make(tmp_path, "a.jpg", "a.png", "b.jpg")
        assert bases(tmp_path) == ["a.jpg", "a.png", "b"]

    def test_a_name_does_not_depend_on_what_else_is_cut_out(self, tmp_path: Path) -> None:
        jpg, png = make(tmp_path, "a.jpg", "a.png")
        assert (bases(jpg), bases(png), bases(png, jpg)) == (["a.jpg"], ["a.png"], ["a.png", "a.jpg"])

    def test_a_result_is_no_picture_to_be_kept_apart_from(self, tmp_path: Path) -> None:
        jpg, *_ = make(tmp_path, "a.jpg", "a.cutout.png", "a.txt")
        assert bases(jpg) == ["a"]

    def test_a_whole_name_that_is_anothers_stem(self, tmp_path: Path) -> None:
        make(tmp_path, "a.jpg", "a.png", "a.jpg.png")
        names = bases(tmp_path)
        assert len(set(names)) == 3
        assert names[1:] == ["a.jpg.png", "a.png"]
        assert names[0].startswith("a.jpg.")

    def test_the_same_name_from_two_folders(self, tmp_path: Path) -> None:
        one, two = make(tmp_path, "x/a.jpg", "y/a.jpg")
        together = bases(one, two, output=tmp_path / "out")
        assert len(set(together)) == 2
        assert bases(two, one, output=tmp_path / "out") == together[::-1]
        assert all(each.startswith("a.jpg.") for each in together)

    def test_a_folder_by_two_paths_is_one(self, tmp_path: Path) -> None:
        jpg, png = make(tmp_path, "x/a.jpg", "x/a.png")
        (tmp_path / "y").symlink_to("x")
        assert bases(jpg, tmp_path / "y" / png.name) == ["a.jpg", "a.png"]

    @given(
        names=st.sets(st.from_regex(r"(a|b|a\.jpg|a\.png\.gif)\.(jpg|png|JPG|gif)", fullmatch=True), min_size=1),
        data=st.data(),
    )
    def test_places_differ_and_stay(
        self, names: set[str], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("in")
        make(folder, *sorted(names))
        inputs = files(folder)
        places = dict(zip(inputs, place_outputs(inputs, None), strict=True))
        assert len(set(places.values())) == len(names)
        some = data.draw(st.lists(st.sampled_from(inputs), unique=True))
        assert place_outputs(some, None) == [places[each] for each in some]


class TestLinkPlaces:
    def test_a_picture_by_address_has_the_name_it_was_given_and_a_hash_of_the_address(self, tmp_path: Path) -> None:
        place = place_link("photo.jpg", "https://x/1", tmp_path)
        assert place.folder == tmp_path
        assert re.fullmatch(r"photo\.[0-9a-f]{8}", place.base)

    def test_so_that_it_is_the_same_in_every_run_and_another_for_every_address(self, tmp_path: Path) -> None:
        bases = [place_link("photo.jpg", f"https://x/{each}", tmp_path).base for each in "121"]
        assert bases[0] == bases[2] != bases[1]

    def test_nothing_of_a_password_is_in_it(self, tmp_path: Path) -> None:
        given = ("https://x/1", "https://me:secret@x/1")
        assert len({place_link("photo.jpg", each, tmp_path).base for each in given}) == 1

    def test_names_of_any_length_stay_apart(self, tmp_path: Path) -> None:
        bases = {place_link("n" * 255, f"https://x/{each}", tmp_path).base for each in "12"}
        assert len(bases) == 2
        assert max(map(len, bases)) <= 240


class TestShortening:
    @given(st.binary(min_size=1, max_size=255).filter(lambda name: not {0, ord("/")} & set(name)))
    def test_every_result_of_every_name_can_be_written(self, name: bytes) -> None:
        base = shortened(os.fsdecode(name))
        assert len(os.fsencode(Place(Path(), base).path("composite", ".webp").name)) <= 255
        assert base == os.fsdecode(name) or len(name) > 240

    def test_it_cuts_between_characters(self) -> None:
        base = shortened("照" * 85)
        os.fsencode(base).decode("utf-8")
        assert base.startswith("照" * 70)

    def test_long_names_that_differ_at_their_end_stay_apart(self) -> None:
        assert shortened("n" * 250 + "1") != shortened("n" * 250 + "2")

    def test_a_file_with_255_bytes_in_its_name_gets_results(self, tmp_path: Path) -> None:
        (path,) = make(tmp_path, "n" * 251 + ".jpg")
        (place,) = place_outputs(files(path), None)
        write_whole(place.path("report", ".json"), b"{}", overwrite=False)
        write_whole(place.path("composite", ".webp"), b"x", overwrite=False)


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


class TestWriting:
    def test_the_folder_is_made(self, tmp_path: Path) -> None:
        write_whole(tmp_path / "a/b/c.png", b"data", overwrite=False)
        assert (tmp_path / "a/b/c.png").read_bytes() == b"data"
        assert names_in(tmp_path / "a/b") == ["c.png"]

    def test_what_exists_is_kept(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(b"old")
        with pytest.raises(OutputError, match=r"a\.png: exists already\. --overwrite replaces it, --skip leaves it\."):
            write_whole(tmp_path / "a.png", b"new", overwrite=False)
        assert (tmp_path / "a.png").read_bytes() == b"old"
        assert names_in(tmp_path) == ["a.png"]

    def test_of_two_that_write_at_once_one_is_refused(self, tmp_path: Path) -> None:
        for number in range(20):
            path, together, refused = tmp_path / f"{number}.png", threading.Barrier(4, timeout=20), list[bytes]()

            def write(data: bytes, path: Path = path, refused: list[bytes] = refused) -> None:
                together.wait()  # noqa: B023  # all four end within the round
                try:
                    write_whole(path, data, overwrite=False)
                except OutputError:
                    refused.append(data)

            threads = [threading.Thread(target=write, args=(bytes([each]),)) for each in range(4)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            assert len(refused) == 3
            assert path.read_bytes() not in refused
        assert len(names_in(tmp_path)) == 20

    def test_a_file_system_without_hard_links(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def link(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", link)
        write_whole(tmp_path / "a.png", b"old", overwrite=False)
        with pytest.raises(OutputError, match="exists already"):
            write_whole(tmp_path / "a.png", b"new", overwrite=False)
        assert (tmp_path / "a.png").read_bytes() == b"old"
        assert names_in(tmp_path) == ["a.png"]

    def test_unless_it_is_to_be_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(b"old")
        write_whole(tmp_path / "a.png", b"new", overwrite=True)
        assert (tmp_path / "a.png").read_bytes() == b"new"

    def test_a_link_is_replaced_and_not_what_it_leads_to(self, tmp_path: Path) -> None:
        (tmp_path / "original.jpg").write_bytes(b"photo")
        (tmp_path / "a.cutout.png").symlink_to("original.jpg")
        write_whole(tmp_path / "a.cutout.png", b"new", overwrite=True)
        assert (tmp_path / "original.jpg").read_bytes() == b"photo"

    def test_files_have_the_users_own_rights(self, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            write_whole(tmp_path / "a.png", b"data", overwrite=False)
        finally:
            os.umask(before)
        assert (tmp_path / "a.png").stat().st_mode & 0o777 == 0o640

    def test_a_full_disk(self, tmp_path: Path, small_disk: Callable[[Path], AbstractContextManager[None]]) -> None:
        with small_disk(tmp_path):
            write_whole(tmp_path / "small.png", b"x" * 1000, overwrite=False)
            with pytest.raises(DiskFullError, match=r"big\.png: cannot be written: the disk is full\. Make room"):
                write_whole(tmp_path / "big.png", random.randbytes(100_000), overwrite=False)
            assert names_in(tmp_path) == ["small.png"]

    def test_a_file_larger_than_the_system_allows(self, tmp_path: Path) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
        try:
            with pytest.raises(OutputError, match="file too large"):
                write_whole(tmp_path / "big.png", b"x" * 20_000, overwrite=False)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert names_in(tmp_path) == []

    def test_a_folder_in_the_way(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").mkdir()
        with pytest.raises(OutputError, match="there is a folder of that name"):
            write_whole(tmp_path / "a.png", b"data", overwrite=True)
        assert names_in(tmp_path) == ["a.png"]

    def test_a_stop_in_the_middle_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def stop(_: int) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", stop)
        with pytest.raises(KeyboardInterrupt):
            write_whole(tmp_path / "a.png", b"data", overwrite=False)
        assert names_in(tmp_path) == []


class TestFolders:
    def test_a_folder_is_made_and_left_as_it_was(self, tmp_path: Path) -> None:
        check_folder(tmp_path / "a/b")
        assert names_in(tmp_path / "a/b") == []

    @pytest.mark.parametrize("below", [".", "sub"])
    def test_a_file_in_its_place(self, below: str, tmp_path: Path) -> None:
        (tmp_path / "out").touch()
        with pytest.raises(OutputError, match="there is a file where a folder is needed"):
            check_folder(tmp_path / "out" / below)

    def test_one_that_may_not_be_written(
        self, tmp_path: Path, without_rights: Callable[[Path], AbstractContextManager[None]]
    ) -> None:
        with without_rights(tmp_path), pytest.raises(OutputError, match="this user may not write there"):
            check_folder(tmp_path)
        assert names_in(tmp_path) == []
