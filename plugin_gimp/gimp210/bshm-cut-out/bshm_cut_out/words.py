# -*- coding: utf-8 -*-
"""Texts in the language that GIMP runs in. GIMP hands its language on to plug-ins as $LANGUAGE, which gettext reads."""

import gettext
import os

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
    if isinstance(value, type(u"")):
        return value.encode("utf-8")
    return str(value).decode("utf-8", "replace").encode("utf-8")
