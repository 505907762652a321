"""The choice of the source for an input."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from mediatrans.media.endpoints import Source
from mediatrans.media.formats import Kind
from mediatrans.media.pipe_formats import STDIO
from mediatrans.media.read.apng_source import ApngSource, is_deep_apng
from mediatrans.media.read.folder_source import FrameFolder
from mediatrans.media.read.picture_source import PictureSource
from mediatrans.media.read.pillow_animation import PillowAnimation
from mediatrans.media.read.pipe_source import PipeSource
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.read.webp_source import WebpSource
from mediatrans.media.read_options import ReadOptions

__all__ = ["SOURCES", "Input", "SourceOpener", "open_source"]


_PNG: Final = frozenset({".png", ".apng"})


@dataclass(frozen=True, slots=True)
class Input:
    """An input to be read.

    Attributes:
        path: A file; a folder if `frames` are given; `-` for standard input.
        kind: "image" or "video".
        frames: The pictures of a folder that is read as one video, in order.
        is_checked: Whether the whole of a video file has been checked for damage already.
    """

    path: Path
    kind: Kind
    frames: tuple[Path, ...] = ()
    is_checked: bool = False

    @property
    def medium(self) -> str:
        """The kind of source that reads it, a key of `SOURCES`."""
        if self.path == STDIO:
            return "pipe"
        if self.frames:
            return "folder"
        if self.kind == "image":
            return "picture"
        suffix = self.path.suffix.lower()
        if suffix == ".webp":
            return "webp"
        return "deep apng" if suffix in _PNG and is_deep_apng(self.path) else "video"


SourceOpener = Callable[[Input, ReadOptions], Source]
"""Returns the source of an input; the source's `with` block opens it."""


def open_source(wanted: Input, options: ReadOptions) -> Source:
    """The source of an input; its `with` block opens it.

    Args:
        wanted: The input.
        options: The options of reading.
    """
    return SOURCES[wanted.medium](wanted, options)


def _picture(wanted: Input, options: ReadOptions) -> Source:
    return PictureSource(wanted.path, max_pixels=options.max_pixels)


def _video(wanted: Input, options: ReadOptions) -> Source:
    return VideoSource(
        wanted.path,
        start_s=_exact(options.start_s),
        end_s=_exact(options.end_s),
        limit=options.preview,
        whole=not options.keep_partial,
        stream=options.stream,
        scans=not wanted.is_checked,
    )


def _webp(wanted: Input, options: ReadOptions) -> Source:
    return _by_pillow(WebpSource, wanted, options)


def _deep_apng(wanted: Input, options: ReadOptions) -> Source:
    return _by_pillow(ApngSource, wanted, options)


def _by_pillow(source: type[PillowAnimation], wanted: Input, options: ReadOptions) -> Source:
    return source(
        wanted.path,
        start_s=_exact(options.start_s),
        end_s=_exact(options.end_s),
        limit=options.preview,
        max_pixels=options.max_pixels,
    )


def _folder(wanted: Input, options: ReadOptions) -> Source:
    assert options.fps is not None
    return FrameFolder(
        wanted.path,
        wanted.frames,
        options.fps,
        start_s=_exact(options.start_s),
        end_s=_exact(options.end_s),
        limit=options.preview,
        max_pixels=options.max_pixels,
    )


def _pipe(wanted: Input, options: ReadOptions) -> Source:
    return PipeSource(
        start_s=_exact(options.start_s),
        end_s=_exact(options.end_s),
        limit=options.preview,
        whole=not options.keep_partial,
        video_stream=options.stream,
        spool_mb=options.spool_limit_mb,
    )


def _exact(seconds: float | None) -> Fraction | None:
    """The exact decimal: 0.4 as a float is slightly later than a frame at 2/5 of a second."""
    return None if seconds is None else Fraction(str(seconds))


SOURCES: dict[str, SourceOpener] = {
    "picture": _picture,
    "video": _video,
    "webp": _webp,
    "deep apng": _deep_apng,
    "folder": _folder,
    "pipe": _pipe,
}
"""The sources by kind."""
