"""Conversions between buckets that are killed in the middle of their writing, again and again.

    python -m tests.bucket_kills --objects 1000 --kills 20 --seed 1

The server kills the process at random requests that write: before it obeys one, or after it has and
before it answers. No output may be missing, uploaded twice, or there in part at any moment.
"""

import argparse
import logging
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from werkzeug.wrappers import Request

from tests.media_files import write_picture
from tests.pairs import darkening, identity, write_pair
from tests.s3_server import S3Server, s3_server

__all__ = ["Kills", "kill_in_buckets"]

log = logging.getLogger(__name__)

_READING = ("GET", "HEAD")

_WORDS = ["s3://killed/in", "--to", "night", "-o", "s3://killed/out", "--device", "cpu", "-q"]


@dataclass
class Kills:
    """What came of the kills.

    Attributes:
        objects: The number of outputs.
        kills: Runs that were killed.
        runs: Runs in all.
        uploaded: How often each output was written.
        found: The number of outputs that were there after each kill.
    """

    objects: int
    kills: int = 0
    runs: int = 0
    uploaded: Counter[str] = field(default_factory=Counter)
    found: list[int] = field(default_factory=list)


class _Killer:
    """Kills a process at one of its writing requests."""

    def __init__(self, server: S3Server, figures: Kills) -> None:
        self._figures = figures
        self._lock = threading.Lock()
        self._left = 0
        self._is_before = False
        self.process: subprocess.Popen[bytes] | None = None
        server.dropped = self._arrived
        server.done = self._obeyed

    def aim(self, process: subprocess.Popen[bytes], requests: int, *, is_before: bool) -> None:
        """Kill a process at the request after so many."""
        with self._lock:
            self.process, self._left, self._is_before = process, requests, is_before

    def rest(self) -> None:
        """Kill no process, and obey all requests."""
        with self._lock:
            self.process = None

    def _arrived(self, request: Request) -> bool:
        if request.method in _READING:
            return False
        with self._lock:
            if self.process is None:
                return False
            if self._is_before and self._left == 1:
                self._kill()
            return self.process.returncode is not None

    def _obeyed(self, request: Request, status: str) -> None:
        if request.method in _READING:
            return
        with self._lock:
            is_output = request.path.startswith("/killed/out/") and "/." not in request.path
            if is_output and request.method == "PUT" and status.startswith("200"):
                self._figures.uploaded[request.path.removeprefix("/killed/out/")] += 1
            self._left -= 1
            if self.process is not None and self._left == 0:
                self._kill()

    def _kill(self) -> None:
        assert self.process is not None
        self._left = 0
        self.process.kill()
        self.process.wait()


def kill_in_buckets(objects: int, kills: int, seed: int) -> Kills:
    """Convert objects between buckets in the current folder, killed so often.

    Args:
        objects: The number of pictures.
        kills: The number of kills.
        seed: Decides the moments.

    Raises:
        AssertionError: An output was missing, doubled or there in part.
    """
    moments, figures = random.Random(seed), Kills(objects)
    for index in range(objects):
        suffix = ".png" if index % 50 == 0 else ".jpg"
        write_picture(Path(f"in/{index % 7}/{index}{suffix}"))
    assert _start(["in", *_WORDS[1:4], "whole", *_WORDS[5:]]).wait() == 0
    whole = {
        path.relative_to("whole").as_posix(): path.read_bytes()
        for path in Path("whole").rglob("*.*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert len(whole) == objects
    with s3_server() as server:
        server.bucket("killed")
        for path in sorted(Path("in").rglob("*.*")):
            server.put("killed", path.as_posix(), path.read_bytes())
        killer = _Killer(server, figures)
        while figures.kills < kills:
            # An equal share of the rest for each kill that is left.
            rest = objects - len(figures.uploaded)
            most = max(2, rest // (kills - figures.kills))
            process = _start(_WORDS)
            killer.aim(process, moments.randint(1, most), is_before=moments.random() < 0.5)
            code = process.wait()
            figures.runs += 1
            figures.kills += code != 0
            there = server.objects("killed", "out/")
            assert all(whole[name] == content for name, content in there.items())
            figures.found.append(len(there))
            log.info("%d kills: %d of %d objects", figures.kills, len(there), objects)
            if code == 0:
                break
        killer.rest()
        assert _start(_WORDS).wait() == 0
        figures.runs += 1
        assert server.objects("killed", "out/") == whole
        writes = server.requests["PUT object"]
        assert _start(_WORDS).wait() == 0
        assert server.requests["PUT object"] == writes
        server.empty("killed")
    assert set(figures.uploaded) == set(whole)
    assert set(figures.uploaded.values()) == {1}
    return figures


def _start(words: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "mediatrans", "convert", *words])


def main() -> None:
    """Kill, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=1000, help="the number of pictures (1000)")
    parser.add_argument("--kills", type=int, default=20, help="the number of kills (20)")
    parser.add_argument("--seed", type=int, default=1, help="decides the moments (1)")
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CACHE_HOME"] = folder
        write_pair(Path("models"), forward=darkening(), back=identity())
        begun_s = time.monotonic()
        figures = kill_in_buckets(wanted.objects, wanted.kills, wanted.seed)
        sys.stdout.write(
            f"{figures.objects} objects, {figures.kills} kills, {figures.runs} runs, "
            f"{time.monotonic() - begun_s:.0f} s; there after each kill: {figures.found}\n"
        )


if __name__ == "__main__":
    main()
