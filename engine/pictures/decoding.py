"""What decoders say of damaged bytes, turned into our refusals."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from engine.errors import PictureError, TooLargeError
from engine.pictures.refusals import TRUST, damaged, truncated

_log = logging.getLogger(__name__)


@contextmanager
def decoding(name: str, kind: str) -> Iterator[None]:
    """Turns whatever a decoder raises about the bytes of `name`, a file of this kind, into a PictureError."""
    try:
        yield
    except PictureError:
        raise
    except MemoryError as error:
        raise TooLargeError(
            f"{name}: not enough memory to decode it", remedy="Close other programs, or make the picture smaller"
        ) from error
    except Image.DecompressionBombError as error:
        raise TooLargeError(
            f"{name}: a part of the picture has too many pixels",
            "it is larger than the header says, and than limits.megapixels allows",
            TRUST.format("megapixels"),
        ) from error
    except Exception as error:  # decoders raise every type there is on damaged bytes
        _log.debug("%s: %s decoder: %s", name, kind, error)
        if any(words in str(error).lower() for words in _WORDS_OF_TRUNCATION):
            raise truncated(name) from error
        raise damaged(name, f"its {kind} data cannot be decoded") from error


# In what Pillow and libheif say where bytes run out.
_WORDS_OF_TRUNCATION = ("truncated", "end of file", "end-of-file", "outside of file bounds")
