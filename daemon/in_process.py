"""Pictures cut out in this process, by networks of its own."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from daemon.batch import Begun, Loaded
from daemon.results import Results, Wanted

if TYPE_CHECKING:
    from engine.types import CutOut, Picture

_ALONE = 25_000_000  # pixels; three pictures of 24 megapixels at once take 1.2 GB, larger ones come one by one


class InProcess:
    """A Cutter: decodes ahead of a picture's turn, and runs one picture's networks at a time.

    device: where networks run, in words.
    """

    ahead = 1

    def __init__(self, wanted: Wanted) -> None:
        """Loads the networks. Raises DeviceError, NetworkError and UsageError."""
        from engine import Engine

        self._wanted = wanted
        self._engine = Engine(wanted.settings)
        self.device = self._engine.device

    def begin(self, loaded: Loaded) -> Begun:
        """See Cutter. Raises PictureError."""
        from engine.pictures.decode import decode
        from engine.pictures.refusals import check_points

        picture = decode(loaded.data, self._wanted.settings.limits, loaded.name)
        check_points(self._wanted.at, picture.size, loaded.name)
        return Begun(partial(self._cut, picture), large=picture.size.area > _ALONE)

    def _cut(self, picture: Picture) -> Results:
        from engine.types import Options

        settings, wanted = self._wanted.settings, self._wanted
        options = Options(settings.network, settings.people, settings.quality, wanted.edge, wanted.threshold, wanted.at)
        cut = self._engine.cut_out(picture, options)
        return Results(asdict(cut.report), partial(self._file, cut))

    def _file(self, cut: CutOut, want: str) -> bytes:
        from engine.pictures.background import WHITE
        from engine.pictures.encode import encode

        settings, background = self._wanted.settings, self._wanted.background or WHITE
        return encode(cut, want, settings.format, bits=settings.matte_bits, background=background)
