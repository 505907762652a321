"""Videos that are long because segments are short, and what has to be equal of two of them."""

import random
from itertools import accumulate
from pathlib import Path
from typing import Any

import av

from mediatrans import ConvertOptions, Report

SEGMENT = 12
SHORT = ConvertOptions(segment_frames=SEGMENT, stabilise=0.0)
"""A video of more than two dozen frames is then a long one. Steadying would take longest."""

UNEVEN = [0, *accumulate(random.Random(5).choices([20, 33, 40, 41, 120], k=49))]
"""Times of 50 frames in milliseconds: four segments and two frames."""


def packets(path: Path) -> list[tuple[Any, ...]]:
    with av.open(str(path)) as container:
        return [
            (p.stream.index, p.pts, p.dts, p.duration, p.is_keyframe, bytes(p))
            for p in container.demux()
            if p.size
        ]


def same(left: Report, right: Report) -> bool:
    """Whether two reports say the same, the figures of the written file included."""
    (a,), (b,) = left.jobs, right.jobs
    return (a.status, a.frames, a.cycle, a.figures) == (b.status, b.frames, b.cycle, b.figures)
