# -*- coding: utf-8 -*-
"""One layer's pixels through the engine: what is asked for, how far it is, and what comes back."""

import collections
import os
import time
import urllib
import uuid

from bshm_cut_out.connection import Call, asked
from bshm_cut_out.errors import AwayError, BusyError, LostError, RefusedError
from bshm_cut_out.words import N_, as_text

_PATIENCE = 60.0  # seconds for which a layer is offered to an engine whose queue is full
_GONE = 5.0  # seconds without a sign of life after which the engine is given up
_NAP = 0.1

# The engine's stages in the user's words.
STAGES = {
    "receive": N_("Sending the layer"),
    "wait": N_("Waiting for other pictures"),
    "decode": N_("Reading the layer"),
    "people": N_("Finding people"),
    "matte": N_("Cutting out"),
    "foreground": N_("Freeing the edges of the background"),
    "encode": N_("Writing the result"),
    "done": N_("Writing the result"),
}

# The channels of what comes back: a matte is grey, a cut-out RGB and alpha.
CHANNELS = {"matte": 1, "cutout": 4}

# A layer's. samples: 8 bits each, row by row: grey, grey and alpha, RGB, or RGB and alpha. name: the layer's.
Pixels = collections.namedtuple("Pixels", "width height channels samples name")

# What came of a picture. samples: 8 bits each, row by row. warnings: the report's, sentences in English.
Answer = collections.namedtuple("Answer", "samples warnings")


def cut_out(path, want, pixels, tell):
    """The engine's answer. want: a key of CHANNELS. tell: is given a text of STAGES (or the engine's own word) and the
    part that is done, 0 to 1.

    Raises CutOutError, also where the engine stays busy, or ends meanwhile.
    """
    end = time.time() + _PATIENCE
    while True:
        try:
            return _offered(path, want, pixels, tell)
        except BusyError as error:
            until = time.time() + error.retry_after
            if until > end:
                raise
            while time.time() < until:
                tell(STAGES["wait"], 0.0)
                time.sleep(_NAP)


def _offered(path, want, pixels, tell):
    job = "gimp-%d-%s" % (os.getpid(), uuid.uuid4().hex[:12])
    query = urllib.urlencode(
        [
            ("want", want),
            ("format", "raw"),
            ("priority", "interactive"),
            ("job", job),
            ("name", _shown(pixels.name)),
        ]
    )
    headers = [("Content-Type", "application/octet-stream")]
    headers += zip(("X-Width", "X-Height", "X-Channels"), map(str, pixels[:3]))
    call = Call(path)
    samples, answer = call.exchange("POST", "/v1/cutout?" + query, pixels.samples, headers, _watch(path, job, tell))
    if len(samples) != pixels.width * pixels.height * CHANNELS[want]:
        raise call.stranger("%d" % len(samples))
    report = call.json(answer.getheader("X-Bshm-Report", ""))
    return Answer(samples, [as_text(each) for each in report.get("warnings", ())])


def _shown(name):
    """A layer's name as the engine takes it: some characters, none of them a control character."""
    text = name.decode("utf-8", "replace")
    return u"".join(each for each in text if each.isalnum() or each in u" .,_-()#+'")[:200].encode("utf-8") or "layer"


def _watch(path, job, tell):
    """What is called while the picture is under way: it tells the stage, and notices where the engine is gone though the
    connection stands."""
    seen = [time.time()]

    def look():
        try:
            record = asked(path, "/v1/jobs/" + job)
        except (AwayError, LostError):
            if time.time() - seen[0] > _GONE:
                raise
            return
        except RefusedError:  # 404: the request has not come that far, or the answer is under way
            record = None
        seen[0] = time.time()
        if record:
            stage, progress = record.get("stage", ""), record.get("progress") or 0.0
            tell(STAGES.get(stage) or as_text(stage), min(max(float(progress), 0.0), 1.0))

    return look
