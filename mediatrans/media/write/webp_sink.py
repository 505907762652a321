"""The sink that writes an animated WebP with exact durations."""

import io
import logging
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from PIL import Image, WebPImagePlugin

from mediatrans.errors import OutputError
from mediatrans.files.publish import Record, output_error, publishing
from mediatrans.media.animation import is_lossless_webp, riff_chunks
from mediatrans.media.frames import Frame, VideoInfo
from mediatrans.media.pillow_limit import allow_pixels
from mediatrans.media.write.copied_metadata import warn_of_lost_blocks
from mediatrans.media.write.copied_streams import warn_of_dropped
from mediatrans.media.write.single_piece import SinglePiece
from mediatrans.media.write_options import Verification

__all__ = ["WebpSink"]

_LOG = logging.getLogger(__name__)

_MILLISECOND: Final = Fraction(1, 1000)
_QUALITY: Final = 90
_LONGEST_MS: Final = (1 << 24) - 1
_PICTURE_CHUNKS: Final = (b"ALPH", b"VP8 ", b"VP8L")
_REPLACES: Final = 0x02  # each frame replaces the one before instead of being blended with it
# The flags for metadata chunks, RFC 9649 section 2.7.1.
_METADATA: Final = {b"ICCP": 0x20, b"EXIF": 0x08, b"XMP ": 0x04}
_ANIMATED: Final = 0x02
_ALPHA: Final = 0x10


