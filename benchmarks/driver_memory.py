"""Benchmark of the memory of the process that drives several workers, with very many tasks.

    python benchmarks/driver_memory.py --tasks 10000,100000
    TMPDIR=/dev/shm python benchmarks/driver_memory.py    # where syncing each file takes long

The plan, the dispatcher, the publishing, the manifest and the report are those of a conversion. The
pool is not: its workers answer at once, with a copy of one converted picture and of its result, all
figures included. So the driver is measured and not the translation. The same conversion follows
once more, which finds all pictures done. Figures are peaks of the resident memory (VmHWM) of a
process that does nothing else, with the loaded models and, with `--ray`, a local Ray.
"""

import argparse
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image

from mediatrans import ConvertOptions, Report, convert
from mediatrans.conversion.events import Events, ResultCollector
from mediatrans.conversion.executors.dispatcher import Dispatcher
from mediatrans.conversion.executors.messages import Ended, Item, Message, Ready, key_of
from mediatrans.conversion.line import run_tasks
from mediatrans.conversion.task import Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.files.fingerprint import Fingerprint
from mediatrans.files.publish import part_path

_FOLDERS = 100


class AnsweringPool:
    """Two workers that answer every task with what became of the first one."""

    size = 2
    pictures = 3

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._inbox: list[tuple[int, Task]] = []
        self._waiting = [0, 1]
        self._picture = b""
        self._result = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing is open."""

    def send(self, worker: int, item: Item) -> None:
        assert isinstance(item, Task)
        self._inbox.append((worker, item))

    def receive(self) -> Iterator[tuple[int, Message]]:
        while self._waiting:
            yield self._waiting.pop(), Ready(self._workshop.translator.identity)
        given, self._inbox = self._inbox, []
        for worker, task in given:
            yield worker, pickle.loads(pickle.dumps(self._answer(task)))

    def _answer(self, task: Task) -> Ended:
        if not self._result:
            collected = ResultCollector()
            run_tasks([task], self._workshop, collected)
            self._result = pickle.dumps(collected.results[0])
            self._picture = part_path(task.output).read_bytes()
        part = part_path(task.output)
        part.parent.mkdir(exist_ok=True, parents=True)
        part.write_bytes(self._picture)
        made = replace(pickle.loads(self._result), task=task, fingerprint=Fingerprint.of(part))
        return Ended(key_of(task), made)


class Answering:
    """An executor with such a pool."""

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        Dispatcher(workshop, events, AnsweringPool(workshop)).run(tasks)


def write_pictures(folder: Path, count: int) -> None:
    """Write one picture, and links to it."""
    first = folder / "0" / "0000000.png"
    for number in range(_FOLDERS):
        (folder / str(number)).mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(first)
    for index in range(1, count):
        os.link(first, folder / str(index % _FOLDERS) / f"{index:07}.png")


def drive(count: int, args: argparse.Namespace) -> None:
    """Convert in this process, and print its peak."""
    if args.ray:
        import ray

        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    began_s = time.monotonic()
    options = ConvertOptions(output=Path(f"out-{count}"), device="cpu", model=args.model)
    report: Report = convert(f"in-{count}", args.to, options, executor=Answering())
    with Path("report.json").open("w") as file:
        file.writelines(report.json_parts())
    lines = Path("/proc/self/status").read_text().splitlines()
    peak_kb = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    result = {
        "tasks": count,
        "statuses": dict(report.counts()),
        "peak_mb": round(peak_kb / 1000),
        "cpu_s": round(time.process_time()),
        "seconds": round(time.monotonic() - began_s),
    }
    print(json.dumps(result), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tasks", default="1000,10000,100000")
    parser.add_argument("--to", default="winter")
    parser.add_argument("--model")
    parser.add_argument("--ray", action="store_true", help="with a local Ray in the process")
    parser.add_argument("--arm", type=int)
    args = parser.parse_args()
    if args.arm:
        drive(args.arm, args)
        return
    script = Path(__file__).resolve()
    with tempfile.TemporaryDirectory() as place:
        for count in map(int, args.tasks.split(",")):
            write_pictures(Path(place, f"in-{count}"), count)
            words = [sys.executable, str(script), *sys.argv[1:], "--arm", str(count)]
            for _ in ("converted", "done before"):
                subprocess.run(words, check=True, cwd=place)
            shutil.rmtree(Path(place, f"in-{count}"))
            shutil.rmtree(Path(place, f"out-{count}"))


if __name__ == "__main__":
    main()
