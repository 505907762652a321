"""The cause of a decoder's error: damage, encryption, or a coding that FFmpeg does not support."""

import re
from pathlib import Path
from typing import Final

import av

from mediatrans.errors import InputError
from mediatrans.media.container import input_error

__all__ = ["decoding_error"]

_UNSUPPORTED: Final = (
    av.error.PatchWelcomeError,
    av.error.NotImplementedError,
    av.error.DecoderNotFoundError,
    av.error.ExperimentalError,
)
# The names of encrypted tracks in MP4 (ISO 23001-7), and the content encryption of Matroska.
_ENCRYPTED: Final = re.compile(rb"enc[vat][\0-\xff]{0,400}?sinf|sinf.{4}frma", re.DOTALL)
_SEARCHED_BYTES: Final = 1 << 20


def decoding_error(path: Path, error: av.FFmpegError, frames: int) -> InputError:
    """The InputError for an error of a decoder.

    Args:
        path: The video file.
        error: The error of FFmpeg.
        frames: The number of frames decoded before it.
    """
    if isinstance(error, _UNSUPPORTED):
        return InputError(
            f"its coding is not supported by this build of FFmpeg (after frame {frames}): "
            f"{(error.strerror or str(error)).lower()}",
            path=path,
            remedy="the file may be whole; convert it with another program first",
        )
    if is_encrypted(path):
        return InputError("it is encrypted", path=path, remedy="get a copy without copy protection")
    return input_error(path, error, f"damaged after frame {frames}")


def is_encrypted(path: Path) -> bool:
    """Whether an MP4 has encrypted tracks; False for other files and for pipes.

    Args:
        path: The video file.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_SEARCHED_BYTES)
            if start[4:8] != b"ftyp":
                return False
            file.seek(max(0, path.stat().st_size - _SEARCHED_BYTES))
            return bool(_ENCRYPTED.search(start) or _ENCRYPTED.search(file.read()))
    except OSError:
        return False
