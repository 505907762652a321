"""Benchmark of the flicker of translated videos, without and with stabilisation.

    python benchmarks/flicker.py --to winter clip.mp4 other.mkv
    python benchmarks/flicker.py --to winter --frames 60 clips/*

Flicker is the mean absolute difference between consecutive frames of the translation, the earlier
one warped by the source's optical flow, divided by the same difference of the source. 1 means as
steady as the source. Sharpness is the gradient energy against that of the translation without
stabilisation, in the median. The times are CPU times of the process, per frame: of the translation
and of stabilising it. No encoder is involved.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import get_args

import cv2
import numpy as np

from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.quality.flicker import change_along, optical_flow
from mediatrans.translate.engines.device_words import Precision
from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.stabilise import Stabilise
from mediatrans.translate.translator import Translator


def frames_of(path: Path, skip: int, count: int) -> Iterator[Pixels]:
    """Frames of a video, uint8 [H, W, 3] RGB."""
    options = ReadOptions(keep_partial=True)
    with open_source(Input(path, "video"), options) as source:
        yield from (frame.pixels for frame in islice(source, skip, skip + count))


def gradient_energy(picture: Pixels) -> float:
    """The mean squared difference between neighbouring pixels of the luminance."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(sum(np.square(np.diff(grey, axis=axis)).mean() for axis in (0, 1)))


class Timed:
    """A translator that keeps its last translations and the CPU time it took."""

    def __init__(self, translator: Translator) -> None:
        self._translate = translator.series_stage
        self.made: list[Pixels] = []
        self.seconds = 0.0

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        begin = time.process_time()
        self.made = self._translate(frames)
        self.seconds += time.process_time() - begin
        return self.made


def measure(frames: Iterator[Pixels], translator: Translator, strength: float) -> str:
    """The figures of a clip, as a line."""
    generator = Timed(translator)
    stage = Stabilise(generator, strength)
    changes, sharpness, seconds = [], [], 0.0
    before: list[Pixels] = []
    for frame in frames:
        begin = time.process_time()
        (on,) = stage([frame])
        seconds += time.process_time() - begin
        now = [frame, generator.made[0], on]
        if before:
            flow = optical_flow(before[0], frame)
            changes.append([change_along(flow, *pair) for pair in zip(before, now, strict=True)])
        off_energy = gradient_energy(now[1])
        if off_energy:
            sharpness.append(gradient_energy(on) / off_energy)
        before = now
    if not changes:
        return "fewer than two frames"
    source, off, on_change = np.mean(changes, axis=0)
    if source < 0.1:
        return f"the source is at rest; its translation changes by {off:.2f}, {on_change:.2f}"
    count = len(changes) + 1
    own = seconds - generator.seconds
    return (
        f"flicker {off / source:.2f} -> {on_change / source:.2f}, "
        f"sharpness {np.median(sharpness or [1.0]):.3f}, "
        f"{1000 * generator.seconds / count:.0f} + {1000 * own / count:.0f} ms "
        f"({own / generator.seconds:.0%}), {count} frames of {before[0].shape[1]}x"
        f"{before[0].shape[0]}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--to", required=True, help="the domain to translate to")
    parser.add_argument("--model", help="the model, if not the first found")
    parser.add_argument("--frames", type=int, default=60, help="frames of each clip")
    parser.add_argument("--skip", type=int, default=0, help="frames before them")
    parser.add_argument("--stabilise", type=float, default=1.0)
    parser.add_argument("--precision", default="auto", choices=get_args(Precision))
    how = parser.parse_args()
    translator = Translator.load(how.to, model=how.model, precision=how.precision)
    print(f"{translator.generator.path}, {translator.identity}")
    for clip in how.clips:
        line = measure(frames_of(clip, how.skip, how.frames), translator, how.stabilise)
        print(f"{clip.name}: {line}", flush=True)


if __name__ == "__main__":
    main()
