"""The second FFmpeg build: finding it, running it, and its look at a finished video."""

import os
import re
import shutil
import subprocess
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import IO

import ffmpeg
import imageio_ffmpeg

from mediatrans.errors import OutputError, UsageError
from mediatrans.media.container import input_options

__all__ = ["find_ffmpeg", "run_ffmpeg", "verify_video"]

_TAIL_LINES = 400
_START_TIMEOUT_S = 60.0
_SLOWEST_DISK = 2_000_000  # bytes a second
_STREAM = re.compile(r"^\s+Stream #0:\d+.*?: (Video|Audio|Subtitle)", re.MULTILINE)


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


def run_ffmpeg(arguments: Sequence[str], *, timeout_s: float) -> tuple[int, str, str]:
    """Run ffmpeg to its end, without a terminal to ask questions on.

    Args:
        arguments: Everything after the program's name.
        timeout_s: Seconds after which it is killed.

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
        tails = [_Tail(process.stdout), _Tail(process.stderr)]
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


def verify_video(
    path: Path, name: Path, *, frames: int, index: int, streams: Sequence[str]
) -> None:
    """Check with the second FFmpeg build that a finished video holds what was written.

    Packets are counted without decoding them, so this takes seconds even for long videos.

    Args:
        path: The finished video, perhaps still under its part name.
        name: What to call it in messages.
        frames: Frames that were written.
        index: The main video stream's index.
        streams: FFmpeg's type of every stream that was written.

    Raises:
        OutputError: The video does not open, or frames or streams are missing.
    """
    arguments = (
        ffmpeg.input(f"file:{path}", **input_options())
        .output("-", format="null", map=f"0:{index}", c="copy")
        .global_args("-progress", "pipe:1", "-nostats")
        .get_args()
    )
    timeout_s = _START_TIMEOUT_S + path.stat().st_size / _SLOWEST_DISK
    code, progress, log = run_ffmpeg(arguments, timeout_s=timeout_s)
    if code != 0:
        last = log.strip().splitlines()[-1] if log.strip() else f"exit code {code}"
        raise _mismatch(name, f"the finished video does not open ({last})")
    counts = re.findall(r"^frame=\s*(\d+)", progress, re.MULTILINE)
    found = int(counts[-1]) if counts else 0
    if found != frames:
        raise _mismatch(name, f"the finished video holds {found} of {frames} frames")
    written = Counter(kind for kind in streams if kind in ("video", "audio", "subtitle"))
    held = Counter(kind.lower() for kind in _STREAM.findall(log.partition("Output #0")[0]))
    if held != written:
        raise _mismatch(name, f"the finished video holds streams {dict(held)}, not {dict(written)}")


def _mismatch(name: Path, problem: str) -> OutputError:
    return OutputError(
        problem, path=name, remedy="check the disk, then report it with the input if it persists"
    )


class _Tail:
    """The last lines of a stream, read on a thread of its own."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: deque[bytes] = deque(maxlen=_TAIL_LINES)
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        self._lines.extend(self._stream)

    def text(self) -> str:
        self._thread.join()
        return b"".join(self._lines).decode(errors="replace")
