"""Processes that begin where Python has the libraries loaded: a second less than a new Python.

`python_words()` stands for `sys.executable` in front of `-m` or `-c`. What it starts is a real
process with descriptors, a current folder, an environment and an end of its own; signals reach
it. Tests of what a new Python does, and of what it has not loaded yet, start one of their own.
"""

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import secrets
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from PIL import Image

__all__ = ["mediatrans_words", "python_words", "serve"]

PRELOADED = ("cli", "conversion", "quality", "translate", "zoo", "media", "files")
"""Packages of mediatrans; some tests forbid torch, which no module of them imports but one."""
WITH_TORCH = {"mediatrans.cli.evaluate_table"}

ROOT = Path(__file__).parents[1]


def python_words() -> list[str]:
    """The words in front of `-m MODULE` or `-c CODE`, as of a Python interpreter."""
    if sys.platform != "linux":
        return [sys.executable]
    return [sys.executable, "-I", "-S", str(ROOT / "tests" / "fork_client.py"), _address()]


def mediatrans_words() -> list[str]:
    """The words in front of those of a command line."""
    return [*python_words(), "-m", "mediatrans"]


@cache
def _address() -> str:
    """Where the server listens; it is started at the first call, and ends with this process."""
    address = f"mediatrans-tests-{secrets.token_hex(8)}"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"\0{address}")
    listener.listen()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.fork_server", str(listener.fileno())],
        stdin=subprocess.PIPE,
        cwd=ROOT,
        pass_fds=[listener.fileno()],
    )
    listener.close()
    atexit.register(server.communicate)
    return address


def _preload() -> None:
    """Import what most runs import."""
    for package in PRELOADED:
        folder = ROOT / "mediatrans" / package
        for module in pkgutil.walk_packages([str(folder)], f"mediatrans.{package}."):
            if module.name not in WITH_TORCH:
                importlib.import_module(module.name)
    assert "torch" not in sys.modules
    importlib.import_module("onnxruntime")
    Image.init()
    gc.collect()
    gc.freeze()


def serve(listener: socket.socket) -> dict[str, Any] | None:
    """Fork for whoever asks.

    Returns:
        What to run, in a process that was forked; None at the end of standard input.
    """
    clients: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector, listener, _ends_of_children() as ended:
        for ready in (0, ended, listener):
            selector.register(ready, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj == 0:
                    return None
                if key.fileobj is listener:
                    client = listener.accept()[0]
                    wanted, files = _read_wish(client)
                    if not (pid := os.fork()):
                        for other in (client, *clients.values()):
                            other.close()
                        for ours, file in enumerate(files):
                            os.dup2(file, ours)
                            os.close(file)
                        return wanted
                    for file in files:
                        os.close(file)
                    clients[pid] = client
                    selector.register(client, selectors.EVENT_READ, pid)
                    client.sendall(f"{pid}\n".encode())
                elif key.fileobj == ended:
                    os.read(ended, 4096)
                    _report_ends(clients, selector)
                elif key.data in clients:  # the client is gone, killed perhaps
                    os.kill(key.data, signal.SIGKILL)
                    selector.unregister(key.fileobj)


@contextmanager
def _ends_of_children() -> Iterator[int]:
    """A descriptor that can be read whenever a child has ended."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        yield woken
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(woken)
        os.close(wakes)


def _read_wish(client: socket.socket) -> tuple[dict[str, Any], list[int]]:
    size, files, _, _ = socket.recv_fds(client, 8, 3)
    with client.makefile("rb") as stream:
        wanted = json.loads(stream.read(int.from_bytes(size, "big")))
    return wanted, files


def _report_ends(clients: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    """Tell the clients of the processes that ended how they did."""
    while clients:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        client = clients.pop(pid)
        if client in selector.get_map():
            selector.unregister(client)
        with client:
            try:
                client.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            except OSError:
                continue  # killed, and the process after it


def _begin(wanted: dict[str, Any]) -> None:
    """Do what a new Python would do with these words."""
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        raw = io.FileIO(number, "r" if number == 0 else "w", closefd=False)
        buffer = io.BufferedReader(raw) if number == 0 else io.BufferedWriter(raw)
        errors = "backslashreplace" if name == "stderr" else "surrogateescape"
        is_by_line = name == "stderr" or raw.isatty()
        stream = io.TextIOWrapper(buffer, "utf-8", errors, line_buffering=is_by_line)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    for number in wanted["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    kind, what, *words = wanted["words"]
    sys.argv = [kind, *words]
    sys.path.insert(0, "")
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.modules["__main__"] = main = ModuleType("__main__")
        exec(compile(what, "<string>", "exec"), main.__dict__)


if __name__ == "__main__":
    _preload()
    if (wish := serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        _begin(wish)
