"""What decoders say of damaged bytes, turned into our refusals."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from engine.errors import BshmError, MemoryShortError, TooLargeError
from engine.pictures.refusals import TRUST, damaged, truncated
from engine.shortage import is_shortage, short

_log = logging.getLogger(__name__)


@contextmanager
def decoding(name: str, kind: str) -> Iterator[None]:
    """Turns whatever a decoder raises about the bytes of `name`, a file of this kind, into a PictureError; what it
    raises where memory runs out, into MemoryShortError."""
    try:
        yield
    except BshmError:
        raise
    except Image.DecompressionBombError as error:
        raise TooLargeError(
            f"{name}: a part of the picture has too many pixels",
            "it is larger than the header says, and than limits.megapixels allows",
            TRUST.format("megapixels"),
        ) from error
    except Exception as error:  # decoders raise every type there is on damaged bytes
        if is_shortage(error):
            raise short_of_memory(name) from error
        _log.debug("%s: %s decoder: %s", name, kind, error)
        if any(words in str(error).lower() for words in _WORDS_OF_TRUNCATION):
            raise truncated(name) from error
        raise damaged(name, f"its {kind} data cannot be decoded") from error


# In what Pillow and libheif say where bytes run out.
_WORDS_OF_TRUNCATION = ("truncated", "end of file", "end-of-file", "outside of file bounds")


def short_of_memory(name: str) -> MemoryShortError:
    """The error for a picture that there is no memory to decode in."""
    return short(f"{name}: there is not enough memory to decode it")
