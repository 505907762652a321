"""The pictures of a folder one after the other, at their own size up to a limit."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from mediatrans.errors import InputError
from mediatrans.media.frames import Pixels
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.training.data.folders import find_pictures

__all__ = ["Gallery"]


class Gallery:
    """The readable pictures of a folder in the order of their paths, read anew by each iteration.

    Args:
        folder: The folder, nested ones included.
        longer_side: Larger pictures are reduced to this many pixels, smaller ones left alone; None
            leaves all alone.
        names: Relative paths of the pictures that are meant; None means all.

    Attributes:
        read: Relative paths of the pictures that the last iteration gave, in their order.
        unreadable: (relative path, reason) of what it passed over.

    Raises:
        InputError: There is no such folder.
    """

    def __init__(
        self, folder: Path, longer_side: int | None, names: Sequence[str] | None = None
    ) -> None:
        if not folder.is_dir():
            raise InputError("no such folder", path=folder, remedy="give a folder of pictures")
        self.folder = folder
        self.read: list[str] = []
        self.unreadable: list[tuple[str, str]] = []
        self._longer_side = longer_side
        self._names = find_pictures(folder) if names is None else names

    def drawn(self, count: int) -> "Gallery":
        """So many of its pictures, drawn at random and always the same, at their own size.

        Args:
            count: How many at most.
        """
        order = np.random.default_rng(0).permutation(len(self._names))
        return Gallery(self.folder, None, [self._names[index] for index in order[:count]])

    def __len__(self) -> int:
        """How many pictures there are, unreadable ones included."""
        return len(self._names)

    def __iter__(self) -> Iterator[Pixels]:
        """uint8 [H, W, 3] RGB each."""
        self.read.clear()
        self.unreadable.clear()
        for name in self._names:
            try:
                pixels = read_picture(self.folder / name).pixels
            except InputError as error:
                self.unreadable.append((name, error.problem))
            else:
                self.read.append(name)
                yield pixels if self._longer_side is None else _reduced(pixels, self._longer_side)


def _reduced(pixels: Pixels, longer_side: int) -> Pixels:
    height, width = pixels.shape[:2]
    factor = longer_side / max(height, width)
    if factor >= 1:
        return pixels
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
