"""The reading of a video by the second FFmpeg, whose log tells of damage that is skipped."""

import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from threading import Thread
from types import TracebackType
from typing import Final, Self

import ffmpeg

from mediatrans.media.container import input_format, input_options
from mediatrans.media.ffmpeg import start_ffmpeg
from mediatrans.media.formats import DEMUXERS

__all__ = ["UNNUMBERED", "ScanResult", "SourceScan"]

UNNUMBERED: Final = frozenset({"h264", "hevc"})
"""Formats without counts and times, which are also decoded: frames miss those they depend on."""

_INPUT = "file:input"
_CHUNK = 512
_TIME_BASE = re.compile(r"#tb (\d+): (\d+/\d+)")
_PACKET = re.compile(r"(\d+),\s*(-?\d+),\s*(-?\d+),\s*(-?\d+),\s*(\d+)")
# The demuxer's lines begin with its name, or with "in#0" in newer versions.
_LINE = re.compile(r"\[([^\]]*?)(?: @ 0x[0-9a-f]+)?\] \[(error|fatal|warning)\] (.*)")
_DEMUXERS: Final = frozenset({"AV1 Annex B/low overhead OBU demuxer", *DEMUXERS})
# fmt: off
# Only these messages mean that a part of the file was skipped. Others are about details, or tell
# of damage that shows in the packets as well.
_DAMAGE: Final = re.compile("|".join((
    "exceeds containing master element", "invalid as first byte of an EBML number",
    "exceeds max length", "Invalid track number", "Error parsing frame sizes",
    "Packet mismatch", "single-track mode", "Unable to seek to the next packet",
    r"packet_\w+ .*invalid", "Packet corrupt", "corrupt input packet", "size mismatch",
    "Truncating packet", "partial file", "broken or empty index", "ended prematurely",
    "prematurely ended", "Failed to (get packet|read)", "no checksum", "read_timestamp failed",
    "no index at the end", "checksum mismatch", "CRC mismatch", "Something went wrong",
    "Invalid chunk", "Invalid data", "invalid .* size", "[Tt]runcated", "missing mandatory",
    "error reading header", "overread end of atom",
)))
_DECODERS_DAMAGE: Final = re.compile("|".join((
    "missing picture in access unit", "Too many refs", "Could not find ref",
    "constructing the frame", "error while decoding MB", "co located POCs unavailable",
    "eference picture missing", "unref short failure", "non-existing PPS",
    "Invalid NAL unit size", "does not exist",
)))
# fmt: on
_GUESSED = "Estimating duration"


@dataclass(slots=True)
class ScanResult:
    """What the second FFmpeg has found so far.

    Attributes:
        damage: The first message which means that something was skipped or is missing, or None.
        damaged_after: About how many packets of the main stream were read before that message.
        packets: The number of packets by position: 0 is the main stream, the others are audio.
        ends: The end of the last packet, in seconds, by position.
        is_duration_guessed: Whether the demuxer guesses the duration of the file.
        is_complete: Whether the file was read to its end.
    """

    damage: str | None = None
    damaged_after: int = 0
    packets: Counter[int] = field(default_factory=Counter)
    ends: dict[int, Fraction] = field(default_factory=dict)
    is_duration_guessed: bool = False
    is_complete: bool = False

    @property
    def place(self) -> str:
        """Where the damage is, for a message; "" if it came before the first packet.

        FFmpeg may write it before packets that it has read already, so 0 tells nothing.
        """
        return f" near frame {self.damaged_after}" if self.damaged_after else ""


