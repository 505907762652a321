"""The path that stands for a pipe, and the formats that can be written to one.

Imports the standard library alone, so that planning a job loads no media library.
"""

from pathlib import Path

__all__ = ["MPEGTS_CODECS", "PIPE_MUXERS", "STDIN_NAME", "STDIO"]

STDIO = Path("-")
"""The path that stands for standard input and standard output."""

STDIN_NAME = Path("standard input")
"""The name of a piped video in messages."""

PIPE_MUXERS = {"mkv": "matroska", "ts": "mpegts"}
"""Formats that can be written without seeking, and FFmpeg's names of their muxers."""

# fmt: off
MPEGTS_CODECS = frozenset({
    "aac", "mp2", "mp3", "ac3", "eac3", "dts", "opus", "h264", "hevc", "mpeg2video", "mpeg4",
    "dvb_subtitle", "dvb_teletext",
})
# fmt: on
"""FFmpeg's names of the codecs that players support in MPEG-TS; its muxer accepts any codec."""
