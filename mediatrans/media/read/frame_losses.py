"""What the frames of a video lose when they are translated, each said once, wherever it begins."""

import logging
import re
from pathlib import Path
from typing import Final

from av import VideoFrame
from av.video.format import VideoFormat
from av.video.stream import VideoStream

from mediatrans.media.colour.yuv import chroma_of, is_hdr, is_wide
from mediatrans.media.read.decoding import lacks_alpha_decoder
from mediatrans.media.side_data import side_data

__all__ = ["FrameLosses", "warn_of_layers"]

_LOG = logging.getLogger(__name__)

# The beginning of a video parameter set of HEVC (ITU-T H.265, 7.3.2.1), up to its reserved bits.
_PARAMETERS: Final = re.compile(rb"\x40\x01(..)\xff\xff", re.DOTALL)
_LOST: Final = {
    "A53_CC": "closed captions",
    "S12M_TIMECODE": "timecodes of the frames",
    "AFD": "active format descriptions",
    "LCEVC": "enhancement layer (LCEVC)",
}
"""What is stored with the frames, by FFmpeg's name of the side data."""


class FrameLosses:
    """Warns of depth, gamut, chroma and data that the frames of a translation do not have.

    Recordings that were joined, and programmes of a broadcast, change them midway.

    Args:
        path: The video's name in the warnings.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._said: set[str] = set()
        self._chroma: str | None = None
        self._last: tuple[object, ...] | None = None

    def look(self, frame: VideoFrame, index: int) -> None:
        """Note the properties of a decoded frame.

        Args:
            frame: The frame.
            index: Its number in the warnings.
        """
        for name in side_data(frame).keys() & _LOST.keys():
            self._say("its %s are not carried over", name, index, _LOST[name])
        kind = (frame.format.name, frame.color_trc, frame.color_primaries, frame.colorspace)
        if kind == self._last:
            return
        self._last = kind
        self._look_at_colour(frame, index)
        self._look_at_chroma(frame.format, index)

    def _look_at_colour(self, frame: VideoFrame, index: int) -> None:
        bits = frame.format.components[0].bits
        if is_hdr(frame):
            self._say("HDR; tone-mapped to SDR (bt709, 8 bits)", "hdr", index)
        elif is_wide(frame):
            self._say("wide gamut; mapped to bt709 with 8 bits", "wide", index)
        elif bits > 8:
            self._say("%d bits per channel; converted with 8", "bits", index, bits)

    def _look_at_chroma(self, pixels: VideoFormat, index: int) -> None:
        chroma = chroma_of(pixels)
        if self._chroma is None:
            self._chroma = chroma
        if chroma != self._chroma:
            words = [":".join(each) for each in (chroma, self._chroma)]
            self._say("its chroma changes to %s; written as %s", "chroma", index, *words)

    def _say(self, words: str, topic: str, index: int, *values: object) -> None:
        if topic in self._said:
            return
        self._said.add(topic)
        since = f" (from frame {index} on)" if index else ""
        _LOG.warning(f"%s: {words}%s", self._path, *values, since)


def warn_of_layers(stream: VideoStream, path: Path) -> None:
    """Warn of a layer with transparency or another view, which this build does not decode.

    Args:
        stream: The main stream.
        path: The video's name in the warning.
    """
    if lacks_alpha_decoder(stream):
        _LOG.warning("%s: its transparency is not supported; converted as opaque", path)
    context = stream.codec_context
    found = _PARAMETERS.search(context.extradata or b"") if context.name == "hevc" else None
    layers = ((found[1][0] & 3) << 4 | found[1][1] >> 4) + 1 if found else 1
    if layers > 1:
        _LOG.warning(
            "%s: it has %d layers (transparency, or the view of the other eye); only the first is "
            "decoded", path, layers,
        )  # fmt: skip
