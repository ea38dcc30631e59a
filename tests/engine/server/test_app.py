"""The engine over its socket, as any program meets it: a real `bshm engine` with the real networks."""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.parser import BytesParser
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from httpx import Response
from PIL import Image

from tests.engine.server.live import Live, counted, live, problem, until

CONFIG = "limits: {megapixels: 30, megabytes: 20}\n"


@pytest.fixture(scope="module")
def engine_() -> Iterator[Live]:
    with live(CONFIG) as one:
        yield one
        assert one.stop() == 0
        assert "Traceback" not in one.log


@pytest.fixture
def one(engine_: Live) -> Live:
    return engine_


def image(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


class TestResults:
    def test_a_picture_comes_back_cut_out(self, one: Live, astronaut: bytes) -> None:
        response = one.cut_out(astronaut)
        assert response.status_code == 200
        assert response.headers["content-type"] == "image/png"
        assert image(response.content).mode == "RGBA"
        report = json.loads(response.headers["x-bshm-report"])
        assert report["people"]
        assert (report["width"], report["height"]) == (256, 256)

    def test_several_results_come_with_one_run_of_the_networks(self, one: Live, astronaut: bytes) -> None:
        before = runs(one)
        response = one.cut_out(astronaut, want="cutout,matte,composite")
        together = runs(one) - before
        kind = response.headers["content-type"]
        message = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + response.content)
        parts = {part.get_param("name", header="content-disposition"): part for part in message.get_payload()}  # type: ignore[union-attr]
        assert list(parts) == ["report", "cutout", "matte", "composite"]
        assert [part.get_content_type() for part in parts.values()] == ["application/json"] + ["image/png"] * 3  # type: ignore[union-attr]
        one.cut_out(astronaut, want="matte")
        assert runs(one) - before == 2 * together

    def test_raw_pixels_go_in_and_come_out(self, one: Live, astronaut: bytes) -> None:
        pixels = np.asarray(image(astronaut))
        size = {"X-Width": "256", "X-Height": "256", "X-Channels": "3"}
        with one.client() as client:
            headers = {**size, "Content-Type": "application/octet-stream"}
            query = {"want": "matte", "format": "raw", "quality": "fast"}
            response = client.post("/v1/cutout", params=query, content=pixels.tobytes(), headers=headers)
        assert (response.headers["x-width"], response.headers["x-channels"]) == ("256", "1")
        raw = np.frombuffer(response.content, np.uint8).reshape(256, 256)
        png = np.asarray(image(one.cut_out(astronaut, want="matte").content))
        assert np.array_equal(raw, png)

    def test_crisp_edges_take_a_threshold(self, one: Live, astronaut: bytes) -> None:
        areas = []
        for threshold in ("0.05", "0.95"):
            matte = np.asarray(image(one.cut_out(astronaut, want="matte", edge="crisp", threshold=threshold).content))
            assert set(np.unique(matte)) == {0, 255}
            areas.append((matte > 0).sum())
        assert areas[0] > areas[1]

    def test_a_point_gives_who_is_there(self, one: Live, astronaut: bytes) -> None:
        matte = np.asarray(image(one.cut_out(astronaut, want="matte", at="110,150;3,3").content))
        assert matte[150, 110] == 255
        assert np.array_equal(matte, np.asarray(image(one.cut_out(astronaut, want="matte", people="all").content)))
        nobody = one.cut_out(astronaut, want="matte", at="3,3;250.5,3", people="all")
        assert not np.asarray(image(nobody.content)).any()
        report = json.loads(nobody.headers["x-bshm-report"])
        assert report["people"] == []
        assert report["warnings"] == ["Nobody was found at the places that were marked: the matte is empty."]

    def test_a_selection_gives_who_is_there(self, one: Live, astronaut: bytes) -> None:
        pixels = np.asarray(image(astronaut))
        for places, query in (([(150, 110), (3, 3)], {"people": "all"}), ([(3, 3)], {"at": "3,3"})):
            selection = np.zeros((256, 256), np.uint8)
            for row, column in places:
                selection[row, column] = 128
            raw = selected(one, pixels, selection)
            png = one.cut_out(astronaut, want="matte", **query)
            matte = np.asarray(image(png.content))
            assert np.array_equal(np.frombuffer(raw.content, np.uint8).reshape(256, 256), matte)
            told, known = (json.loads(each.headers["x-bshm-report"]) for each in (raw, png))
            assert (told["people"], told["warnings"]) == (known["people"], known["warnings"])

    def test_a_background_is_a_colour_or_a_picture(self, one: Live, astronaut: bytes) -> None:
        green = np.asarray(image(one.cut_out(astronaut, want="composite", background="#00ff00").content))
        assert green[0, 0].tolist() == [0, 255, 0]
        blue = io.BytesIO()
        Image.new("RGB", (40, 30), (0, 0, 255)).save(blue, "PNG")
        with one.client() as client:
            files = {"picture": astronaut, "background": blue.getvalue()}
            response = client.post("/v1/cutout", params={"want": "composite", "quality": "fast"}, files=files)
        assert np.asarray(image(response.content))[0, 0].tolist() == [0, 0, 255]


