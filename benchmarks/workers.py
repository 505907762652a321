"""Benchmark of `convert --workers` and of Ray: arms of one-thread workers, a folder and a film.

    python benchmarks/workers.py
    python benchmarks/workers.py --arms 1,2,4 --frames 1000 --size 640x360 --rounds 3
    python benchmarks/workers.py --arms 2,ray2 --only pictures --pictures 2000
    python benchmarks/workers.py --cores                    # Linux: one core for each worker

An arm is a number of workers, with "ray" before it for as many actors of a local Ray.
The arms take turns, each in a separate process, so that other load on the machine affects all of
them alike. The time of an arm is that of the whole command, with the loading of the model. The CPU
time, which other load changes less, is that of all its processes. The cycle check is off. Outputs
of all arms are compared: they must be the same bytes.

A worker of one thread generates with one, and decodes and encodes with others: alone it uses more
than one core. With `--cores` an arm of N workers may use N cores, as on a machine that has no more.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from PIL import Image

from mediatrans import ConvertOptions, convert

_SEGMENT = 25


def picture(index: int, width: int, height: int) -> np.ndarray:
    """Moving, textured bars, uint8 [H, W, 3]; no two are equal."""
    rows, columns = np.mgrid[:height, :width]
    grain = np.random.default_rng(0).integers(0, 40, (height, 2 * width), dtype=np.uint8)
    bars = ((columns + rows // 2 + 3 * index) % 200).astype(np.uint8)
    bars += grain[:, 2 * index % width :][:, :width]
    return np.dstack([bars, 255 - bars, bars // 2])


def draw(folder: Path, args: argparse.Namespace) -> None:
    """Write the film and the folder of pictures."""
    width, height = map(int, args.size.split("x"))
    (folder / "pictures").mkdir()
    for index in range(args.pictures):
        Image.fromarray(picture(index, width, height)).save(folder / f"pictures/{index:05}.png")
    with av.open(folder / "film.mp4", "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(args.frames):
            frame = av.VideoFrame.from_ndarray(picture(index, width, height), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def run(source: Path, output: Path, arm: str, args: argparse.Namespace) -> None:
    workers = int(arm.removeprefix("ray"))
    if args.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:workers])
    options = ConvertOptions(
        output=output,
        model=args.model,
        device="cpu",
        threads=1,
        workers=workers,
        check_every=0,
        segment_frames=_SEGMENT,
        executor="ray" if arm.startswith("ray") else "local",
    )
    report = convert(source, args.to, options)
    if report.exit_code:
        sys.exit(f"exit code {report.exit_code}")


def digest(output: Path) -> str:
    """The digest of a file, or of all pictures of a folder."""
    files = [output] if output.is_file() else sorted(output.glob("*.png"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def measure(folder: Path, args: argparse.Namespace) -> None:
    for source in ("pictures", "film.mp4"):
        if args.only and not source.startswith(args.only):
            continue
        times: dict[str, list[float]] = {arm: [] for arm in args.arms}
        cpu_s: dict[str, list[float]] = {arm: [] for arm in args.arms}
        digests = set()
        for turn in range(args.rounds):
            for arm in times:
                suffix = "" if source == "pictures" else ".mp4"
                output = folder / f"out-{turn}-{arm}{suffix}"
                words = [*sys.argv[1:], "--arm", str(folder / source), str(output), arm]
                began_s, used_s = time.monotonic(), _used_s()
                subprocess.run([sys.executable, __file__, *words], check=True)
                times[arm].append(round(time.monotonic() - began_s, 1))
                cpu_s[arm].append(round(_used_s() - used_s, 1))
                digests.add(digest(output))
        medians = {arm: statistics.median(each) for arm, each in times.items()}
        first = medians[args.arms[0]]
        result = {
            "source": source,
            "seconds": times,
            "cpu_seconds": cpu_s,
            "speed": {arm: round(first / median, 2) for arm, median in medians.items()},
            "same_bytes": len(digests) == 1,
            "load": os.getloadavg(),
        }
        print(json.dumps(result), flush=True)


def _used_s() -> float:
    """The CPU time of all processes of the arms that have ended, those of workers among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--to", default="winter")
    parser.add_argument("--model")
    parser.add_argument("--size", default="320x180")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", choices=["pictures", "film"])
    parser.add_argument("--arms", default=["1", "2"], type=lambda text: text.split(","))
    parser.add_argument("--cores", action="store_true", help="as many cores as workers")
    parser.add_argument("--arm", nargs=3)
    args = parser.parse_args()
    if args.arm:
        source, output, arm = args.arm
        run(Path(source), Path(output), arm, args)
        return
    with tempfile.TemporaryDirectory() as place:
        draw(Path(place), args)
        measure(Path(place), args)


if __name__ == "__main__":
    main()
