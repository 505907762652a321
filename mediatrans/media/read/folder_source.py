"""The source that reads a folder of numbered pictures as a video with a given frame rate."""

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

# sRGB has the primaries of bt709, and decoders expect the bt709 transfer function with them.
_BT709 = Colour(range=1, matrix=1, primaries=1, transfer=1)


class FrameFolder:
    """The frames of a video, read from picture files in the given order.

    Args:
        folder: The folder, for messages.
        paths: The picture files, at least one.
        rate: Frames per second.
        start_s: Start in seconds after the first frame; timestamps then begin at 0.
        end_s: End in seconds after the first frame.
        limit: The maximum number of frames.
        max_pixels: Pictures with more pixels are refused before decoding.

    Attributes:
        path: The folder.
        decoded: Pictures read so far.
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
        """The properties of the video; available inside the `with` block only."""
        assert self._info is not None, "opened by its with block"
        return self._info

    def __enter__(self) -> Self:
        """Read the first picture, which determines the size of the video.

        Raises:
            InputError: It cannot be read, or the requested part is empty.
        """
        if not self._paths:
            raise InputError(
                "no frame in the requested part",
                path=self._folder,
                remedy="check --start and --end",
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
        """Does nothing: no file stays open between frames."""

    def restart(self, time_s: Fraction | None) -> None:
        """Begin the next iteration at the frame for a time.

        Args:
            time_s: The time on the clock of the frames, in seconds; None is the first frame.
        """
        self._begin = 0 if time_s is None else int(time_s * self._rate)

    def check_whole(self) -> None:
        """Does nothing: reading a truncated picture fails."""

    def cancel(self) -> None:
        """Does nothing: the source never waits for input."""

    def __iter__(self) -> Generator[Frame, None, None]:
        info = self.info
        for index in range(self._begin, len(self._paths)):
            frame = self._read(index)
            height, width = frame.pixels.shape[:2]
            if (width, height) != (info.width, info.height):
                raise InputError(
                    f"{width}x{height} pixels, but the first frame has {info.width}x{info.height}",
                    path=self._paths[index],
                    remedy="scale all frames to one size, or convert them without --fps",
                )
            yield replace(frame, pts=index, duration=1, time_base=info.time_base, still=None)

    def _read(self, index: int) -> Frame:
        self.decoded += 1
        return read_picture(self._paths[index], index=index, max_pixels=self._max_pixels)
