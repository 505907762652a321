"""The source that reads an animated WebP with Pillow, since FFmpeg does not decode it."""

import io
import logging
from collections import Counter
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from PIL import WebPImagePlugin

from mediatrans.errors import InputError
from mediatrans.media.animation import WEBP_CHUNKS, animation_of, riff_chunks
from mediatrans.media.colour.yuv import Colour
from mediatrans.media.frames import Clip, Frame, VideoInfo
from mediatrans.media.read_options import MAX_PIXELS
from mediatrans.media.times import SteadyClock
from mediatrans.media.wholeness import damage_of

__all__ = ["WebpSource"]

_LOG = logging.getLogger(__name__)

_MILLISECOND: Final = Fraction(1, 1000)


class WebpSource:
    """The composed frames of an animated WebP.

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
        self._picture: WebPImagePlugin.WebPImageFile | None = None

    @property
    def info(self) -> VideoInfo:
        """The properties of the animation; available inside the `with` block only."""
        picture = self._picture
        assert picture is not None, "opened by its with block"
        trimmed = self._clip.begin is not None or self._clip.end is not None
        count = None if trimmed else min(picture.n_frames, self._clip.limit or picture.n_frames)
        animation = animation_of(self._path)
        assert animation is not None
        return VideoInfo(
            width=picture.width,
            height=picture.height,
            frame_count=count,
            path=self._path,
            stream_index=None,
            time_base=_MILLISECOND,
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
        try:
            self._picture = WebPImagePlugin.WebPImageFile(io.BytesIO(self._path.read_bytes()))
            if animation_of(self._path) is None:
                raise ValueError("truncated or not animated")
        except Exception as error:  # the decoder raises many kinds of error for damaged data
            raise _damaged(self._path, error) from error
        if damage := damage_of(self._path):
            raise InputError(damage, path=self._path, remedy="get a complete copy of the file")
        self._check_chunks(self._picture.n_frames)
        width, height = self._picture.size
        if width * height > self._max_pixels:
            raise InputError(
                f"{width}x{height} pixels are more than the limit of {self._max_pixels:,}",
                path=self._path,
                remedy="raise --max-pixels, or scale the animation down first",
            )
        return self

    def _check_chunks(self, frames: int) -> None:
        """Refuse the file if it declares more frames; warn of chunks that no reader knows."""
        with self._path.open("rb") as file:
            names = Counter(name for name, _ in riff_chunks(file))
        if frames < names[b"ANMF"]:
            raise InputError(
                f"the animation is damaged: {frames} of {names[b'ANMF']} frames can be read",
                path=self._path,
                remedy="get a complete copy of the file",
            )
        for name in sorted(names.keys() - WEBP_CHUNKS):
            # A frame whose name is damaged is one of them.
            _LOG.warning(
                "%s: its chunk %r is unknown and left out; if the file is damaged, a frame is "
                "missing", self._path, name.decode("latin-1"),
            )  # fmt: skip

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
        shift = clip.shift(_MILLISECOND)
        clock = SteadyClock(str(self._path), _MILLISECOND)
        index = 0
        for number in range(picture.n_frames):
            try:
                picture.seek(number)
                pixels = np.array(picture)
            except Exception as error:  # as above
                raise _damaged(self._path, error, f" after frame {number}") from error
            self.decoded += 1
            pts: int = picture.info["timestamp"]
            if clip.begin is not None and pts < shift:
                continue
            past_end = clip.end is not None and pts * _MILLISECOND >= clip.end
            if past_end or index == clip.limit:
                return
            duration: int | None = picture.info["duration"] or None
            yield Frame(
                pixels=np.ascontiguousarray(pixels[..., :3]),
                index=index,
                name=f"{self._path}, frame {index}",
                pts=clock.tick(pts, duration) - shift,
                duration=duration,
                time_base=_MILLISECOND,
                alpha=np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None,
            )
            index += 1


def _damaged(path: Path, error: Exception, where: str = "") -> InputError:
    if isinstance(error, FileNotFoundError | PermissionError):
        problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
    else:
        problem = f"the animation is damaged{where}: {error}"
    return InputError(problem, path=path, remedy="get a complete copy of the file")
