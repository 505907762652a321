"""The reading of an output that was just written: its pixels, without another check of the file."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import av

from mediatrans.media.colour.yuv import ToRgb
from mediatrans.media.container import limit_stream, open_input
from mediatrans.media.decoding_error import decoding_error
from mediatrans.media.formats import Kind
from mediatrans.media.frames import Pixels
from mediatrans.media.read.main_stream import main_stream
from mediatrans.media.read.orientation import display_matrix, upright
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.read.webp_source import WebpSource
from mediatrans.media.read_options import MAX_PIXELS

__all__ = ["read_back"]


def read_back(
    path: Path,
    kind: Kind,
    is_wanted: Callable[[int], bool] = lambda index: True,
    *,
    max_pixels: int = MAX_PIXELS,
    stream: int | None = None,
) -> Iterator[tuple[int, Pixels]]:
    """The pixels of a file by their indices.

    Frames that are not wanted are decoded, but not converted to R'G'B'.

    Args:
        path: The file.
        kind: "image" or "video".
        is_wanted: Whether the frame of an index is needed.
        max_pixels: Pictures with more pixels are refused before decoding.
        stream: The index of the video stream; None chooses the largest of the default ones.

    Yields:
        The index, and uint8 [H, W, 3] RGB.

    Raises:
        InputError: The file cannot be read.
    """
    if kind == "image":
        yield 0, read_picture(path, max_pixels=max_pixels).pixels
    elif path.suffix.lower() == ".webp":
        with WebpSource(path, max_pixels=max_pixels) as source:
            for frame in source:
                if is_wanted(frame.index):
                    yield frame.index, frame.pixels
    else:
        yield from _frames(path, is_wanted, stream)


def _frames(
    path: Path, is_wanted: Callable[[int], bool], index: int | None
) -> Iterator[tuple[int, Pixels]]:
    convert = ToRgb()
    place = 0
    with closing(open_input(path, whole=False)) as container:
        stream = main_stream(container, path, index)
        limit_stream(stream, path)
        stream.thread_type = "AUTO"
        try:
            for frame in container.decode(stream):
                if is_wanted(place):
                    pixels, _ = convert(frame)
                    matrix = display_matrix(frame)
                    yield place, pixels if matrix is None else upright(pixels, matrix)
                place += 1
        except av.FFmpegError as error:
            raise decoding_error(path, error, place) from error
