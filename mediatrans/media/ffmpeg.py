"""The second FFmpeg build: finding it and running it."""

import os
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import IO

import imageio_ffmpeg

from mediatrans.errors import UsageError

__all__ = ["find_ffmpeg", "run_ffmpeg"]

_TAIL_LINES = 400


def find_ffmpeg() -> Path:
    """The ffmpeg to run: `$MEDIATRANS_FFMPEG`, else the imageio-ffmpeg wheel's, else the PATH's.

    Raises:
        UsageError: There is none.
    """
    named = os.environ.get("MEDIATRANS_FFMPEG")
    if named:
        found = shutil.which(named)
        if found is None:
            raise UsageError(
                "MEDIATRANS_FFMPEG names no program",
                path=named,
                remedy="set it to an ffmpeg binary, or unset it",
            )
        return Path(found)
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise UsageError(
            "no ffmpeg was found", remedy="install it, or set MEDIATRANS_FFMPEG"
        ) from error


def run_ffmpeg(
    arguments: Sequence[str], *, timeout_s: float, each_line: Callable[[str], None] | None = None
) -> tuple[int, str, str]:
    """Run ffmpeg to its end, without a terminal to ask questions on.

    Args:
        arguments: Everything after the program's name.
        timeout_s: Seconds after which it is killed.
        each_line: Told of every line of its standard output, on another thread; must not raise.

    Returns:
        Its exit code, and the last lines of its standard output and standard error.

    Raises:
        TimeoutError: It took longer than `timeout_s`.
        UsageError: There is no ffmpeg, or what is named so is no program.
    """
    with _start([str(find_ffmpeg()), "-nostdin", "-hide_banner", *arguments]) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # A pipe that nobody reads would stop ffmpeg once it is full.
        tails = [_Tail(process.stdout, each_line), _Tail(process.stderr)]
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"ffmpeg took longer than {timeout_s:.0f} s") from error
        finally:
            process.kill()
            texts = [tail.text() for tail in tails]
    return code, texts[0], texts[1]


def _start(command: list[str]) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603 (arguments are a list, no shell reads them)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise UsageError(
            f"cannot be run as ffmpeg ({error.strerror})",
            path=command[0],
            remedy="set MEDIATRANS_FFMPEG to an ffmpeg binary, or unset it",
        ) from error


class _Tail:
    """The last lines of a stream, read on a thread of its own."""

    def __init__(self, stream: IO[bytes], each_line: Callable[[str], None] | None = None) -> None:
        self._stream = stream
        self._each_line = each_line
        self._lines: deque[str] = deque(maxlen=_TAIL_LINES)
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for raw in self._stream:
            line = raw.decode(errors="replace")
            self._lines.append(line)
            if self._each_line is not None:
                self._each_line(line)

    def text(self) -> str:
        self._thread.join()
        return "".join(self._lines)
