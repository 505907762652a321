"""Videos that are long because segments are short, and what has to be equal of two of them."""

import random
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
import pytest

from mediatrans import Report
from mediatrans.media.write.segments import segmented_sink as segments

SEGMENT = 12
UNEVEN = [0, *accumulate(random.Random(5).choices([20, 33, 40, 41, 120], k=49))]
"""Times of 50 frames in milliseconds: four segments and two frames."""


def shorten_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a video of more than two dozen frames a long one."""
    monkeypatch.setattr(segments, "_LARGEST_SEGMENT", SEGMENT)
    monkeypatch.setattr(segments, "_SMALLEST_SEGMENT", SEGMENT)


def packets(path: Path) -> list[tuple[Any, ...]]:
    with av.open(str(path)) as container:
        return [
            (p.stream.index, p.pts, p.dts, p.duration, p.is_keyframe, bytes(p))
            for p in container.demux()
            if p.size
        ]


def same(left: Report, right: Report) -> bool:
    (a,), (b,) = left.jobs, right.jobs
    return (a.status, a.frames, a.cycle) == (b.status, b.frames, b.cycle)