def selected(one: Live, pixels: npt.NDArray[np.uint8], selection: npt.NDArray[np.uint8], query: str = "") -> Response:
    """The matte of raw pixels with a selection."""
    size = {"X-Width": "256", "X-Height": "256", "X-Channels": "3", "X-Selection": "1"}
    headers = {**size, "Content-Type": "application/octet-stream"}
    with one.client() as client:
        address = f"/v1/cutout?want=matte&format=raw&quality=fast{query}"
        return client.post(address, content=pixels.tobytes() + selection.tobytes(), headers=headers)


class TestRefusals:
    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ("&at=1,1", "parameter 'at' and X-Selection do not go together: each says whom to cut out. Leave one"),
            ("&people=largest", "parameter 'people' cannot be 'largest' beside X-Selection: a selection says whom"),
        ],
    )
    def test_two_answers_to_whom(self, one: Live, query: str, said: str) -> None:
        nothing = np.zeros((256, 256, 3), np.uint8)
        problem(selected(one, nothing, nothing[..., 0], query), 400, said)

    def test_a_selection_of_another_size(self, one: Live) -> None:
        nothing = np.zeros((256, 256, 3), np.uint8)
        said = "261888 bytes came, and 256 x 256 pixels with 3 channels and their selection are 196608 and 65536"
        problem(selected(one, nothing, nothing[:255, :, 0]), 400, said)

    def test_what_is_no_picture(self, one: Live) -> None:
        problem(one.cut_out(b"text"), 422, "the picture: not a picture of a kind that is read")
        problem(one.cut_out(b"text", name="一.txt"), 422, "一.txt: not a picture")

    def test_what_is_empty(self, one: Live) -> None:
        assert 400 <= one.cut_out(b"").status_code < 500

    def test_points_outside_of_the_picture(self, one: Live, astronaut: bytes) -> None:
        said = "a.jpg: the point 256,9 lies outside of the picture: it has 256 x 256 pixels. Count from its upper left"
        problem(one.cut_out(astronaut, name="a.jpg", at="9,9;256,9"), 422, said)
        with one.client() as client:
            size = {"X-Width": "256", "X-Height": "2", "X-Channels": "1", "Content-Type": "application/octet-stream"}
            raw = client.post("/v1/cutout?at=256,1", content=bytes(512), headers=size)
        problem(raw, 400, "the picture: the point 256,1 lies outside of the picture: it has 256 x 2 pixels.")

    def test_what_is_too_large(self, one: Live) -> None:
        problem(one.cut_out(bytes(21_000_000)), 413, "limit")
        bomb = io.BytesIO()
        Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
        problem(one.cut_out(bomb.getvalue()), 413, "megapixels")

    def test_paths_and_methods_that_there_are_not(self, one: Live) -> None:
        problem(one.get("/nothing"), 404, "there is no such path")
        problem(one.get("/v1/cutout"), 405, "does not take GET: it takes POST")
        problem(one.get("/v1/jobs/unknown"), 404, "job 'unknown' is not known")

    def test_words_that_are_not_known(self, one: Live, astronaut: bytes) -> None:
        problem(one.cut_out(astronaut, want="hat"), 400, "want")
        problem(one.cut_out(astronaut, colour="red"), 400, "colour")
        problem(one.cut_out(astronaut, network="birefnet"), 400, "birefnet")

    @pytest.mark.parametrize("size", [(30_000, 1), (1, 30_000)])
    def test_a_line_of_pixels_is_worked_on(self, one: Live, size: tuple[int, int]) -> None:
        line = io.BytesIO()
        Image.new("RGB", size, (90, 120, 30)).save(line, "PNG")
        assert one.cut_out(line.getvalue(), want="matte").status_code == 200


