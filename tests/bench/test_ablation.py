"""A stage that the bench takes away is one that the engine has: what stands in for it is called, and it does."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import Any

import pytest
from PIL import Image

from engine import Engine
from engine.pictures.decode import decode
from engine.quality import QUALITY
from engine.settings import Limits
from engine.types import Options, Picture
from tests.bench.ablation import STAGES, Off, stages_of, without
from tests.bench.photos import nobody, portrait

# Together, so that few pictures are cut out; apart, where without the one the other has nothing to do.
_APART = ({"super-resolution", "lost looks left out"}, {"looks in the mirror"})
ROUNDS = ({stage for stage in STAGES if stage != "find: second detector"}.difference(*_APART), *_APART)


def _together(size: tuple[int, int], *people: tuple[int, int, int]) -> Picture:
    """The astronaut before a sky, once for each side, left and top."""
    with Image.open(io.BytesIO(nobody(*size))) as sky:
        picture = sky.convert("RGB")
    for side, left, top in people:
        with Image.open(io.BytesIO(portrait(side, side))) as one:
            picture.paste(one, (left, top))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return decode(stream.getvalue(), Limits())


@pytest.fixture(scope="module")
def near_and_far() -> Picture:
    """Somebody large and somebody small."""
    return _together((900, 560), (400, 0, 160), (130, 650, 300))


@pytest.mark.parametrize("stages", ROUNDS)
def test_what_stands_in_is_called(
    stages: set[str], engine: Engine, near_and_far: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: set[str] = set()

    def heard(off: Off) -> Off:
        def instead(*given: Any, **more: Any) -> Any:
            called.add(off.name)
            return off.instead(*given, **more)

        return off._replace(instead=instead)

    with ExitStack() as off:
        for stage in stages:
            monkeypatch.setitem(STAGES, stage, tuple(heard(each) for each in STAGES[stage]))
            off.enter_context(without(stage))
        cut = engine.cut_out(near_and_far, Options(people="all", quality="fast"))
    assert cut.matte.shape == near_and_far.pixels.shape[:2]
    assert called == {each.name for stage in stages for each in STAGES[stage]}


def test_without_the_second_detector_there_is_one(engine: Engine) -> None:
    with without("find: second detector"):
        assert len(engine._networks.usable("people")) == 1
    assert len(engine._networks.usable("people")) == 2


def test_afterwards_every_stage_is_there_again() -> None:
    before = [getattr(each.module, each.name) for offs in STAGES.values() for each in offs]
    for stage in STAGES:
        with without(stage):
            pass
    assert [getattr(each.module, each.name) for offs in STAGES.values() for each in offs] == before


@pytest.mark.parametrize("quality", QUALITY)
def test_a_quality_has_the_stages_that_it_switches_on(quality: str) -> None:
    stages = stages_of(quality)
    assert ("looks in the mirror" in stages) == QUALITY[quality].mirrored
    assert ("several looks" in stages) == (QUALITY[quality].passes > 1)
