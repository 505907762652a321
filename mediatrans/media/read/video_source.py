"""The source that reads a video file: upright R'G'B' frames with exact timestamps."""

import logging
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from mediatrans.errors import InputError, UsageError
from mediatrans.media.animation import FOREVER, Animation, animation_of
from mediatrans.media.colour.yuv import Colour, ToRgb, chroma_of, has_alpha
from mediatrans.media.container import WHOLE_COPY, check_whole, limit_stream, open_input
from mediatrans.media.frames import Clip, Frame, Opener, VideoInfo
from mediatrans.media.read.decoding import Decoding
from mediatrans.media.read.deinterlace import deinterlaced
from mediatrans.media.read.frame_losses import FrameLosses, warn_of_layers
from mediatrans.media.read.letterbox import Letterbox
from mediatrans.media.read.main_stream import announce_choice, main_stream
from mediatrans.media.read.orientation import UPRIGHT, display_matrix, is_transposing, upright
from mediatrans.media.read.pixel_aspect import PixelAspect
from mediatrans.media.read.source_scan import UNNUMBERED, SourceScan
from mediatrans.media.side_data import side_data
from mediatrans.media.stereo import stereo_mode_of
from mediatrans.media.times import SteadyClock

__all__ = ["VideoSource"]

_LOG = logging.getLogger(__name__)

_PROJECTIONS = frozenset({"SPHERICAL", "STEREO3D"})


class VideoSource:
    """The frames of a video's main stream.

    The `with` block opens it; it may be iterated on another thread.

    Args:
        path: The video file.
        start_s: Start in seconds after the beginning of the file; timestamps then begin at 0.
        end_s: End in seconds after the beginning of the file.
        limit: The maximum number of frames.
        whole: Whether a truncated file is refused before decoding; otherwise it is read up to its
            end.
        stream: The index of the stream; None chooses the largest of the default ones.
        opener: Opens a video that is not a file; `whole` is then ignored.
        scans: Whether a second reading looks for damage in the whole file.

    Attributes:
        path: The video file.
        decoded: Frames decoded so far, including those before the requested part.
    """

    def __init__(
        self,
        path: Path,
        *,
        start_s: float | Fraction | None = None,
        end_s: float | Fraction | None = None,
        limit: int | None = None,
        whole: bool = True,
        stream: int | None = None,
        opener: Opener | None = None,
        scans: bool = True,
    ) -> None:
        self.path = self._path = path
        self._reopen = opener
        self._is_file = opener is None
        self._scans = scans
        self._opener = opener or partial(open_input, path, whole=whole)
        self.decoded = 0
        self._whole = whole
        self._start_s = start_s
        self._end_s = end_s
        self._limit = limit
        self._index = stream
        self._container: InputContainer | None = None
        self._info: VideoInfo | None = None
        self._decoding: Decoding | None = None
        self._decoded: Iterator[VideoFrame] = iter(())
        self._stack = ExitStack()
        self._scan: SourceScan | None = None
        self._losses = FrameLosses(path)

    @property
    def info(self) -> VideoInfo:
        """The properties of the video; available inside the `with` block only."""
        assert self._info is not None, "opened by its with block"
        return self._info

    def __enter__(self) -> Self:
        """Open the file and decode its first frame.

        Raises:
            InputError: The file is missing, damaged or not a video, or the requested part is empty.
        """
        with self._stack:
            self._stack.callback(self._release)
            self._container = self._opener()
            self._open(self._container)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _release(self) -> None:
        # The generator holds the demuxer's buffers, so it is dropped before the container.
        self._decoded = iter(())
        if self._container is not None:
            self._container.close()

    def restart(self, time_s: Fraction | None) -> None:
        """Begin the next iteration at a keyframe before a time; frame indices start at 0 again.

        Args:
            time_s: The time on the clock of the frames, in seconds; None is the first frame.

        Raises:
            InputError: The file cannot be opened again.
        """
        assert self._container is not None, "opened by its with block"
        self._decoded = iter(())
        self._container.close()
        self._container = self._opener()
        stream = main_stream(self._container, self._path, self._index)
        limit_stream(stream, self._path)
        stream.thread_type = "AUTO"
        self._aspect.continue_with(stream)
        clip = self.info.clip
        begin = clip.begin if time_s is None else time_s + (clip.begin or clip.origin)
        self._decoded = self._decode(self._container, stream, clip, begin)

    def check_whole(self) -> None:
        """Refuse a file in which damage was found, but which was read to its end.

        Raises:
            InputError: The file is truncated or damaged.
        """
        if self._is_file:
            check_whole(self._path)
        if self._decoding is not None and self._decoding.damage is not None:
            raise self._decoding.damage

    def cancel(self) -> None:
        """Does nothing: the source never waits for input."""

    def __iter__(self) -> Generator[Frame, None, None]:
        info = self.info
        clock = SteadyClock(str(self._path), info.time_base)
        shift = info.clip.shift(info.time_base)
        convert = ToRgb()
        assert info.width is not None
        assert info.height is not None
        fit = Letterbox(info.width, info.height, self._path)
        matrix = UPRIGHT
        for index, decoded in enumerate(islice(self._decoded, info.clip.limit)):
            # The orientation of an animation is stored with its first frame alone.
            matrix = display_matrix(decoded) or matrix
            aspect = self._aspect.change(decoded)
            self._losses.look(decoded, index)
            pixels, alpha = convert(decoded)
            pixels, alpha = fit(
                upright(pixels, matrix),
                None if alpha is None else upright(alpha, matrix),
                index,
                1 / aspect if is_transposing(matrix) else aspect,
            )
            time = clock.tick(decoded.pts, decoded.duration)
            yield Frame(
                pixels=pixels,
                index=index,
                name=f"{self._path}, frame {index}",
                pts=time - shift,
                duration=decoded.duration or None,
                time_base=info.time_base,
                alpha=alpha,
                is_time_repaired=time != decoded.pts or self._is_joined(),
            )

    def _is_joined(self) -> bool:
        return self._decoding is not None and self._decoding.is_joined

    def _open(self, container: InputContainer) -> None:
        stream = main_stream(container, self._path, self._index)
        if self._index is None:
            announce_choice(container, stream, self._path)
        limit_stream(stream, self._path)
        stream.thread_type = "AUTO"
        assert stream.time_base is not None
        clip = _clip(container, stream, self._start_s, self._end_s, self._limit, self._whole)
        if self._is_file and self._scans:
            self._scan = self._started_scan(container, stream, clip)
        frames = self._decode(container, stream, clip, clip.begin)
        first = next(frames, None)
        if first is None:
            raise self._no_frame(clip)
        self._decoded = chain([first], frames)
        self._aspect = PixelAspect(stream)
        info = _info(container, stream, first, self._path, clip)
        is_interlaced = self._decoding is not None and self._decoding.is_interlaced
        self._info = replace(info, reopen=self._reopen, is_interlaced=is_interlaced)
        warn_of_layers(stream, self._path)
        self._losses.look(first, 0)

    def _no_frame(self, clip: Clip) -> InputError:
        if clip.begin is None and clip.end is None:
            return InputError("no frame can be decoded", path=self._path, remedy=WHOLE_COPY)
        return InputError(
            "no frame in the requested part",
            path=self._path,
            remedy="check --start and --end, and that the file is complete",
        )

    def _started_scan(
        self, container: InputContainer, stream: VideoStream, clip: Clip
    ) -> SourceScan | None:
        """The second reading of the file; None without an ffmpeg, which the sink complains of."""
        origin = Fraction(container.start_time or 0, av.time_base)
        scan = SourceScan(
            self._path,
            stream.index,
            begin_s=None if clip.begin is None else clip.begin - origin,
            end_s=None if clip.end is None else clip.end - origin,
            limit=clip.limit,
            decodes=container.format.name in UNNUMBERED,
        )
        try:
            return self._stack.enter_context(scan)
        except UsageError:
            return None

    def _decode(
        self, container: InputContainer, stream: VideoStream, clip: Clip, begin: Fraction | None
    ) -> Iterator[VideoFrame]:
        """The frames of the clip from a keyframe before `begin` on, in presentation order."""
        self._decoding = Decoding(
            container, stream, self._path, clip, scan=self._scan, begin=begin, progress=self._count
        )
        return deinterlaced(self._decoding, self._path)

    def _count(self) -> None:
        self.decoded += 1


