"""Training pictures, decoded and reduced once, then kept in memory or on disk."""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.errors import InputError
from mediatrans.files.publish import output_errors
from mediatrans.media.frames import Pixels
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.training.data.label_maps import LabelMaps

__all__ = ["PictureStore", "load_reduced"]

_DECODERS = 4
_GREY_BELOW = 2


class PictureStore:
    """The readable pictures of a folder, each scaled so that its shorter side has one length.

    Every picture is decoded once at the start, so that broken ones are known before the order of
    the data is drawn.

    Args:
        folder: The folder.
        names: Relative paths of its pictures.
        shorter_side: Pixels of the shorter side after scaling.
        cache: Where scaled pictures are kept: "ram", "disk" or "none" (decoded again each time).
        cache_folder: Where the "disk" cache goes.
        skip_grey: Leave black-and-white pictures out.
        labels: Where their label maps are read, or None for none.

    Attributes:
        names: Those that could be read.
        unreadable: (relative path, reason) of those that could not.
        grey: How many were left out as black-and-white.
        enlarged: How many were smaller than `shorter_side`.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        shorter_side: int,
        cache: Literal["ram", "disk", "none"],
        cache_folder: Path,
        skip_grey: bool = False,
        labels: LabelMaps | None = None,
    ) -> None:
        self._folder = folder
        self._shorter_side = shorter_side
        self._cache_folder = cache_folder
        self._in_memory: dict[str, Pixels] = {}
        self._fetch: Callable[[str], Pixels] = {
            "ram": self._in_memory.__getitem__,
            "disk": self._from_disk,
            "none": self._decode,
        }[cache]
        keep = {"ram": self._in_memory.__setitem__, "disk": self._to_disk, "none": _forget}[cache]
        self.names: list[str] = []
        self.unreadable: list[tuple[str, str]] = []
        self.enlarged = self.grey = 0
        self._listing: list[str] = []
        self._labels = labels
        with ThreadPoolExecutor(_DECODERS) as decoders:
            for name, outcome in zip(names, decoders.map(self._try_decode, names), strict=True):
                if isinstance(outcome, str):
                    self.unreadable.append((name, outcome))
                    continue
                pixels, enlarged, line = outcome
                if skip_grey and _is_grey(pixels):
                    self.grey += 1
                    continue
                if self._labels is not None:
                    line = f"{line} labels {self._labels.add(name, *pixels.shape[:2])}"
                keep(name, pixels)
                self.names.append(name)
                self._listing.append(line)
                self.enlarged += enlarged

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Pixels:
        """The index-th readable picture, uint8 [H, W, 3] RGB, its shorter side as asked."""
        return self._fetch(self.names[index])

    def labels(self, index: int) -> NDArray[np.uint8]:
        """The label map of the index-th readable picture, uint8 [H, W], as large as it."""
        assert self._labels is not None, "opened without label maps"
        return self._labels.of(self.names[index])

    def listing(self) -> list[str]:
        """A line for each readable picture, its path and its files' CRCs, for a resume."""
        return self._listing

    def _try_decode(self, name: str) -> tuple[Pixels, bool, str] | str:
        path = self._folder / name
        try:
            original = read_picture(path).pixels
            line = f"{name} {zlib.crc32(path.read_bytes()):08x}"
        except InputError as error:
            return error.problem
        except OSError as error:
            return error.strerror or str(error)
        enlarged = min(original.shape[:2]) < self._shorter_side
        return _scaled(original, self._shorter_side), enlarged, line

    def _decode(self, name: str) -> Pixels:
        return load_reduced(self._folder / name, self._shorter_side)

    def _cached_file(self, name: str) -> Path:
        key = f"{self._folder.resolve()}/{name}@{self._shorter_side}"
        return self._cache_folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npy"

    def _to_disk(self, name: str, pixels: Pixels) -> None:
        remedy = "free some space, or use --cache ram or none"
        with output_errors(self._cache_folder, what="the picture cache", remedy=remedy):
            self._cache_folder.mkdir(parents=True, exist_ok=True)
            np.save(self._cached_file(name), pixels)

    def _from_disk(self, name: str) -> Pixels:
        pixels: Pixels = np.load(self._cached_file(name), mmap_mode="r")
        return pixels


def load_reduced(path: Path, shorter_side: int) -> Pixels:
    """Read a picture and scale its shorter side to a length, its proportions kept.

    Returns:
        uint8 [H, W, 3] RGB.

    Raises:
        InputError: It cannot be read.
    """
    return _scaled(read_picture(path).pixels, shorter_side)


def _scaled(pixels: Pixels, shorter_side: int) -> Pixels:
    height, width = pixels.shape[:2]
    factor = shorter_side / min(height, width)
    if factor == 1:
        return pixels
    size = max(shorter_side, round(width * factor)), max(shorter_side, round(height * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(pixels, size, interpolation=method).astype(np.uint8, copy=False)


def _is_grey(pixels: Pixels) -> bool:
    """Whether the channels of a pixel differ by less than 2 of 255 in the mean."""
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    return bool(spread.mean() < _GREY_BELOW)


def _forget(name: str, pixels: Pixels) -> None:
    """The cache "none" keeps nothing."""
