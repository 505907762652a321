"""Label maps: of what class each pixel of a training picture is."""

import io
import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mediatrans.errors import InputError
from mediatrans.files.regular import read_regular

__all__ = ["LabelMaps", "label_folder"]

_NUMBERS = 256
_KINDS = ("1", "L", "P")


def label_folder(pictures: Path) -> Path:
    """Where the label maps of a folder of training pictures are: beside it, `trainA_labels`."""
    named = pictures if pictures.name not in ("", "..") else pictures.resolve()
    return named.with_name(f"{named.name}_labels")


class LabelMaps:
    """The label maps of a folder of pictures, reduced with them and kept in memory as PNG files.

    A picture `lane/01.jpg` has the map `lane/01.png`: one channel of up to 8 bits, or a palette,
    whose values are the classes' numbers, from 0 on. Every number that is no class is an unknown
    one.

    Args:
        folder: The folder of the maps, laid out as that of the pictures.

    Attributes:
        counts: How many pixels have each number from 0 to 255, in all maps together.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts = np.zeros(_NUMBERS, np.int64)
        self._maps: dict[str, NDArray[np.uint8]] = {}
        self._pictures: dict[Path, str] = {}

    def add(self, picture: str, height: int, width: int) -> str:
        """Read the map of a picture.

        Args:
            picture: The picture's relative path.
            height: Of the picture as it is trained on, px.
            width: Likewise.

        Returns:
            The CRC of the map's file.

        Raises:
            InputError: There is none, it is no label map, it has other proportions, or it is that
                of another picture as well.
        """
        path = self.folder / Path(picture).with_suffix(".png")
        other = self._pictures.setdefault(path, picture)
        if other != picture:
            raise InputError(
                f"the label map of two pictures, {other!r} and {picture!r}",
                path=path,
                remedy="rename one of the pictures, and give each a map of its name",
            )
        try:
            data = read_regular(path)
        except OSError as error:
            raise InputError(
                f"no label map of {picture!r}: {error.strerror}",
                path=path,
                remedy="put one there; only runs that began without --label-classes need none",
            ) from error
        labels = _decoded(data, path)
        rows, columns = labels.shape
        # Half a pixel of either side is lost where both are scaled to whole pixels.
        if abs(rows * width - columns * height) > max(rows, columns, height, width):
            raise InputError(
                f"the label map has {columns}x{rows} px, the picture other proportions",
                path=path,
                remedy="make it as large as the picture",
            )
        self.counts += np.bincount(labels.ravel(), minlength=_NUMBERS)
        reduced = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        self._maps[picture] = cv2.imencode(".png", reduced)[1].astype(np.uint8, copy=False)
        return f"{zlib.crc32(data):08x}"

    def of(self, picture: str) -> NDArray[np.uint8]:
        """The map of a picture that was added, uint8 [H, W], as large as it is trained on."""
        labels = cv2.imdecode(self._maps[picture], cv2.IMREAD_GRAYSCALE)
        assert labels is not None
        return labels.astype(np.uint8, copy=False)


def _decoded(data: bytes, path: Path) -> NDArray[np.uint8]:
    """The numbers of a PNG file, as they are stored."""
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.mode not in _KINDS:
                raise InputError(
                    f"the label map has pixels of the kind {image.mode}, no class numbers",
                    path=path,
                    remedy="write PNG files of one channel of up to 8 bits, or with a palette",
                )
            numbers = np.asarray(image, dtype=np.uint8)
            # Greys of 2 and 4 bits are stretched to 255 where they are read.
            stretched = 255 // (2 ** _depth(data) - 1) if image.mode == "L" else 1
            return numbers // np.uint8(stretched)
    except (
        Image.DecompressionBombError,
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
    ) as error:
        raise InputError(
            f"the label map cannot be read: {error}",
            path=path,
            remedy="write it again, as a PNG file as large as the picture",
        ) from error


def _depth(png: bytes) -> int:
    """Bits of a channel: the ninth byte of the header chunk, which comes first (PNG, 11.2.1)."""
    return png[24]
