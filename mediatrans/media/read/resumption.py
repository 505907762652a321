"""The search for a position in a video: where a run resumes, or where a span begins."""

import logging
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from itertools import chain

from mediatrans.errors import InputError
from mediatrans.media.endpoints import Source
from mediatrans.media.frames import Frame, Mark, Stretch

__all__ = ["RUN_UP_S", "frames_after", "frames_of"]

_LOG = logging.getLogger(__name__)

RUN_UP_S = Fraction(1)
"""Deinterlacing and keyframes with open references need some frames before the position."""


def frames_after(
    source: Source, mark: Mark | None, warm_up: int = 0
) -> Generator[Frame, None, None]:
    """The frames of a source after a mark, with their indices in the whole source.

    The position is sought if that is exact, else found by counting frames from the beginning.

    Args:
        source: The opened source.
        mark: The last frame that is done; None gives all frames.
        warm_up: The number of frames up to the mark that are given as well, if they exist.

    Raises:
        InputError: Reading fails.
    """
    limit = source.info.clip.limit
    with closing(_frames(source, mark, warm_up)) as frames:
        for frame in frames:
            if limit is not None and frame.index >= limit:
                return
            yield frame


def frames_of(source: Source, stretch: Stretch) -> Generator[Frame, None, None]:
    """The frames of a stretch, with their indices in the whole source.

    Args:
        source: The opened source.
        stretch: The frames.

    Raises:
        InputError: Reading fails, or a frame is not where it was expected.
    """
    if stretch.begin_s is not None:
        source.restart(stretch.begin_s)
    expected = enumerate(stretch.times, stretch.first)
    index, time = next(expected)
    with closing(iter(source)) as frames:
        for frame in frames:
            assert frame.pts is not None
            if frame.pts < stretch.times[0]:
                continue
            if frame.pts != time or frame.is_time_repaired:
                break
            yield replace(frame, index=index, name=f"{source.path}, frame {index}")
            following = next(expected, None)
            if following is None:
                return
            index, time = following
    raise InputError(
        f"frame {index} was not found at the time of its packet",
        path=source.path,
        remedy="convert it without --workers",
    )


def _frames(source: Source, mark: Mark | None, warm_up: int) -> Generator[Frame, None, None]:
    if mark is None:
        yield from source
        return
    before = min(warm_up, mark.index + 1)
    try:
        found = None if mark.is_time_repaired else _sought(source, mark, before)
    except InputError:
        found = None
    if found is None:
        # Seeking is not possible, timestamps were repaired, or decoding from there is not exact.
        _LOG.info("%s: decoding from the beginning up to the position to resume", source.path)
        source.restart(None)
        yield from (frame for frame in source if frame.index > mark.index - before)
        return
    for index, frame in enumerate(chain(*found), mark.index + 1 - before):
        yield replace(frame, index=index, name=f"{source.path}, frame {index}")


def _sought(
    source: Source, mark: Mark, before: int
) -> tuple[Iterable[Frame], Iterable[Frame]] | None:
    """The frames up to a mark and those after it, found by the mark's timestamp and pixels.

    Returns:
        None if the mark is not found, or not enough frames before it.
    """
    base = source.info.time_base
    if base is None:
        return None
    source.restart(max(Fraction(0), mark.pts * base - RUN_UP_S))
    frames = iter(source)
    past: deque[Frame] = deque(maxlen=before)
    for frame in frames:
        past.append(frame)
        assert frame.pts is not None
        if frame.pts >= mark.pts:
            is_found = Mark.of(frame, mark.index) == mark and len(past) == before
            return (past, frames) if is_found else None
    return None