def _clip(
    container: InputContainer,
    stream: VideoStream,
    start_s: float | Fraction | None,
    end_s: float | Fraction | None,
    limit: int | None,
    whole: bool,
) -> Clip:
    origin = Fraction(container.start_time or 0, av.time_base)
    return Clip(
        begin=None if not start_s else origin + Fraction(start_s),
        end=None if end_s is None else origin + Fraction(end_s),
        limit=limit,
        whole=whole,
        origin=min(Fraction(0), (stream.start_time or 0) * (stream.time_base or Fraction(0))),
    )


def _info(
    container: InputContainer, stream: VideoStream, first: VideoFrame, path: Path, clip: Clip
) -> VideoInfo:
    assert stream.time_base is not None
    width, height = first.width, first.height
    aspect = stream.sample_aspect_ratio or Fraction(1)
    matrix = display_matrix(first) or UPRIGHT
    if is_transposing(matrix):
        width, height, aspect = height, width, 1 / aspect
    rate = stream.guessed_rate or stream.average_rate
    animation, data = animation_of(path), side_data(first)
    return VideoInfo(
        width=width,
        height=height,
        frame_count=_frame_count(container, stream, rate, animation, clip),
        rate=rate,
        path=path,
        stream_index=stream.index,
        time_base=stream.time_base,
        colour=Colour.of(first),
        clip=clip,
        pixel_aspect=aspect,
        chroma=chroma_of(first.format),
        has_alpha=has_alpha(first.format),
        plays=animation.plays if animation else FOREVER,
        projection=tuple(sorted(name.lower() for name in data.keys() & _PROJECTIONS)),
        stereo_mode=stereo_mode_of(data.get("STEREO3D", b"")),
    )


def _frame_count(
    container: InputContainer,
    stream: VideoStream,
    rate: Fraction | None,
    animation: Animation | None,
    clip: Clip,
) -> int | None:
    count: int | None = stream.frames or (animation.frames if animation else None)
    if (count is None or clip.begin or clip.end) and container.duration and rate:
        origin = Fraction(container.start_time or 0, av.time_base)
        file_end = origin + Fraction(container.duration, av.time_base)
        begin, end = clip.begin or origin, min(clip.end or file_end, file_end)
        count = max(1, round((end - begin) * rate))
    if clip.limit is not None:
        count = min(count, clip.limit) if count else None
    return count
