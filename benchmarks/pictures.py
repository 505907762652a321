"""Benchmark of `mediatrans convert` on a folder of pictures, compared with a simple script.

    python benchmarks/pictures.py --to winter                       # 500 drawn JPEGs of 1024x1024
    python benchmarks/pictures.py --to winter --pictures 100 --rounds 3 --device cpu

The arms take turns, each in a process of its own. `convert` is `mediatrans.convert` without the
cycle check. `script` is cv2.imread, the same translator (engine, working size, restoring) and
cv2.imwrite, one picture after the other; `full` is the same script with the generator at full size.
Times are those of the whole arm less the loading of the model.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mediatrans import ConvertOptions, Translator, convert
from mediatrans.translate.work_size import WorkSize

_ARMS = ("convert", "script", "full")


def draw(folder: Path, count: int, side: int) -> None:
    """Write drawn landscapes with detail of all scales, no two equal."""
    random = np.random.default_rng(0)
    for index in range(count):
        landscape = np.zeros((side, side, 3))
        for cells in (4, 16, 64, 256):
            noise = random.normal(0, cells**-0.5, (cells, cells, 3))
            landscape += cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
        pixels = np.asarray(127 + 110 * landscape / np.abs(landscape).max(), np.uint8)
        cv2.imwrite(str(folder / f"{index:04}.jpg"), pixels)


def run_convert(source: Path, output: Path, args: argparse.Namespace) -> float:
    """Seconds of `convert`, less those on a single picture."""
    options: dict[str, Any] = {
        "model": args.model,
        "device": args.device,
        "check_every": 0,
        "overwrite": True,
    }
    began_s = time.perf_counter()
    convert(next(source.iterdir()), args.to, ConvertOptions(output=output / "a.jpg", **options))
    loaded_s = time.perf_counter()
    report = convert(source, args.to, ConvertOptions(output=output, **options))
    if report.exit_code:
        sys.exit(f"exit code {report.exit_code}")
    return time.perf_counter() - loaded_s - (loaded_s - began_s)


def run_script(source: Path, output: Path, args: argparse.Namespace) -> float:
    """Seconds of the loop, less those of loading."""
    size: WorkSize = "full" if args.arm == "full" else "auto"
    translator = Translator.load(args.to, model=args.model, device=args.device, work_size=size)
    began_s = time.perf_counter()
    for path in sorted(source.iterdir()):
        picture = cv2.imread(str(path))
        assert picture is not None
        rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        translated = translator(rgb)
        target = str(output / path.name)
        cv2.imwrite(target, cv2.cvtColor(translated, cv2.COLOR_RGB2BGR))
    return time.perf_counter() - began_s


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--to", required=True, help="the domain to translate to")
    parser.add_argument("--model", help="as for mediatrans convert")
    parser.add_argument("--device", default="auto", help="as for mediatrans convert")
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--arm", choices=_ARMS, help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.arm:
        run = run_convert if args.arm == "convert" else run_script
        with tempfile.TemporaryDirectory() as output:
            print(run(args.source, Path(output), args))
        return
    taken: dict[str, list[float]] = {arm: [] for arm in _ARMS}
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder), args.pictures, args.side)
        for _ in range(args.rounds):
            for arm in _ARMS:
                words = [*sys.argv[1:], "--arm", arm, "--source", folder]
                done = subprocess.run(
                    [sys.executable, __file__, *words], stdout=subprocess.PIPE, check=True
                )
                taken[arm].append(float(done.stdout) / args.pictures)
                print(f"{arm}: {1000 * taken[arm][-1]:.0f} ms a picture", flush=True)
    for arm in ("script", "full"):
        ratios = [other / ours for other, ours in zip(taken[arm], taken["convert"], strict=True)]
        print(f"{arm} / convert: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
