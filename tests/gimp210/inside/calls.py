# -*- coding: utf-8 -*-
"""Calls functions of the plug-in's modules, under Python 2.7 and without GIMP, for the tests outside.

Each line of standard input asks for a call: ["module.function", [arguments]], in JSON. Each is answered with a line: the
result or the error, and what a "tell" among the arguments was told. Texts become UTF-8 bytes; {"bytes": text} stands for
any bytes, as Latin-1; {"text": text} for a text; {"raised": words} for an error; {"record": "module.Name", "values":
[...]} for a namedtuple; {"tell": true} for a function. "module.NAME=" sets a constant.
"""

import importlib
import json
import sys
import traceback


def main(folder):
    sys.path.insert(0, folder)
    from bshm_cut_out.errors import CutOutError
    from bshm_cut_out.words import told

    for line in iter(sys.stdin.readline, ""):
        heard = []

        def tell(*words):
            heard.append([taken_out(each) for each in words])

        name, arguments = json.loads(line)
        try:
            reply = {"result": taken_out(result_of(name, [taken_in(each, tell) for each in arguments]))}
        except CutOutError as error:
            reply = {"error": type(error).__name__, "says": taken_out(told(error))}
        except Exception:
            reply = {"error": "fault", "says": traceback.format_exc()}
        reply["heard"] = heard
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


def result_of(name, arguments):
    module, _, attribute = name.rpartition(".")
    if attribute.endswith("="):
        return setattr(module_of(module), attribute[:-1], arguments[0])
    return named(name)(*arguments)


def named(name):
    module, _, attribute = name.rpartition(".")
    return getattr(module_of(module), attribute)


def module_of(name):
    return importlib.import_module("bshm_cut_out." + name)


def taken_in(value, tell):
    if isinstance(value, list):
        return [taken_in(each, tell) for each in value]
    if isinstance(value, type(u"")):
        return value.encode("utf-8")
    if not isinstance(value, dict):
        return value
    if "tell" in value:
        return tell
    if "record" in value:
        return named(value["record"])(*[taken_in(each, tell) for each in value["values"]])
    if "text" in value:
        return value["text"]
    if "raised" in value:
        return ValueError(taken_in(value["raised"], tell))
    if "bytes" in value:
        return value["bytes"].encode("latin-1")
    return dict((key.encode("utf-8"), taken_in(each, tell)) for key, each in value.items())


def taken_out(value):
    if isinstance(value, (list, tuple)):
        return [taken_out(each) for each in value]
    return {"bytes": value.decode("latin-1")} if isinstance(value, bytes) else value


main(sys.argv[1])
