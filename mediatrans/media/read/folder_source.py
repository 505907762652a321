"""A folder of numbered pictures as a video: each picture a frame, at a rate that the user names."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Self

from mediatrans.errors import InputError
from mediatrans.media.colour.yuv import Colour
from mediatrans.media.frames import Clip, Frame, VideoInfo
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.read_options import MAX_PIXELS

__all__ = ["FrameFolder"]

# sRGB pictures: the primaries are bt709's, and decoders expect its curve beside them.
_BT709 = Colour(range=1, matrix=1, primaries=1, transfer=1)


class FrameFolder:
    """Pictures as the frames of a video, in the order given.

    Args:
        folder: What they are called together.
        paths: The picture files, at least one.
        rate: Frames a second.
        start_s: Seconds after the first frame at which to start; times then begin at 0.
        end_s: Seconds after the first frame at which to stop.
        limit: Most frames to take.
        max_pixels: Larger pictures are refused before they are decoded.

    Attributes:
        path: The folder.
        decoded: Pictures read until now.
    """

    def __init__(
        self,
        folder: Path,
        paths: Sequence[Path],
        rate: Fraction,
        *,
        start_s: Fraction | None = None,
        end_s: Fraction | None = None,
        limit: int | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        first = ceil((start_s or 0) * rate)
        end = None if end_s is None else ceil(end_s * rate)
        self.path = self._folder = folder
        self.decoded = 0
        self._begin = 0
        self._paths = tuple(paths[first:end][:limit])
        self._rate = rate
        self._max_pixels = max_pixels
        self._info: VideoInfo | None = None

    @property
    def info(self) -> VideoInfo:
        """What is known before the first frame; inside the `with` block only."""
        assert self._info is not None, "opened by its with block"
        return self._info

    def __enter__(self) -> Self:
        """Read the first picture, whose size is that of the video.

        Raises:
            InputError: It cannot be read, or there is none where asked.
        """
        if not self._paths:
            raise InputError(
                "there is no frame to read", path=self._folder, remedy="check --start and --end"
            )
        first = self._read(0)
        self._info = VideoInfo(
            width=first.pixels.shape[1],
            height=first.pixels.shape[0],
            frame_count=len(self._paths),
            rate=self._rate,
            path=self._folder,
            stream_index=None,
            time_base=1 / self._rate,
            colour=_BT709,
            clip=Clip(),
            has_alpha=first.alpha is not None,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing stays open between frames."""

    def restart(self, time_s: Fraction | None) -> None:
        """Begin anew at the frame of a time; the first frame iterated is that one.

        Args:
            time_s: Seconds on the clock of the frames; None begins with the first frame.
        """
        self._begin = 0 if time_s is None else int(time_s * self._rate)

    def check_whole(self) -> None:
        """Reading each picture tells."""

    def cancel(self) -> None:
        """It never waits for anybody."""

    def __iter__(self) -> Generator[Frame, None, None]:
        info = self.info
        for index in range(self._begin, len(self._paths)):
            frame = self._read(index)
            height, width = frame.pixels.shape[:2]
            if (width, height) != (info.width, info.height):
                raise InputError(
                    f"{width}x{height} pixels, but the first frame has {info.width}x{info.height}",
                    path=self._paths[index],
                    remedy="bring all frames to one size, or convert them without --fps",
                )
            yield replace(frame, pts=index, duration=1, time_base=info.time_base, still=None)

    def _read(self, index: int) -> Frame:
        self.decoded += 1
        return read_picture(self._paths[index], index=index, max_pixels=self._max_pixels)
