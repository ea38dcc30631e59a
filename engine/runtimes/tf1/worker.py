"""Runs one frozen TensorFlow 1 graph for engine.runtimes.tf1.process, in the other Python.

    PYTHON -I -X utf8 -X faulthandler worker.py SOCKET MEMORY    two descriptors, inherited

Python 3.7 or 3.8 with numpy and TensorFlow 1.15.5; for comparisons alone a later TensorFlow, by its compat.v1. Nothing
of this project is imported: it is not there.

Messages are JSON over a SOCK_SEQPACKET pair. The host's:

    {"do": "begin", "graph": path, "versions": pattern or null for any, "gpu": bool, "fraction": 0..1,
     "growth": bool, "threads": 0 for all}                 once, first
    {"do": "load", "bytes": that it may take, 0 for any}   once, after "found"
    {"do": "run", "height": H, "width": W}                 any number of times

The worker's answers, one each:

    {"say": "found", "version": text, "cuda": text, "cards": [TensorFlow's descriptions of the GPUs]}
    {"say": "ready"}
    {"say": "done", "seconds": that TensorFlow took}
    {"say": "failed", "stage": "import", "version", "gpu", "file", "graph" or "run", "why": text, "short": bool}
        short: memory ran out

The memory holds the picture, uint8 RGB [H, W, 3], and behind it the alpha, uint8 [H, W]. The host sets its size.

It ends when the host's end of the socket is closed, also while TensorFlow computes: that lets other threads run.
"""

import ctypes
import json
import mmap
import os
import queue
import re
import resource
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

Message = Dict[str, Any]

_LONGEST_WHY = 2000  # characters; a message has to fit into the socket's buffer

# In what TensorFlow says where memory runs out: its allocators, CUDA's and those of CUDA's libraries.
_WORDS_OF_SHORTAGE = (
    "OOM when allocating",
    "bad_alloc",
    "CUDA_ERROR_OUT_OF_MEMORY",
    "Dst tensor is not initialized",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)

# Address space that counts for the kernel's limit though hardly any of it is touched: stacks of threads that begin with
# the first run, 8 MiB each.
_STACKS = 32 * 8 * 2**20


class Failed(Exception):  # noqa: N818  # as the message is called
    """What the host is told."""

    def __init__(self, stage: str, error: object) -> None:
        why = str(error) or type(error).__name__
        super().__init__(why)
        short = isinstance(error, MemoryError) or any(words in why for words in _WORDS_OF_SHORTAGE)
        self.message = {"say": "failed", "stage": stage, "why": why[:_LONGEST_WHY], "short": short}


def main(descriptor: int, memory: int) -> None:
    """Serves the socket until its other end is closed."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # sent to a whole group: the host decides
        signal.signal(each, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))  # the host's own counts what the host has
    end = socket.socket(fileno=descriptor)
    asked: queue.Queue[Message] = queue.Queue()  # a local variable's annotation is never looked at
    threading.Thread(target=listen, args=(end, asked), daemon=True).start()
    try:
        serve(end, asked, memory)
    except Failed as failed:
        tell(end, failed.message)


def listen(end: socket.socket, asked: "queue.Queue[Message]") -> None:
    """Hands messages on, and ends the process where there will be none any more."""
    while True:
        try:
            data = end.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            os._exit(0)  # the main thread may be in native code, which cannot be asked
        asked.put(json.loads(data.decode("ascii")))


def tell(end: socket.socket, message: Message) -> None:
    """Sends a message; where nobody is there to take it, the process ends."""
    try:
        end.send(json.dumps(message).encode("ascii"))
    except OSError:
        os._exit(0)


def serve(end: socket.socket, asked: "queue.Queue[Message]", memory: int) -> None:
    """Begins, and runs pictures one after the other."""
    begin = asked.get()
    tf = tensorflow(begin["versions"])
    config = configuration(tf, begin)
    tell(end, dict(found(tf, config), say="found"))
    count = asked.get()["bytes"]
    run = load(tf, begin["graph"], config)
    limit = Limit(count)
    tell(end, {"say": "ready"})
    pixels = Pixels(memory)
    while True:
        order = asked.get()
        try:
            picture, alpha = pixels.of(order["height"], order["width"])
            begun = time.perf_counter()
            result = run(picture)
            seconds = time.perf_counter() - begun
            alpha[...] = result
        except Failed as failed:
            tell(end, failed.message)
        except Exception as error:  # noqa: BLE001  # TensorFlow's and numpy's errors: told, and the next one goes on
            tell(end, Failed("run", error).message)
        else:
            tell(end, {"say": "done", "seconds": seconds})
        picture = alpha = result = None
        limit.give_back()


def tensorflow(versions: Optional[str]) -> Any:
    """TensorFlow 1's interface. versions: a pattern of those that will do, or None."""
    try:
        import tensorflow as installed
    except Exception as error:  # a protobuf too new is a TypeError, a broken library an ImportError
        raise Failed("import", error) from error
    version = version_of(installed)
    if versions is not None and not re.match(versions + r"\Z", version):
        raise Failed("version", version)
    try:
        import tensorflow.compat.v1 as tf
    except Exception as error:  # as above
        raise Failed("import", error) from error
    return tf


