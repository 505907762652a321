"""The sink that writes one frame as a still picture."""

from pathlib import Path
from types import TracebackType
from typing import Self

from mediatrans.errors import OutputError
from mediatrans.files.publish import Record
from mediatrans.media.frames import Frame
from mediatrans.media.write.picture_writer import write_picture
from mediatrans.media.write.single_piece import SinglePiece

__all__ = ["PictureSink"]


class PictureSink(SinglePiece):
    """A picture file, which is written and published at the end of the `with` block.

    Args:
        output: The final name; its suffix determines the format.
        quality: 1 to 100 for lossy formats; None keeps the quality of the source.
        record: Called with the finished file's fingerprint before it is published; None: not
            called.
    """

    def __init__(
        self, output: Path, *, quality: int | None = None, record: Record | None = None
    ) -> None:
        self._output = output
        self._quality = quality
        self._record = record
        self._frame: Frame | None = None

    def write(self, frame: Frame) -> None:
        """Store the frame; it is encoded at the end of the block."""
        self._frame = frame

    def cut_here(self, damage: str) -> None:
        """Does nothing: a picture has no other streams."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write and publish the picture, or do nothing after an error.

        Raises:
            OutputError: The picture cannot be encoded, or the file cannot be written.
        """
        if error is not None:
            return
        if self._frame is None:
            raise OutputError(
                "no frame was written", path=self._output, remedy="see the messages above"
            )
        write_picture(self._frame, self._output, quality=self._quality, record=self._record)