class TestJobs:
    def test_a_client_follows_its_own_job(self, one: Live, astronaut: bytes) -> None:
        seen: set[tuple[str, str]] = set()
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(one.cut_out, astronaut, job="mine", quality="best")
            while not answer.done():
                response = one.get("/v1/jobs/mine")
                if response.status_code == 200:
                    record = response.json()
                    seen.add((record["state"], record["stage"]))
        assert answer.result().headers["x-bshm-job"] == "mine"
        assert ("running", "matte") in seen
        assert one.get("/v1/jobs/mine").json()["state"] == "done"

    def test_a_job_is_cancelled_by_its_name(self, one: Live, astronaut: bytes) -> None:
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(one.cut_out, astronaut, job="unwanted", quality="best")
            until(lambda: one.get("/v1/jobs/unwanted").status_code == 200)
            with one.client() as client:
                assert client.delete("/v1/jobs/unwanted").status_code == 202
                problem(answer.result(), 409, "cancelled")
                problem(client.delete("/v1/jobs/unwanted"), 409, "has ended already: it is cancelled")

    def test_a_name_is_one_jobs_at_a_time(self, one: Live, astronaut: bytes) -> None:
        with ThreadPoolExecutor() as pool:
            first = pool.submit(one.cut_out, astronaut, job="twin", quality="best")
            until(lambda: one.get("/v1/jobs/twin").status_code == 200)
            problem(one.cut_out(astronaut, job="twin"), 409, "job 'twin' is there already")
        assert first.result().status_code == 200

    def test_the_clients_deadline_is_kept(self, one: Live, astronaut: bytes) -> None:
        problem(one.cut_out(astronaut, deadline="0.001"), 504, "deadline")

    @pytest.mark.parametrize("received", ["half", "all"])
    def test_who_hangs_up_frees_its_place(self, one: Live, astronaut: bytes, received: str) -> None:
        before = one.status()["counts"]["cancelled"]
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(one.address))
            head = (
                f"POST /v1/cutout?job=gone-{received} HTTP/1.1\r\nHost: e\r\nContent-Length: {len(astronaut)}\r\n\r\n"
            )
            client.sendall(head.encode() + (astronaut if received == "all" else astronaut[:99]))
            until(lambda: one.get(f"/v1/jobs/gone-{received}").status_code == 200)
        until(lambda: one.get(f"/v1/jobs/gone-{received}").json()["state"] == "cancelled")
        until(lambda: one.status()["queue"]["bytes"] == 0)
        assert one.status()["counts"]["cancelled"] == before + 1

    def test_a_person_goes_before_a_full_batch(self, one: Live, astronaut: bytes) -> None:
        with ThreadPoolExecutor(12) as pool:
            batch = [pool.submit(one.cut_out, astronaut, priority="batch") for _ in range(12)]
            until(lambda: one.status()["queue"]["waiting"] >= 6)
            assert one.cut_out(astronaut).status_code == 200
            assert sum(each.done() for each in batch) <= 6
        assert {each.result().status_code for each in batch} == {200}


def test_the_background_of_the_config_may_be_a_picture(astronaut: bytes, tmp_path: Path) -> None:
    def corner(engine: Live) -> list[int]:
        response = engine.cut_out(astronaut, want="composite")
        assert response.status_code == 200, response.text
        found: list[int] = np.asarray(image(response.content))[0, 0].tolist()
        return found

    beach = tmp_path / "beach.png"
    Image.new("RGB", (40, 30), (0, 0, 255)).save(beach)
    with live(f"background: {beach}\n") as one:
        assert corner(one) == [0, 0, 255]
        green = one.cut_out(astronaut, want="composite", background="lime")
        assert np.asarray(image(green.content))[0, 0].tolist() == [0, 255, 0]
        Image.new("RGB", (40, 30), (255, 0, 0)).save(beach)
        assert corner(one) == [255, 0, 0]
        beach.unlink()
        sentence = f"the config's background '{beach}' is no colour, and no picture that can be read: {beach}: cannot"
        problem(one.cut_out(astronaut, want="composite"), 503, sentence)
        assert one.cut_out(astronaut, want="matte").status_code == 200
        assert "a picture failed" not in one.log


def test_a_file_that_is_no_picture_is_no_fault_of_the_engines(one: Live, astronaut: bytes) -> None:
    damaged = bytearray(astronaut)
    damaged[-200:] = b"\xff" * 200
    assert one.cut_out(bytes(damaged[:3000])).status_code == 422
    assert one.cut_out(b"\x89PNG\r\n\x1a\n" + bytes(99)).status_code == 422
    log = (one.folder / "state" / "bshm" / "log" / "engine.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "a picture failed" not in log
    assert "a picture was refused" in log


def test_many_at_once_each_get_their_own(one: Live) -> None:
    """Each picture has its own size; so its answer has it too."""

    def one_of_its_own(number: int) -> None:
        stream = io.BytesIO()
        Image.new("RGB", (40 + number, 30), (number, 99, 50)).save(stream, "PNG")
        priority = ("interactive", "batch")[number % 2]
        response = one.cut_out(stream.getvalue(), want="matte", priority=priority, job=f"number-{number}")
        assert image(response.content).size == (40 + number, 30)
        assert response.headers["x-bshm-job"] == f"number-{number}"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one_of_its_own, range(40)))


def runs(one: Live) -> int:
    """Networks run so far; the engine counts once a second."""
    time.sleep(2.2)
    return counted(one, "bshm_network_runs_total")
