"""An interruption of a long video after a number of frames."""

from pathlib import Path
from typing import Any

import pytest

from mediatrans import ConvertOptions, Observer, convert
from tests.conversion.long_videos import SEGMENT, UNEVEN

FRAMES = len(UNEVEN)


class Stopping(Observer):
    """Interrupts once so many frames are translated."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.kept_in: Path | None = None
        self.first: int | None = None

    def translated(self, job: object, frames: int, total: int | None) -> None:
        self.first = frames if self.first is None else self.first
        if frames >= self.at:
            raise KeyboardInterrupt

    def kept(self, job: object, folder: Path) -> None:
        self.kept_in = folder


def options(output: str, **others: Any) -> ConvertOptions:
    """Without steadying, which takes longer than all else together."""
    how = {"check_every": 5, "segment_frames": SEGMENT, "batch_size": 1, "stabilise": 0.0, **others}
    return ConvertOptions(output=Path(output), **how)


def interrupt(clip: Path, how: ConvertOptions, at: int) -> Stopping:
    observer = Stopping(at)
    with pytest.raises(KeyboardInterrupt):
        convert(clip, "night", how, observer)
    return observer
