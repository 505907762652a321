"""The inspection of downloaded pictures: readable or not, size, digest, colour or grey."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from mediatrans.errors import InputError
from mediatrans.media.frames import Pixels
from mediatrans.media.read.picture_reader import read_picture

__all__ = ["Inspected", "inspect_pictures"]

_READERS = 4
_GREY_SPREAD = 4
_GREY_SHARE = 0.99


@dataclass(frozen=True, slots=True)
class Inspected:
    """A picture file that was inspected.

    Attributes:
        path: The file.
        unreadable: Why it cannot be read, or None; then nothing else is known.
        shorter_side: Pixels.
        digest: SHA-256 of its pixels and shape: the same picture under another name, with other
            metadata or losslessly compressed anew has the same one.
        grey: Its channels hardly differ: a black-and-white picture, in whatever format.
    """

    path: Path
    unreadable: str | None = None
    shorter_side: int = 0
    digest: str = ""
    grey: bool = False


def inspect_pictures(folder: Path, names: Sequence[str]) -> Iterator[Inspected]:
    """Inspect the pictures of a folder, in the order of their names.

    Args:
        folder: The folder.
        names: Relative paths.
    """
    with ThreadPoolExecutor(_READERS) as readers:
        yield from readers.map(partial(_inspect, folder), names)


def _inspect(folder: Path, name: str) -> Inspected:
    path = folder / name
    try:
        pixels = read_picture(path).pixels
    except InputError as error:
        return Inspected(path, unreadable=error.problem)
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(f"{height}x{width}".encode())
    digest.update(pixels.tobytes())
    return Inspected(
        path=path,
        shorter_side=min(height, width),
        digest=digest.hexdigest(),
        grey=_is_grey(pixels),
    )


def _is_grey(pixels: Pixels) -> bool:
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    return bool(np.mean(spread <= _GREY_SPREAD) >= _GREY_SHARE)
