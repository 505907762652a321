"""One frame as a still picture file."""

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
    """A frame as a picture file, written and published when the `with` block ends.

    Args:
        output: The final name; its suffix names the format.
        quality: 1 to 100 for lossy formats; None matches the source.
        record: Is given the whole file's fingerprint just before it takes its final name.
    """

    def __init__(
        self, output: Path, *, quality: int | None = None, record: Record | None = None
    ) -> None:
        self._output = output
        self._quality = quality
        self._record = record
        self._frame: Frame | None = None

    def write(self, frame: Frame) -> None:
        """Take the frame; it is encoded when the block ends."""
        self._frame = frame

    def cut_here(self, damage: str) -> None:
        """There is nothing after a picture."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write and publish the picture; after an error there is nothing to remove.

        Raises:
            OutputError: The format cannot be written or the file system refuses.
        """
        if error is not None:
            return
        if self._frame is None:
            raise OutputError(
                "no frame was written", path=self._output, remedy="see the messages above"
            )
        write_picture(self._frame, self._output, quality=self._quality, record=self._record)
