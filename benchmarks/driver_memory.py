"""Benchmark of the memory of the process that drives several workers, with very many tasks.

    python benchmarks/driver_memory.py --tasks 10000,100000
    TMPDIR=/dev/shm python benchmarks/driver_memory.py    # where syncing each file takes long

The plan, the dispatcher, the publishing, the manifest and the report are those of a conversion. The
pool is not: its workers answer at once, with a copy of one converted picture and with its result,
as many figures and other values. So the driver is measured and not the translation. The same
conversion follows once more, which finds all pictures done. Figures are peaks of the resident
memory (VmHWM) of a process that does nothing else, with the loaded models and, with `--ray`, a
local Ray.
"""

import argparse
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from mediatrans import ConvertOptions, Report, convert
from mediatrans.conversion.events import Events, ResultCollector
from mediatrans.conversion.executors.dispatcher import Dispatcher
from mediatrans.conversion.executors.messages import Ended, Item, Message, Ready, key_of
from mediatrans.conversion.line import run_tasks
from mediatrans.conversion.task import Result, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.files.fingerprint import Fingerprint
from mediatrans.files.publish import part_path
from mediatrans.quality.cycle import CycleFigures, CycleSummary
from mediatrans.quality.figures import FileFigures, Moment
from mediatrans.zoo.find import find

_FOLDERS = 100


class AnsweringPool:
    """Two workers that answer every task with what became of another one.

    Args:
        workshop: The options and the loaded models.
        result: A pickled result.
        picture: The picture that was written.
    """

    size = 2
    pictures = 3

    def __init__(self, workshop: Workshop, result: bytes, picture: bytes) -> None:
        self._workshop = workshop
        self._result = result
        self._picture = picture
        self._inbox: list[tuple[int, Task]] = []
        self._waiting = [0, 1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
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
        part = part_path(task.output)
        part.parent.mkdir(exist_ok=True, parents=True)
        part.write_bytes(self._picture)
        made = varied(pickle.loads(self._result))
        return Ended(key_of(task), replace(made, task=task, fingerprint=Fingerprint.of(part)))


def varied(result: Result) -> Result:
    """A result with the same figures and other values: equal ones would take less memory."""
    assert result.figures is not None
    values = {name: 50 * random.random() for name in result.figures.statistics}
    figures = FileFigures.of([Moment(0, None, values)], (640, 360))
    assert figures is not None
    places = {name: 100 * random.random() for name in result.figures.percentiles}
    raw = CycleFigures(50 * random.random(), random.random(), random.random(), (640, 360))
    return replace(
        result, figures=replace(figures, percentiles=places), cycle=CycleSummary.of([raw])
    )


class Answering:
    """An executor with such a pool."""

    def __init__(self, result: bytes, picture: bytes) -> None:
        self._answer = result, picture

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        Dispatcher(workshop, events, AnsweringPool(workshop, *self._answer)).run(tasks)


def write_answer(picture: Path, args: argparse.Namespace) -> None:
    """Convert a picture, and write what became of it to `result` and `picture`."""
    workshop = Workshop(find(args.to, args.model), ConvertOptions(device="cpu"))
    collected = ResultCollector()
    run_tasks([Task(picture, Path("picture.png").absolute(), "image")], workshop, collected)
    Path("result").write_bytes(pickle.dumps(collected.results[0]))


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
    answering = Answering(Path("result").read_bytes(), Path("picture.png").read_bytes())
    report: Report = convert(f"in-{count}", args.to, options, executor=answering)
    with Path("report.json").open("w") as file:
        file.writelines(report.json_parts())
    lines = Path("/proc/self/status").read_text().splitlines()
    peak_kb = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    result = {
        "tasks": count,
        "statuses": dict(report.counts()),
        "peak_mb": round(peak_kb * 1.024e-3),
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
        os.chdir(place)
        write_pictures(Path("one"), 1)
        write_answer(Path("one/0/0000000.png"), args)
        for count in map(int, args.tasks.split(",")):
            write_pictures(Path(f"in-{count}"), count)
            words = [sys.executable, str(script), *sys.argv[1:], "--arm", str(count)]
            for _ in ("converted", "done before"):
                subprocess.run(words, check=True)
            shutil.rmtree(f"in-{count}")
            shutil.rmtree(f"out-{count}")


if __name__ == "__main__":
    main()