class WebpSink(SinglePiece):
    """Writes an animated WebP with durations exact to the millisecond, in constant memory.

    The profile, EXIF and XMP of a WebP source are kept.

    Args:
        output: The final name.
        info: The video that the frames come from.
        quality: 1 to 100; None is lossless if the source is, else 90.
        verification: "full" decodes the result before it is published.
        record: Called with the finished file's fingerprint before it is published; None: not
            called.
    """

    def __init__(
        self,
        output: Path,
        info: VideoInfo,
        quality: int | None = None,
        verification: Verification = "fast",
        record: Record | None = None,
    ) -> None:
        self._output = output
        self._quality = quality
        self._record = record
        self._info = info
        self._verification = verification
        self._stack = ExitStack()
        self._pending: tuple[int, Frame] | None = None
        self._frames = 0
        self._total_ms = 0

    def __enter__(self) -> Self:
        """Open the output under its part name.

        Raises:
            OutputError: The folder or the file cannot be created.
        """
        info = self._info
        if info.pixel_aspect != 1:
            _LOG.warning("%s: its pixels are not square, which WebP cannot store", info.path)
        warn_of_dropped(info, "webp")
        self._metadata = _metadata(info.path)
        if not self._metadata:
            warn_of_lost_blocks(info.path)
        self._is_lossless = self._quality is None and _is_lossless(info.path)
        with self._stack:
            self._part = self._stack.enter_context(publishing(self._output, self._record))
            self._file: BinaryIO = self._stack.enter_context(self._part.open("wb"))
            self._write_header()
            self._stack = self._stack.pop_all()
        return self

    def write(self, frame: Frame) -> None:
        """Append a frame.

        Raises:
            OutputError: The disk is full, or the encoder fails.
        """
        assert frame.pts is not None
        assert frame.time_base is not None
        at_ms = round(frame.pts * frame.time_base / _MILLISECOND)
        try:
            if self._pending is not None:
                self._write_frame(self._pending[1], at_ms - self._pending[0])
        except OSError as error:
            raise output_error(self._output, error) from error
        self._pending = (at_ms, frame)

    def cut_here(self, damage: str) -> None:
        """Does nothing: a WebP has no other streams."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish, verify and publish the animation, or remove it after an error.

        Raises:
            OutputError: The animation cannot be finished, or its verification fails.
        """
        if error is not None:
            self._stack.__exit__(kind, error, traceback)
            return
        with self._stack:
            self._finish()

    def _finish(self) -> None:
        if self._pending is None:
            raise OutputError(
                "no frame was written", path=self._output, remedy="see the messages above"
            )
        last = self._pending[1]
        assert last.time_base is not None
        lasts_ms = round((last.duration or 0) * last.time_base / _MILLISECOND)
        self._write_frame(last, lasts_ms or round(self._total_ms / max(1, self._frames)))
        for name in (b"EXIF", b"XMP "):
            if name in self._metadata:
                self._file.write(_chunk(name, self._metadata[name]))
        size = self._file.tell() - 8
        self._file.seek(4)
        self._file.write(size.to_bytes(4, "little"))
        self._file.close()
        self._verify()

    def _write_header(self) -> None:
        info, metadata = self._info, self._metadata
        assert info.width is not None
        assert info.height is not None
        flags = _ANIMATED | (_ALPHA if info.has_alpha else 0)
        for name in metadata:
            flags |= _METADATA[name]
        size = (info.width - 1).to_bytes(3, "little") + (info.height - 1).to_bytes(3, "little")
        self._file.write(b"RIFF\0\0\0\0WEBP" + _chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size))
        if b"ICCP" in metadata:
            self._file.write(_chunk(b"ICCP", metadata[b"ICCP"]))
        plays = min(info.plays, 0xFFFF).to_bytes(2, "little")
        self._file.write(_chunk(b"ANIM", b"\0\0\0\0" + plays))

    def _write_frame(self, frame: Frame, lasts_ms: int) -> None:
        picture = Image.fromarray(frame.pixels)
        if self._info.has_alpha and frame.alpha is not None:
            picture.putalpha(Image.fromarray(frame.alpha))
        coded = io.BytesIO()
        picture.save(
            coded,
            "WEBP",
            quality=self._quality or _QUALITY,
            lossless=self._is_lossless,
            exact=self._is_lossless,
        )
        lasts_ms = min(max(0, lasts_ms), _LONGEST_MS)
        numbers = (0, 0, picture.width - 1, picture.height - 1, lasts_ms)
        head = b"".join(number.to_bytes(3, "little") for number in numbers) + bytes([_REPLACES])
        body = b"".join(
            _chunk(name, coded.read(length))
            for name, length in riff_chunks(coded)
            if name in _PICTURE_CHUNKS
        )
        self._file.write(_chunk(b"ANMF", head + body))
        self._frames += 1
        self._total_ms += lasts_ms

    def _verify(self) -> None:
        allow_pixels((self._info.width or 0) * (self._info.height or 0))
        try:
            with WebPImagePlugin.WebPImageFile(io.BytesIO(self._part.read_bytes())) as made:
                found = made.n_frames
                if self._verification == "full":
                    for number in range(found):
                        made.seek(number)
                        made.load()
                    lasts_ms = made.info["timestamp"] + made.info["duration"]
                    if lasts_ms != self._total_ms:
                        raise ValueError(f"it lasts {lasts_ms} ms, not {self._total_ms}")
        except Exception as error:  # the decoder raises many kinds of error
            raise self._mismatch(f"does not open or decode ({error})") from error
        if found != self._frames:
            raise self._mismatch(f"holds {found} of {self._frames} frames")

    def _mismatch(self, problem: str) -> OutputError:
        return OutputError(
            f"the finished animation {problem}",
            path=self._output,
            remedy="check the disk; if it happens again, report it with the input",
        )


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def _metadata(source: Path) -> dict[bytes, bytes]:
    if source.suffix.lower() != ".webp":
        return {}
    with source.open("rb") as file:
        return {name: file.read(size) for name, size in riff_chunks(file) if name in _METADATA}


def _is_lossless(source: Path) -> bool:
    """Whether the first frame of a WebP is lossless."""
    if source.suffix.lower() != ".webp":
        return False
    with source.open("rb") as file:
        return is_lossless_webp(file)
