"""Benchmark of the flicker of a translated video, compared with its source.

    python benchmarks/flicker.py clip.mp4 clip-winter.mp4

The figure is the mean absolute difference between consecutive frames of the translation, the
earlier one warped by the source's optical flow, divided by the same difference of the source. 1
means as steady as the source. Both files are decoded, so the noise of the encoders is included.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.quality.flicker import measure_flicker


def frames_of(path: Path) -> Iterator[NDArray[np.uint8]]:
    """The frames of a video, uint8 [H, W, 3] RGB."""
    with open_source(Input(path, "video"), ReadOptions()) as source:
        for frame in source:
            yield frame.pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    sides = frames_of(arguments.source), frames_of(arguments.output)
    flicker = measure_flicker(zip(*sides, strict=True))
    print(
        f"{flicker.ratio:.2f} ({flicker.output:.2f} / {flicker.source:.2f} of 255, "
        f"{flicker.pairs} pairs of frames)"
    )


if __name__ == "__main__":
    main()
