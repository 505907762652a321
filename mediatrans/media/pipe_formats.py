"""What stands for a pipe on the command line, and the formats that can be written into one.

Imports the standard library alone, so that planning a job loads no media library.
"""

from pathlib import Path

__all__ = ["MPEGTS_CODECS", "PIPE_MUXERS", "STDIN_NAME", "STDIO"]

STDIO = Path("-")
"""What stands for standard input and standard output."""

STDIN_NAME = Path("standard input")
"""What a piped video is called in messages."""

PIPE_MUXERS = {"mkv": "matroska", "ts": "mpegts"}
"""Formats that can be written without going back, and FFmpeg's names of their muxers."""

# fmt: off
MPEGTS_CODECS = frozenset({
    "aac", "mp2", "mp3", "ac3", "eac3", "dts", "opus", "h264", "hevc", "mpeg2video", "mpeg4",
    "dvb_subtitle", "dvb_teletext",
})
# fmt: on
"""FFmpeg's names of what players find in MPEG-TS; its muxer takes everything, and says nothing."""
