"""The pixel aspect of a video's frames, which may change midway in broadcasts and joined files."""

from fractions import Fraction
from typing import Final

from av import VideoFrame
from av.video.stream import VideoStream

__all__ = ["PixelAspect"]

# Programs round the aspects of the same standard to 12/11 and 59/54, for example.
_SAME: Final = Fraction(2, 100)


class PixelAspect:
    """Follows the changes of the pixel aspect that a decoder reads in the headers of its stream.

    A container's own aspect applies to all frames; changes are then ignored.

    Args:
        stream: The stream, after its first frame was decoded.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._first = _coded(stream)
        self._change = Fraction(1)
        self._is_fixed = (stream.sample_aspect_ratio or Fraction(1)) != self._first

    def continue_with(self, stream: VideoStream) -> None:
        """Follow the same stream in a container that was opened again."""
        self._stream = stream

    def change(self, frame: VideoFrame) -> Fraction:
        """The aspect of a frame's pixels, divided by that of the first frame's.

        PyAV only tells the aspect of the decoder, which is ahead of its frames. It changes with a
        keyframe.

        Args:
            frame: The frame that was decoded last.
        """
        if frame.key_frame and not self._is_fixed:
            change = _coded(self._stream) / self._first
            self._change = change if abs(change - 1) > _SAME else Fraction(1)
        return self._change


def _coded(stream: VideoStream) -> Fraction:
    return stream.codec_context.sample_aspect_ratio or Fraction(1)
