"""What is kept of checked frames with a segment, for a run that resumes or joins it."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import numpy as np

from mediatrans.files.records import RecordError, from_table, to_table
from mediatrans.quality.capture import TRACE_STEP, Raw
from mediatrans.quality.cycle import CycleFigures

__all__ = ["NotedFigures", "noted_figures", "read_figures"]


@dataclass(frozen=True, slots=True)
class NotedFigures:
    """The notes of a segment.

    Attributes:
        figures: The round trips, by the indices of frames.
        raws: The translations before they were written, those that the written file is compared
            with, by the indices of frames.
    """

    figures: dict[int, CycleFigures]
    raws: dict[int, Raw]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A frame: `CycleFigures`, and the pixels of `Raw` in base64, or "" where they are not kept."""

    psnr_db: float
    ssim: float
    l1: float
    size: tuple[int, int] | None = None
    trace: str = ""


@dataclass(frozen=True, slots=True)
class _Notes:
    """The frames by their indices."""

    frames: dict[int, _Entry]


def noted_figures(noted: NotedFigures) -> dict[str, Any]:
    """The notes of a segment as JSON holds them."""
    frames = {}
    for index, figures in noted.figures.items():
        frames[str(index)] = to_table(figures)
        if index in noted.raws:
            trace = noted.raws[index].trace
            frames[str(index)]["trace"] = base64.b64encode(trace.tobytes()).decode("ascii")
    return frames


def read_figures(notes: object) -> NotedFigures:
    """The notes that `noted_figures` has made a table of.

    Raises:
        RecordError: They are damaged.
    """
    noted = NotedFigures({}, {})
    for index, entry in from_table(_Notes, {"frames": notes}).frames.items():
        figures = CycleFigures(entry.psnr_db, entry.ssim, entry.l1, entry.size)
        noted.figures[index] = figures
        if entry.trace:
            noted.raws[index] = _raw(figures, entry.trace)
    return noted


def _raw(figures: CycleFigures, trace: str) -> Raw:
    if figures.size is None:
        raise RecordError("pixels of an unknown size", "trace")
    columns, rows = (-(-side // TRACE_STEP) for side in figures.size)
    try:
        pixels = np.frombuffer(base64.b64decode(trace, validate=True), np.uint8)
        return Raw(figures, TRACE_STEP, pixels.reshape(rows, columns, 3))
    except (binascii.Error, ValueError) as error:
        raise RecordError("not the pixels of a frame of its size", "trace") from error