def version_of(installed: Any) -> str:
    """Its version, with the name of a build of somebody's own ("1.15.5+nv23.3"), which its folder alone has."""
    version = str(getattr(installed, "__version__", "unknown"))
    file = getattr(installed, "__file__", None)
    names = [each.name for each in Path(file).parents[1].glob("*tensorflow*.dist-info")] if file else []
    for name in sorted(names):
        build = re.match(r"(?:nvidia_)?tensorflow(?:_gpu)?-([^-+]+\+[^-]+)\.dist-info\Z", name)
        if build and build.group(1).split("+")[0] == version:
            return build.group(1)
    return version


def configuration(tf: Any, begin: Message) -> Any:
    """What the process has of the devices; TensorFlow takes it from the first who asks, for good."""
    config = tf.ConfigProto(allow_soft_placement=True)
    config.intra_op_parallelism_threads = config.inter_op_parallelism_threads = begin["threads"]
    if begin["gpu"]:
        config.gpu_options.per_process_gpu_memory_fraction = begin["fraction"]
        config.gpu_options.allow_growth = begin["growth"]
    else:
        config.device_count["GPU"] = 0
    return config


def found(tf: Any, config: Any) -> Message:
    """What there is to run on."""
    from tensorflow.python.client import device_lib
    from tensorflow.python.platform import build_info

    try:
        devices = device_lib.list_local_devices(config)
    except Exception as error:  # a GPU without memory
        raise Failed("gpu", error) from error
    cards = [each.physical_device_desc for each in devices if each.device_type == "GPU"]
    cuda = getattr(build_info, "cuda_version_number", "") if tf.test.is_built_with_cuda() else "none"
    return {"version": version_of(sys.modules["tensorflow"]), "cuda": cuda, "cards": cards}


def load(tf: Any, path: str, config: Any) -> Callable[[Any], Any]:
    """A function of a picture, uint8 [H, W, 3], that gives its alpha, uint8 [H, W]."""
    definition, graph = tf.GraphDef(), tf.Graph()
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise Failed("file", error.strerror or error) from error
    try:
        definition.ParseFromString(content)
        with graph.as_default():
            tf.import_graph_def(definition, name="")
        image, png = graph.get_tensor_by_name("input_image:0"), graph.get_tensor_by_name("output_png:0")
        session = tf.Session(graph=graph, config=config)
    except Exception as error:  # of protobuf, of the import, of a tensor that is not there
        raise Failed("graph", error) from error

    def run(picture: Any) -> Any:
        result = session.run(png, {image: picture})
        if getattr(result, "shape", None) != (*picture.shape[:2], 4) or result.dtype != picture.dtype:
            wanted = "output_png is to be uint8 {} x {} x 4".format(*picture.shape[:2])
            gave = f"{getattr(result, 'dtype', type(result).__name__)} {getattr(result, 'shape', '')}"
            raise Failed("graph", f"{wanted}, and is {gave}")
        return result[..., 3]

    return run


class Limit:
    """From here on allocations fail where the process would take more than `count` bytes (0: none do); see
    engine.memory.enforce."""

    def __init__(self, count: int) -> None:
        self._count = count
        if count:
            untouched = in_memory("VmData") - in_memory("RssAnon")
            _, most = resource.getrlimit(resource.RLIMIT_DATA)
            wanted = count + untouched + _STACKS
            soft = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
            resource.setrlimit(resource.RLIMIT_DATA, (soft, most))

    def give_back(self) -> None:
        """Where half of it is taken after a run, gives back what that has freed: the C library would keep it, in pieces
        that a picture of another size cannot use."""
        if self._count and in_memory("RssAnon") > self._count / 2:
            ctypes.CDLL(None).malloc_trim(ctypes.c_size_t(0))


def in_memory(key: str) -> int:
    """Bytes, of this process; proc(5)."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return int(status[key].split()[0]) * 1024


class Pixels:
    """The shared memory as arrays; mapped anew where its size is another."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._map: Optional[mmap.mmap] = None

    def of(self, height: int, width: int) -> Tuple[Any, Any]:
        """The picture and the place of its alpha."""
        import numpy

        count = height * width
        if self._map is None or len(self._map) != 4 * count:
            self._map = mmap.mmap(self._descriptor, 4 * count)
        picture = numpy.frombuffer(self._map, numpy.uint8, 3 * count).reshape(height, width, 3)
        return picture, numpy.frombuffer(self._map, numpy.uint8, count, 3 * count).reshape(height, width)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
