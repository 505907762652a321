"""Benchmark of CUDA and TensorRT: prints the tables for docs/performance.md in eight minutes.

    python benchmarks/gpu.py
    python benchmarks/gpu.py --model models/mine --to winter --minutes 8

It needs a machine with an NVIDIA GPU and `pip install "mediatrans[cuda]"`; TensorRT is measured if
it is installed. Four tables: frames a second by engine, number format and size; by frames per
inference call; the time to load, with and without TensorRT's cache; and `convert_video.py` with
every engine. The difference is that from ONNX Runtime on the CPU in float32.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mediatrans.errors import MediatransError
from mediatrans.translate.engines.agreement import Difference, difference, photograph_like
from mediatrans.translate.engines.choice import open_engine, try_devices
from mediatrans.translate.engines.device_words import NumberFormat
from mediatrans.translate.engines.engine import Engine, Pixels
from mediatrans.translate.engines.speed import frames_per_second
from mediatrans.zoo.find import find

SIZES = ((456, 256), (640, 360), (960, 540), (1280, 720), (1920, 1080))
BATCHES = (1, 2, 4, 8)
FORMATS: tuple[NumberFormat, ...] = ("float16", "float32")
CHECKED = (640, 360)


@dataclass(frozen=True)
class Arm:
    """An engine that started, and how long it took to load and to run for the first time."""

    device: str
    precision: NumberFormat
    engine: Engine
    load_s: float
    first_s: float

    @property
    def name(self) -> str:
        return f"{self.device} {self.precision}"


def pictures(count: int, size: tuple[int, int]) -> Pixels:
    random = np.random.default_rng(0)
    return np.stack([photograph_like(random, size[1], size[0]) for _ in range(count)])


def arms(path: Path, cases: list[tuple[str, NumberFormat]]) -> Iterator[Arm]:
    """Open every engine; one that does not start is named."""
    for device, precision in cases:
        began = time.perf_counter()
        try:
            engine = open_engine(path, device=device, precision=precision)
            loaded = time.perf_counter()
            engine.run(pictures(1, CHECKED))
        except MediatransError as error:
            print(f"{device} {precision} is left out: {error}\n", flush=True)
            continue
        yield Arm(device, precision, engine, loaded - began, time.perf_counter() - loaded)


def print_row(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def print_head(*cells: object) -> None:
    print_row(*cells)
    print_row(*["---"] * len(cells))


def speed(engine: Engine, images: Pixels, seconds: float) -> str:
    """Frames a second, or why there are none."""
    try:
        return f"{frames_per_second(engine, images, seconds):.1f}"
    except MediatransError as error:
        return type(error).__name__


def print_sizes(opened: list[Arm], differences: dict[str, Difference], seconds: float) -> None:
    """Frames a second by size, and the difference from the reference."""
    print("\nFrames a second, one frame per inference call:\n")
    print_head("engine", *[f"{w}x{h}" for w, h in SIZES], "largest, mean difference")
    each = seconds / (len(opened) * len(SIZES))
    for arm in opened:
        cells = [speed(arm.engine, pictures(1, size), each) for size in SIZES]
        apart = differences[arm.name]
        print_row(arm.name, *cells, f"{apart.largest}, {apart.mean:.3f}")


def print_batches(opened: list[Arm], seconds: float) -> None:
    """Frames a second by frames per call; a call of two or more uses two streams."""
    print(f"\nFrames a second at {CHECKED[0]}x{CHECKED[1]}, by frames per inference call:\n")
    print_head("engine", *BATCHES)
    each = seconds / (len(opened) * len(BATCHES))
    for arm in opened:
        print_row(arm.name, *[speed(arm.engine, pictures(n, CHECKED), each) for n in BATCHES])


def print_loading(path: Path, opened: list[Arm]) -> None:
    """Seconds to load and to run for the first time; a second time with TensorRT's cache."""
    print("\nSeconds to load and for the first frame, and the same again:\n")
    print_head("engine", "load", "first frame", "load again", "first frame again")
    for arm in opened:
        (again,) = arms(path, [(arm.device, arm.precision)])
        figures = (arm.load_s, arm.first_s, again.load_s, again.first_s)
        print_row(arm.name, *[f"{figure:.2f}" for figure in figures])


def print_conversion(args: argparse.Namespace, opened: list[Arm], ends: float) -> None:
    """What `convert_video.py` finds of a conversion with each engine."""
    print(f"\n`mediatrans convert`, {args.frames} frames of 640x360, batches of 4:\n", flush=True)
    script = Path(__file__).with_name("convert_video.py")
    for arm in opened:
        if time.monotonic() > ends:
            print(f"- {arm.name}: no time left")
            continue
        words = [
            "--arms",
            "convert",
            "--rounds",
            "2",
            "--frames",
            str(args.frames),
            "--to",
            args.to,
        ]
        words += ["--device", arm.device, "--precision", arm.precision, "--batch-size", "4"]
        words += ["--model", args.model] if args.model else []
        done = subprocess.run(
            [sys.executable, str(script), *words], stdout=subprocess.PIPE, check=True, text=True
        )
        print(f"- {arm.name}: {'; '.join(done.stdout.split(chr(10))).strip('; ')}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--to", default="winter")
    parser.add_argument("--model", help="as for mediatrans convert")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--frames", type=int, default=500, help="of the film that is converted")
    parser.add_argument(
        "--device", action="append", help="measure this device; for a trial run without a GPU"
    )
    args = parser.parse_args()
    ends = time.monotonic() + args.minutes * 60
    devices = args.device
    if devices is None:
        found = try_devices()
        for device, problem in found.items():
            print(f"{device}: {problem or 'works'}")
        devices = [d for d, problem in found.items() if d.endswith(":0") and problem is None]
        if not devices:
            sys.exit("no GPU works here; see mediatrans doctor")
    path = find(args.to, args.model).path
    opened = list(arms(path, [(device, f) for device in devices for f in FORMATS]))
    if not opened:
        sys.exit("no engine started")
    reference = open_engine(path, device="cpu").run(pictures(1, CHECKED)).image
    differences = {a.name: difference(a.engine, pictures(1, CHECKED), reference) for a in opened}
    left = max(ends - time.monotonic(), 10.0)
    print_sizes(opened, differences, left * 0.35)
    print_batches(opened, left * 0.2)
    print_loading(path, opened)
    print_conversion(args, opened, ends)


if __name__ == "__main__":
    main()
