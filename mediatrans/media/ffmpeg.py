"""The ffmpeg program, an FFmpeg build separate from PyAV's: finding it and running it."""

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

__all__ = ["find_ffmpeg", "run_ffmpeg", "start_ffmpeg"]

_TAIL_LINES = 400


def find_ffmpeg() -> Path:
    """The path of ffmpeg: `$MEDIATRANS_FFMPEG`, else that of the imageio-ffmpeg wheel, else PATH.

    Raises:
        UsageError: There is no ffmpeg.
    """
    named = os.environ.get("MEDIATRANS_FFMPEG")
    if named:
        found = shutil.which(named)
        if found is None:
            raise UsageError(
                "MEDIATRANS_FFMPEG does not name a program",
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
    """Run ffmpeg without standard input, and wait until it ends.

    Args:
        arguments: The arguments of ffmpeg.
        timeout_s: Seconds after which it is killed.
        each_line: Called with every line of its standard output, on another thread; must not raise.

    Returns:
        Its exit code, and the last lines of its standard output and standard error.

    Raises:
        TimeoutError: It took longer than `timeout_s`.
        UsageError: There is no ffmpeg, or it is not a program.
    """
    with start_ffmpeg(arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # Both pipes must be drained: ffmpeg blocks when one is full.
        tails = [_Tail(process.stdout, each_line), _Tail(process.stderr)]
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"ffmpeg took longer than {timeout_s:.0f} s") from error
        finally:
            process.kill()
            texts = [tail.text() for tail in tails]
    return code, texts[0], texts[1]


def start_ffmpeg(arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start ffmpeg without standard input; both its outputs must be read.

    Args:
        arguments: The arguments of ffmpeg.

    Raises:
        UsageError: There is no ffmpeg, or it is not a program.
    """
    command = [str(find_ffmpeg()), "-nostdin", "-hide_banner", *arguments]
    try:
        return subprocess.Popen(  # noqa: S603 (arguments are a list, no shell reads them)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise UsageError(
            f"cannot be run as ffmpeg ({error.strerror})",
            path=command[0],
            remedy="set MEDIATRANS_FFMPEG to an ffmpeg binary, or unset it",
        ) from error


class _Tail:
    """The last lines of a stream, which is read on a separate thread."""

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