class SourceScan:
    """Demuxes a file in the background; the `with` block starts and ends it.

    FFmpeg's demuxers look for the next valid data after damage, and only write a line to the log.
    The log of the library in this process cannot be read while decoders run on other threads.

    Args:
        path: The video file.
        stream_index: The stream that is read.
        begin_s: The beginning of the part that is read, in seconds after that of the file.
        end_s: Its end, in seconds after the beginning of the file.
        limit: The most frames that are read.
        decodes: Whether frames are decoded, too, because their loss shows in others alone.

    Attributes:
        found: What has been found so far.
    """

    def __init__(
        self,
        path: Path,
        stream_index: int,
        *,
        begin_s: Fraction | None = None,
        end_s: Fraction | None = None,
        limit: int | None = None,
        decodes: bool = False,
    ) -> None:
        self.found = ScanResult()
        self._command = _command(path, stream_index, begin_s, end_s, limit, decodes)
        self._damage = _DECODERS_DAMAGE if decodes else _DAMAGE
        self._time_bases: dict[int, Fraction] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        """Start ffmpeg.

        Raises:
            UsageError: There is no ffmpeg.
        """
        self._process = start_ffmpeg(self._command)
        self._thread = Thread(target=self._read, args=(self._process,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self.wait()
            self._process.wait()

    def wait(self) -> ScanResult:
        """Wait until the file is read to its end."""
        if self._thread is not None:
            self._thread.join()
        return self.found

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        rests = {process.stdout.fileno(): b"", process.stderr.fileno(): b""}
        log = process.stderr.fileno()
        with process.stdout, process.stderr, DefaultSelector() as selector:
            for descriptor in rests:
                selector.register(descriptor, EVENT_READ)
            while selector.get_map():
                ready = sorted((key.fd for key, _ in selector.select()), key=lambda fd: fd != log)
                # Few packets at a time, and the log first, to know after how many a message comes.
                data = os.read(ready[0], _CHUNK)
                *lines, rests[ready[0]] = (rests[ready[0]] + data).split(b"\n")
                for line in lines:
                    take = self._take_message if ready[0] == log else self._take_packet
                    take(line.decode(errors="replace"))
                if not data:
                    selector.unregister(ready[0])
        self.found.is_complete = process.wait() == 0

    def _take_message(self, line: str) -> None:
        said = _LINE.search(line)
        if said is None or not (said[1].startswith("in#") or said[1] in _DEMUXERS):
            return
        found = self.found
        found.is_duration_guessed |= _GUESSED in said[3]
        if found.damage is None and self._damage.search(said[3]):
            found.damaged_after = found.packets[0]
            found.damage = said[3].strip().rstrip(".!")

    def _take_packet(self, line: str) -> None:
        found = self.found
        if packet := _PACKET.match(line):
            position, pts, duration = int(packet[1]), int(packet[3]), int(packet[4])
            found.packets[position] += 1
            end = (pts + duration) * self._time_bases.get(position, Fraction(0))
            found.ends[position] = max(found.ends.get(position, end), end)
        elif time_base := _TIME_BASE.match(line):
            self._time_bases[int(time_base[1])] = Fraction(time_base[2])


def _command(
    path: Path,
    stream_index: int,
    begin_s: Fraction | None,
    end_s: Fraction | None,
    limit: int | None,
    decodes: bool,
) -> list[str]:
    part = {"ss": begin_s, "to": end_s}
    times = {key: f"{float(value):.6f}" for key, value in part.items() if value is not None}
    name = input_format(path)
    source = ffmpeg.input(_INPUT, **input_options(), **times, **({"f": name} if name else {}))
    frames = {} if limit is None else {"frames:v": limit}
    output = ffmpeg.output(
        source[str(stream_index)], source["a?"], "-", format="framecrc", c="copy",
        flush_packets=1, **frames,
    )  # fmt: skip
    if decodes:
        decoded = ffmpeg.output(source[str(stream_index)], "-", format="null", **frames)
        output = ffmpeg.merge_outputs(output, decoded)
    # Put in afterwards: ffmpeg-python takes no name that is not UTF-8.
    words = [f"file:{path}" if word == _INPUT else word for word in output.get_args()]
    return ["-loglevel", "repeat+level+warning", *words]
