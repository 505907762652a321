"""Benchmark of the working size: `convert --work-size auto` against `full` on one video.

    python benchmarks/working_size.py                         # a drawn clip of 1920x1080, 24 frames
    python benchmarks/working_size.py --video clip.mp4 --frames 50 --rounds 3
    python benchmarks/working_size.py --model runs/model --to winter

Three arms take turns: `auto` and `full` convert the same frames, `small` converts the frames
reduced to the working size beforehand, with `auto`. The engine is the same, nothing is checked.
Then the stages of `auto` are timed one by one on the decoded frames. All times are given as wall
time and as CPU time of all threads. Other load on the machine lengthens the first and hardly the
second.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import av
import cv2
import numpy as np

from mediatrans import ConvertOptions, Translator, convert
from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.translate.engines.choice import open_engine
from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.fit import fitted
from mediatrans.translate.stages.generate import Generate
from mediatrans.translate.stages.recolour import recoloured
from mediatrans.translate.stages.reduce import reduced
from mediatrans.translate.work_size import WorkSize

_T = TypeVar("_T")


def draw_clip(path: Path, frames: int, width: int, height: int) -> None:
    """Write a clip that moves over a drawn landscape with detail of all scales."""
    random = np.random.default_rng(0)
    landscape = np.zeros((height, width + 3 * frames, 3))
    for side in (4, 16, 64, 256, 1024):
        noise = random.normal(0, side**-0.5, (side, side, 3))
        landscape += cv2.resize(noise, landscape.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    pixels = np.asarray(127 + 110 * landscape / np.abs(landscape).max(), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "20"})
        stream.width, stream.height = width, height
        for index in range(frames):
            view = np.ascontiguousarray(pixels[:, 3 * index :][:, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(view, "rgb24")))
        container.mux(stream.encode(None))


def frames_of(path: Path, count: int) -> Iterator[Pixels]:
    """The first frames of a video, uint8 [H, W, 3] RGB."""
    with open_source(Input(path, "video"), ReadOptions()) as source:
        for frame in islice(source, count):
            yield frame.pixels


def write_reduced(video: Path, target: Path, count: int, side: int | None) -> None:
    """Write the first frames of a video, reduced to the working size."""
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "18"})
        for pixels in frames_of(video, count):
            small = reduced(pixels, side)
            even = small[: small.shape[0] // 2 * 2, : small.shape[1] // 2 * 2]
            if not stream.height:
                stream.height, stream.width = even.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def spent_converting(
    video: Path, output: Path, args: argparse.Namespace, work_size: WorkSize
) -> tuple[float, float]:
    """Wall and CPU seconds per frame of one conversion."""
    options = ConvertOptions(
        output=output,
        model=args.model,
        threads=args.threads,
        work_size=work_size,
        preview=args.frames,
        check_every=0,
        overwrite=True,
    )
    began = time.perf_counter(), time.process_time()
    (job,) = convert(video, args.to, options).jobs
    if job.status != "ok" or job.repeated_frames:
        sys.exit(f"{job.status}: {job.error}, {job.repeated_frames} repeated frames")
    wall_s, cpu_s = time.perf_counter() - began[0], time.process_time() - began[1]
    return wall_s / job.frames, cpu_s / job.frames


def compare(video: Path, small: Path, args: argparse.Namespace) -> None:
    """Let the arms take turns, and print their medians and the medians of their ratios."""
    arms: dict[str, tuple[Path, WorkSize]] = {
        "auto": (video, "auto"),
        "full": (video, "full"),
        "small": (small, "auto"),
    }
    taken: dict[str, list[tuple[float, float]]] = {arm: [] for arm in arms}
    for round_ in range(args.rounds):
        for arm, (path, work_size) in arms.items():
            taken[arm].append(spent_converting(path, small.with_name("out.mp4"), args, work_size))
            print(f"round {round_ + 1}, {arm}: {taken[arm][-1][0]:.3f} s/frame", file=sys.stderr)
    print("                wall     CPU")
    for arm, spent in taken.items():
        print(
            f"{arm:12}",
            *(f"{statistics.median(c):7.3f}" for c in zip(*spent, strict=True)),
            "s/frame",
        )
    for over, under in (("full", "auto"), ("auto", "small")):
        rounds = zip(taken[over], taken[under], strict=True)
        ratios = [(a[0] / b[0], a[1] / b[1]) for a, b in rounds]
        print(
            f"{over + ' / ' + under:12}",
            *(f"{statistics.median(c):7.2f}" for c in zip(*ratios, strict=True)),
        )


class Clock:
    """Collects the wall and CPU times of named steps."""

    def __init__(self) -> None:
        self.taken: dict[str, list[tuple[float, float]]] = {}

    def __call__(self, name: str, step: Callable[..., _T], *given: Any) -> _T:
        began = time.perf_counter(), time.process_time()
        result = step(*given)
        spent = time.perf_counter() - began[0], time.process_time() - began[1]
        self.taken.setdefault(name, []).append(spent)
        return result


def time_stages(translator: Translator, video: Path, args: argparse.Namespace) -> None:
    """Print the medians of each stage's time per frame."""
    found, clock = translator.generator, Clock()
    engine = open_engine(found.path, device="auto", threads=args.threads)
    generate = Generate(engine, found.size_rule, found.path)
    for index, frame in enumerate(frames_of(video, args.frames)):
        clock = Clock() if index == 1 else clock  # the first frame warms up
        small = clock("reduce", reduced, frame, translator.working_side)
        (draft,) = clock("generate", generate, [small])
        maps = draft.maps or clock("fit", fitted, small, draft.image)
        clock("recolour", recoloured, frame, maps, args.threads or 2)
    print(f"{'stage':9} wall, ms  CPU, ms")
    for name, spent in clock.taken.items():
        wall, cpu = (1000 * statistics.median(column) for column in zip(*spent, strict=True))
        print(f"{name:9} {wall:8.1f} {cpu:8.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--video", type=Path, help="a video; the default is a synthetic clip")
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--to", default="winter")
    parser.add_argument("--model", help="as for mediatrans convert")
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    translator = Translator.load(args.to, model=args.model, threads=args.threads)
    with tempfile.TemporaryDirectory() as place:
        video, small = args.video or Path(place, "clip.mp4"), Path(place, "small.mp4")
        if args.video is None:
            draw_clip(video, args.frames, args.width, args.height)
        write_reduced(video, small, args.frames, translator.working_side)
        print(f"{translator.identity}, working size {translator.working_side}")
        compare(video, small, args)
        time_stages(translator, video, args)


if __name__ == "__main__":
    main()
