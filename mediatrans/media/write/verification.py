"""The verification of a finished video: a second FFmpeg build checks that nothing is missing."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import ffmpeg

from mediatrans.errors import OutputError
from mediatrans.media.container import input_options
from mediatrans.media.ffmpeg import run_ffmpeg
from mediatrans.media.write_options import Verification

__all__ = ["Written", "verify_video"]

_START_TIMEOUT_S = 60.0
_INPUT = "file:input"
_SLOWEST_DISK = 2_000_000  # bytes per second
_SLOWEST_DECODER = 2_000_000  # pixels per second
# A GIF has 100 ticks per second, and some audio is divided into other packets.
_TOLERANCE_S = Fraction(1, 4)
_STREAM = re.compile(r"^\s+Stream #0:(\d+).*?: (Video|Audio|Subtitle)(.*)", re.MULTILINE)
_TIME_BASE = re.compile(r"#tb (\d+): (\d+/\d+)")
_PACKET = re.compile(r"(\d+),\s*-?\d+,\s*(-?\d+),(?:.* F=0x([0-9A-Fa-f]+))?")
# FFmpeg's flag of packets that an edit list hides.
_HIDDEN = 0x4
_SIZE = re.compile(r", (\d+)x(\d+)")


@dataclass(frozen=True, slots=True)
class Written:
    """The expected content of a finished video.

    Attributes:
        frames: Frames of the main video stream.
        width: Width of the main video stream in pixels.
        height: Height of the main video stream in pixels.
        index: Index of the main video stream.
        streams: FFmpeg's type of every stream; "empty" for a stream without packets, which a
            demuxer may or may not list.
        spans: Seconds from the first to the last timestamp of streams, by stream index.
        tags: The tags of the file.
        stream_tags: The tags of every stream; none if the format has only those of the file.
        stream_flags: FFmpeg's dispositions of every stream; none as for the tags.
    """

    frames: int
    width: int
    height: int
    index: int
    streams: Sequence[str]
    spans: Mapping[int, Fraction]
    tags: Mapping[str, str] = field(default_factory=dict)
    stream_tags: Sequence[Mapping[str, str]] = ()
    stream_flags: Sequence[int] = ()


def verify_video(path: Path, name: Path, written: Written, how: Verification = "fast") -> None:
    """Check with the second FFmpeg build that a finished video has the expected content.

    Args:
        path: The finished video; it may have its part name.
        name: The name in messages.
        written: The expected content.
        how: "fast" reads all packets, which takes seconds even for long videos; "full" also decodes
            them.

    Raises:
        OutputError: The video does not open or decode, or its frames, streams or durations differ
            from the expected ones.
    """
    sounds_and_pictures = [
        index
        for index, kind in enumerate(written.streams)
        if kind in ("video", "audio") and index != written.index
    ]
    mapped = [written.index, *sounds_and_pictures]
    packets = _Packets()
    timeout_s = _START_TIMEOUT_S + path.stat().st_size / _SLOWEST_DISK
    arguments = _reading(path, mapped, "framecrc", c="copy")
    code, _, log = run_ffmpeg(arguments, timeout_s=timeout_s, each_line=packets.take)
    _check_ended(name, code)
    if code != 0:
        raise _mismatch(name, f"the finished video does not open ({_last_line(log, code)})")
    _check_count(packets.counts[0], name, written, "shows")
    _check_streams(log.partition("Output #0")[0], name, written)
    for position, index in enumerate(mapped):
        _check_span(packets.span(position), name, index, written)
    if how == "full":
        _check_decoding(path, name, mapped, written)


class _Packets:
    """The packets that are listed by ffmpeg's framecrc; hidden frames do not count.

    Its lines hold stream, dts, pts, duration, size, checksum and, unless they are usual, flags.
    """

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self._time_bases: dict[int, Fraction] = {}
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}

    def take(self, line: str) -> None:
        if time_base := _TIME_BASE.match(line):
            self._time_bases[int(time_base[1])] = Fraction(time_base[2])
        numbers = _PACKET.match(line)
        if numbers is None:
            return
        position, pts = int(numbers[1]), int(numbers[2])
        # The main stream is listed first. Audio needs its hidden samples: they prime decoders.
        if position == 0 and int(numbers[3] or "0", 16) & _HIDDEN:
            return
        self.counts[position] += 1
        self._first[position] = min(self._first.get(position, pts), pts)
        self._last[position] = max(self._last.get(position, pts), pts)

    def span(self, position: int) -> Fraction:
        ticks = self._last.get(position, 0) - self._first.get(position, 0)
        return ticks * self._time_bases.get(position, Fraction(0))


def _check_ended(name: Path, code: int) -> None:
    """Raise an error if ffmpeg was killed, which says nothing about the video."""
    if code < 0:
        raise OutputError(
            f"ffmpeg was killed by signal {-code} while it verified the finished video",
            path=name,
            remedy="run the same command again",
        )


def _check_streams(log: str, name: Path, written: Written) -> None:
    wanted = Counter(kind for kind in written.streams if kind in ("video", "audio", "subtitle"))
    found = {int(index): (kind.lower(), rest) for index, kind, rest in _STREAM.findall(log)}
    empty = {index for index, kind in enumerate(written.streams) if kind == "empty"}
    held = Counter(kind for index, (kind, _) in found.items() if index not in empty)
    if held != wanted:
        raise _mismatch(name, f"the finished video holds streams {dict(held)}, not {dict(wanted)}")
    size = _SIZE.search(found[written.index][1])
    if size and (int(size[1]), int(size[2])) != (written.width, written.height):
        problem = f"{size[1]}x{size[2]}, not {written.width}x{written.height}"
        raise _mismatch(name, f"the finished video is {problem}")


def _check_span(found: Fraction, name: Path, index: int, written: Written) -> None:
    wanted = written.spans.get(index)
    if wanted is not None and abs(found - wanted) > _TOLERANCE_S:
        raise _mismatch(
            name,
            f"stream {index} of the finished video lasts {float(found):.2f} s, "
            f"not {float(wanted):.2f} s",
        )


def _check_decoding(path: Path, name: Path, mapped: Sequence[int], written: Written) -> None:
    pixels = written.frames * written.width * written.height
    timeout_s = _START_TIMEOUT_S + max(
        path.stat().st_size / _SLOWEST_DISK, pixels / _SLOWEST_DECODER
    )
    decoded = _Packets()
    # The main stream is mapped first, so its frames are counted as stream 0.
    arguments = _reading(path, mapped, "framecrc", fps_mode="passthrough")
    code, _, log = run_ffmpeg(
        ["-loglevel", "error", "-xerror", "-err_detect", "explode", *arguments],
        timeout_s=timeout_s,
        each_line=decoded.take,
    )
    _check_ended(name, code)
    if code != 0 or log.strip():
        raise _mismatch(name, f"the finished video does not decode ({_last_line(log, code)})")
    _check_count(decoded.counts[0], name, written, "decodes to")


def _reading(path: Path, streams: Iterable[int], muxer: str, **output: str) -> list[str]:
    source = ffmpeg.input(_INPUT, **input_options())
    mapped = (source[str(index)] for index in streams)
    arguments: list[str] = ffmpeg.output(*mapped, "-", format=muxer, **output).get_args()
    # Put in afterwards: ffmpeg-python takes no name that is not UTF-8.
    return [f"file:{path}" if word == _INPUT else word for word in arguments]


def _check_count(found: int, name: Path, written: Written, verb: str) -> None:
    if found != written.frames:
        raise _mismatch(name, f"the finished video {verb} {found} of {written.frames} frames")


def _last_line(log: str, code: int) -> str:
    return log.strip().splitlines()[-1] if log.strip() else f"exit code {code}"


def _mismatch(name: Path, problem: str) -> OutputError:
    return OutputError(
        problem, path=name, remedy="check the disk; if it happens again, report it with the input"
    )
