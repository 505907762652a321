"""Drivers, workers and nodes that are killed at any moment, over a folder with a film in it.

    python -m tests.worker_kills --how processes --kills 50 --seed 1
    python -m tests.worker_kills --how ray --kills 50
    python -m tests.worker_kills --how nodes --kills 50

"processes" are those of `--workers 2`; "ray" is a Ray that each run starts for itself; "nodes" is
a running Ray cluster of two nodes on this machine, one of which is also taken away. A killed driver
is followed by other runs, killed or not, until one comes to its end. After every run that does,
each output must have the bytes (videos: the packets) of one process, and nothing else may be there.
"""

import argparse
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conversion.long_videos import packets
from tests.media_files import write_clip, write_picture
from tests.pairs import darkening, identity, write_pair

__all__ = ["HOW", "Figures", "kill_workers"]

log = logging.getLogger(__name__)

_MEDIATRANS = [sys.executable, "-m", "mediatrans"]
_WORKERS = (b"multiprocessing.spawn", b"ray::_Actor")
_PICTURES = 20

Target = Callable[[int], str | None]
"""Kills something, given the driver's process identifier; says what, or None where nothing is."""


@dataclass
class Figures:
    """What came of the kills.

    Attributes:
        kills: How often a driver, a worker or a node was killed.
        completed: Runs to the end, whose outputs were compared.
        missed: Runs that ended before anything was killed.
    """

    kills: Counter[str] = field(default_factory=Counter)
    completed: int = 0
    missed: int = 0


@dataclass
class _Way:
    """A way to have several workers.

    Attributes:
        words: The options of the command line.
        targets: What is killed, at random; a driver at every other time.
    """

    words: list[str]
    targets: list[Target]


@contextmanager
def _processes() -> Iterator[_Way]:
    yield _Way(["--workers", "2"], [_kill_worker])


@contextmanager
def _ray() -> Iterator[_Way]:
    yield _Way(["--workers", "2", "--executor", "ray"], [_kill_worker])


@contextmanager
def _nodes() -> Iterator[_Way]:
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes = [cluster.add_node(num_cpus=1)]

    def kill_node(driver: int) -> str:
        cluster.remove_node(nodes.pop(), allow_graceful=False)
        nodes.append(cluster.add_node(num_cpus=1))
        return "node"

    def kill_actor(driver: int) -> str | None:
        return _kill_worker(os.getpid())  # the cluster's processes are those of this one

    try:
        words = ["--workers", "2", "--executor", f"ray:{cluster.address}"]
        yield _Way(words, [kill_actor, kill_node])
    finally:
        cluster.shutdown()


HOW = {"processes": _processes, "ray": _ray, "nodes": _nodes}
"""The ways to have several workers, by name."""


def kill_workers(how: str, kills: int, seed: int) -> Figures:
    """Convert a folder and a film in the current folder, killed so often.

    Args:
        how: A key of `HOW`.
        kills: The number of kills.
        seed: Decides the moments and what is killed.

    Raises:
        AssertionError: Something was lost, doubled, left or different.
    """
    chance, figures = random.Random(f"{how} {seed}"), Figures()
    for index in range(_PICTURES):
        write_picture(Path(f"in/{index % 3}/{index}.png"), 120, 90)
    write_clip(Path("in/film.mp4"), frames=1300, width=48, height=32)
    alike = ["convert", "in", "--to", "night", "--device", "cpu", "--threads", "1"]
    assert _run([*alike, "-o", "whole"])[0] == 0
    whole = _contents(Path("whole"))
    assert len(whole) == _PICTURES + 1
    with HOW[how]() as way:
        words = [*alike, *way.words, "-o"]
        begun_s = time.monotonic()
        _complete(words, whole)
        lasts_s = time.monotonic() - begun_s
        while figures.kills.total() < kills:
            moment_s = chance.uniform(0.2, 0.9) * lasts_s
            killed, code = _kill_one([*words, "made"], moment_s, way.targets, chance)
            if killed is None:
                figures.missed += 1
            else:
                figures.kills[killed] += 1
            if code is not None:
                assert code == 0, (killed, code)
                _complete(words, whole)
                figures.completed += 1
            log.info("%s: %s", how, figures)
        _complete(words, whole)
        figures.completed += 1
    return figures


def _kill_one(
    words: list[str], after_s: float, targets: list[Target], chance: random.Random
) -> tuple[str | None, int | None]:
    """Run, kill the driver or something else, and wait; what was killed, and the exit code."""
    with subprocess.Popen([*_MEDIATRANS, *words], stdout=subprocess.DEVNULL) as process:
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            if chance.random() < 0.5:
                process.kill()
                process.wait()
                return "driver", None
            return chance.choice(targets)(process.pid), process.wait()
    return None, process.returncode


def _kill_worker(ancestor: int) -> str | None:
    workers = sorted(_workers_of(ancestor))
    if not workers:
        return None
    os.kill(random.choice(workers), signal.SIGKILL)
    return "worker"


def _workers_of(ancestor: int) -> list[int]:
    """The process identifiers of the workers below a process."""
    parents: dict[int, int] = {}
    lines: dict[int, bytes] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            status = (place / "stat").read_text().rpartition(")")[2].split()
            lines[int(place.name)] = (place / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(place.name)] = int(status[1])
    family = {ancestor}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return [pid for pid in family if any(word in lines.get(pid, b"") for word in _WORKERS)]


def _run(words: Sequence[str]) -> tuple[int, list[dict[str, Any]]]:
    """A run to its end: its exit code and the rows of its report."""
    done = subprocess.run([*_MEDIATRANS, *words, "--json"], capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    if done.returncode:
        sys.stderr.write(done.stderr)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def _contents(folder: Path) -> dict[Path, Any]:
    """Every output in a folder: a picture's bytes, a video's packets."""
    return {
        path.relative_to(folder): packets(path) if path.suffix == ".mp4" else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".mediatrans.jsonl"
    }


def _complete(words: list[str], whole: dict[Path, Any]) -> None:
    """Run to the end, compare everything, and begin again."""
    code, rows = _run([*words, "made"])
    assert code == 0
    assert len(rows) == len(whole)
    assert {row["status"] for row in rows} <= {"ok", "skipped"}
    assert _contents(Path("made")) == whole
    for path in sorted(Path("made").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def main() -> None:
    """Kill, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--how", choices=sorted(HOW), default="processes")
    parser.add_argument("--kills", type=int, default=50, help="the number of kills (50)")
    parser.add_argument("--seed", type=int, default=1, help="decides the moments (1)")
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["XDG_DATA_HOME"] = folder
        write_pair(Path("models"), forward=darkening(), back=identity())
        begun_s = time.monotonic()
        figures = kill_workers(wanted.how, wanted.kills, wanted.seed)
        sys.stdout.write(f"{wanted.how}: {figures}, {time.monotonic() - begun_s:.0f} s\n")


if __name__ == "__main__":
    main()
