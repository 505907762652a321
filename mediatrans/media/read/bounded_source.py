"""A video source that cannot hang the program: whatever it does is waited for only so long."""

import logging
from collections.abc import Callable, Iterator
from fractions import Fraction
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from mediatrans.errors import InputError
from mediatrans.media.frames import Frame, VideoInfo
from mediatrans.media.read.folder_source import FrameFolder
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.read.webp_source import WebpSource

__all__ = ["BoundedSource", "ReaderStalledError"]

_LOG = logging.getLogger(__name__)

T = TypeVar("T")


class ReaderStalledError(InputError):
    """A decoder that gave no sign of life for too long."""


class BoundedSource:
    """A video's source on a thread of its own, given up when it makes no progress.

    A thread that hangs in a native decoder cannot be stopped. It is left behind with its file
    open, and the program goes on without it.

    Args:
        source: The source.
        limit_s: Seconds without a decoded frame after which it is given up.
    """

    def __init__(self, source: VideoSource | WebpSource | FrameFolder, limit_s: float) -> None:
        self._source = source
        self._limit_s = limit_s
        self._calls: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._given_up = False

    @property
    def info(self) -> VideoInfo:
        """What is known before the first frame; inside the `with` block only."""
        return self._source.info

    def __enter__(self) -> Self:
        """Open the file and decode its first frame.

        Raises:
            InputError: As `VideoSource` has it, or it hangs.
        """
        Thread(target=self._serve, name="read", daemon=True).start()
        try:
            self._call(self._source.__enter__)
        except BaseException:
            self._calls.put(None)
            raise
        return self

    def __iter__(self) -> Iterator[Frame]:
        """The source's frames.

        Raises:
            InputError: As `VideoSource` has it, or it hangs.
        """
        frames = self._call(lambda: iter(self._source))
        try:
            while (frame := self._call(lambda: next(frames, None))) is not None:
                yield frame
        finally:
            if not self._given_up:
                self._call(frames.close)

    def restart(self, time_s: Fraction | None) -> None:
        """Begin anew, as `VideoSource.restart` does."""
        self._call(lambda: self._source.restart(time_s))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Closing what another thread still works on would crash the program.
        if not self._given_up:
            self._call(lambda: self._source.__exit__(kind, error, traceback))
        self._calls.put(None)

    def _serve(self) -> None:
        for call in iter(self._calls.get, None):
            try:
                self._results.put((call(), None))
            except BaseException as error:
                self._results.put((None, error))

    def _call(self, function: Callable[[], T]) -> T:
        """Let the thread do something, as long as it makes progress."""
        decoded = self._source.decoded
        self._calls.put(function)
        while True:
            try:
                result, error = self._results.get(timeout=self._limit_s)
            except Empty:
                if self._source.decoded != decoded:
                    decoded = self._source.decoded
                    continue
                self._given_up = True
                raise self._stalled() from None
            except BaseException:
                # Interrupted: the answer is still to come, and nobody will fetch it.
                self._given_up = True
                raise
            if error is not None:
                raise error
            answer: T = result
            return answer

    def _stalled(self) -> ReaderStalledError:
        _LOG.info("%s: the hanging decoder is left behind", self._source.path)
        return ReaderStalledError(
            f"no frame came for {self._limit_s:g} s after frame {self._source.decoded}: "
            "its decoder hangs",
            path=self._source.path,
            remedy="get a whole copy of the file, or convert it with ffmpeg first",
        )
