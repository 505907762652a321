"""What stands for a pipe on the command line, and the formats that can be written into one.

Imports the standard library alone, so that planning a job loads no media library.
"""

from pathlib import Path

__all__ = ["PIPE_MUXERS", "STDIN_NAME", "STDIO"]

STDIO = Path("-")
"""What stands for standard input and standard output."""

STDIN_NAME = Path("standard input")
"""What a piped video is called in messages."""

PIPE_MUXERS = {"mkv": "matroska", "ts": "mpegts"}
"""Formats that can be written without going back, and FFmpeg's names of their muxers."""
