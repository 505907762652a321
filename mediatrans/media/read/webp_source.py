"""The source that reads an animated WebP with Pillow, since FFmpeg does not decode it."""

import io
import logging
from collections import Counter

from PIL import WebPImagePlugin

from mediatrans.errors import InputError
from mediatrans.media.animation import WEBP_CHUNKS, riff_chunks
from mediatrans.media.read.pillow_animation import AnimatedFile, PillowAnimation

__all__ = ["WebpSource"]

_LOG = logging.getLogger(__name__)


class WebpSource(PillowAnimation):
    """The composed frames of an animated WebP; the arguments are those of `PillowAnimation`."""

    def _opened(self) -> AnimatedFile:
        return WebPImagePlugin.WebPImageFile(io.BytesIO(self._path.read_bytes()))

    def _check(self, picture: AnimatedFile) -> None:
        """Refuse the file if it declares more frames; warn of chunks that no reader knows."""
        frames = picture.n_frames
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

    def _time_of(self, picture: AnimatedFile, number: int) -> tuple[int, int | None]:
        return picture.info["timestamp"], picture.info["duration"] or None
