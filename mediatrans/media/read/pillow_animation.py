"""The reading of animations with Pillow, for those that FFmpeg does not decode."""

from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from mediatrans.errors import InputError
from mediatrans.media.animation import animation_of
from mediatrans.media.colour.yuv import Colour
from mediatrans.media.frames import Clip, Frame, VideoInfo
from mediatrans.media.pillow_limit import limit_pixels
from mediatrans.media.read.refusals import GET_COMPLETE, too_large
from mediatrans.media.read_options import MAX_PIXELS
from mediatrans.media.times import SteadyClock
from mediatrans.media.wholeness import damage_of

__all__ = ["AnimatedFile", "PillowAnimation"]

AnimatedFile = PngImageFile | WebPImageFile
"""Pillow's object for an animation."""


class PillowAnimation:
    """The composed frames of an animation.

    Args:
        path: The file.
        start_s: Start in seconds; timestamps then begin at 0.
        end_s: End in seconds.
        limit: The maximum number of frames.
        max_pixels: Animations with more pixels are refused before decoding.

    Attributes:
        path: The file.
        decoded: Frames decoded so far.
    """

    def __init__(
        self,
        path: Path,
        *,
        start_s: float | Fraction | None = None,
        end_s: float | Fraction | None = None,
        limit: int | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.path = self._path = path
        self._max_pixels = max_pixels
        self.decoded = 0
        self._clip = Clip(
            begin=Fraction(start_s) if start_s else None,
            end=None if end_s is None else Fraction(end_s),
            limit=limit,
        )
        self._picture: AnimatedFile | None = None
        self._time_base = Fraction(1, 1000)
        self._first = 0

    def _opened(self) -> AnimatedFile:
        """The opened file; anything raised means that it is damaged."""
        raise NotImplementedError

    def _check(self, picture: AnimatedFile) -> None:
        """Refuse a file that declares more frames than there are, and set the time base."""
        raise NotImplementedError

    def _time_of(self, picture: AnimatedFile, number: int) -> tuple[int, int | None]:
        """The timestamp and the duration of the frame that was decoded last."""
        raise NotImplementedError

    @property
    def info(self) -> VideoInfo:
        """The properties of the animation; available inside the `with` block only."""
        picture = self._picture
        assert picture is not None, "opened by its with block"
        trimmed = self._clip.begin is not None or self._clip.end is not None
        frames = picture.n_frames - self._first
        count = None if trimmed else min(frames, self._clip.limit or frames)
        animation = animation_of(self._path)
        assert animation is not None
        return VideoInfo(
            width=picture.width,
            height=picture.height,
            frame_count=count,
            path=self._path,
            stream_index=None,
            time_base=self._time_base,
            colour=Colour.of_rgb(*picture.size),
            clip=self._clip,
            has_alpha=picture.mode == "RGBA",
            plays=animation.plays,
        )

    def __enter__(self) -> Self:
        """Open the file.

        Raises:
            InputError: The file is missing, damaged, too large or not an animated WebP.
        """
        # The size is checked below; Pillow's own limit would call a large file damaged.
        limit_pixels(self._max_pixels)
        try:
            self._picture = self._opened()
            if animation_of(self._path) is None:
                raise ValueError("truncated or not animated")
        except Exception as error:  # the decoder raises many kinds of error for damaged data
            raise _damaged(self._path, error) from error
        if damage := damage_of(self._path):
            raise InputError(damage, path=self._path, remedy=GET_COMPLETE)
        self._check(self._picture)
        width, height = self._picture.size
        if width * height > self._max_pixels:
            raise too_large(width, height, self._max_pixels, self._path)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._picture is not None:
            self._picture.close()

    def restart(self, time_s: Fraction | None) -> None:
        """Begin the next iteration at the first frame, whatever the time."""

    def check_whole(self) -> None:
        """Does nothing: opening a truncated file fails."""

    def cancel(self) -> None:
        """Does nothing: the source never waits for input."""

    def __iter__(self) -> Generator[Frame, None, None]:
        picture, clip = self._picture, self._clip
        assert picture is not None
        base = self._time_base
        shift = clip.shift(base)
        clock = SteadyClock(str(self._path), base)
        index = 0
        for number in range(self._first, picture.n_frames):
            try:
                picture.seek(number)
                pixels = np.array(picture)
            except Exception as error:  # as above
                raise _damaged(self._path, error, f" after frame {number}") from error
            self.decoded += 1
            pts, duration = self._time_of(picture, number)
            if clip.begin is not None and pts < shift:
                continue
            past_end = clip.end is not None and pts * base >= clip.end
            if past_end or index == clip.limit:
                return
            yield Frame(
                pixels=np.ascontiguousarray(pixels[..., :3]),
                index=index,
                name=f"{self._path}, frame {index}",
                pts=clock.tick(pts, duration) - shift,
                duration=duration,
                time_base=self._time_base,
                alpha=np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None,
            )
            index += 1


def _damaged(path: Path, error: Exception, where: str = "") -> InputError:
    if isinstance(error, FileNotFoundError | PermissionError):
        reason = (error.strerror or str(error)).lower()
        remedy = "check the file and its permissions"
        return InputError(f"cannot read the animation: {reason}", path=path, remedy=remedy)
    problem = f"the animation is damaged{where}: {error}"
    return InputError(problem, path=path, remedy=GET_COMPLETE)
