# -*- coding: utf-8 -*-
"""Texts in the language that GIMP runs in. GIMP hands its language on to plug-ins as $LANGUAGE, which gettext reads."""

import gettext
import os
import re

_TEXT = type(u"")

# Half of a character, which Python 3 writes for a byte that is no UTF-8, and Python 2 would write as no UTF-8 again.
_HALF_A_CHARACTER = re.compile(u"(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])")

DOMAIN = "bshm-cut-out"
FOLDER = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def N_(text):
    """Marks a text for the catalogue of translations; it is translated where it is shown."""
    return text


def in_our_language(text):
    """The text in GIMP's language, as UTF-8 bytes; English where there is no catalogue."""
    catalogue = gettext.translation(DOMAIN, os.path.join(FOLDER, "locale"), fallback=True)
    return catalogue.gettext(text)


def told(error):
    """The sentence of a CutOutError."""
    return in_our_language(error.text) % error.values


def as_text(value):
    """What came from elsewhere (a file's name, an answer, an error) as UTF-8, which is all that GIMP shows."""
    if not isinstance(value, _TEXT):
        try:
            value = str(value).decode("utf-8", "replace")
        except UnicodeEncodeError:  # an error whose words are a text, and not ASCII
            value = _TEXT(value)
    return _HALF_A_CHARACTER.sub(u"\ufffd", value).encode("utf-8")
