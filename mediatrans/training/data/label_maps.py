"""Label maps: of what class each pixel of a training picture is."""

import io
import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mediatrans.errors import InputError

__all__ = ["UNKNOWN", "LabelMaps", "label_folder"]

UNKNOWN = 255
"""The number of pixels whose class is not known; every number that is no class means the same."""


def label_folder(pictures: Path) -> Path:
    """Where the label maps of a folder of training pictures are: beside it, `trainA_labels`."""
    resolved = pictures.resolve()
    return resolved.with_name(f"{resolved.name}_labels")


class LabelMaps:
    """The label maps of a folder of pictures, kept in memory as the PNG files that they are.

    A picture `lane/01.jpg` has the map `lane/01.png`: one channel of up to 8 bits, or a palette,
    whose values are the classes' numbers, from 0 on.

    Args:
        folder: The folder of the maps, laid out as that of the pictures.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, bytes] = {}

    def add(self, picture: str, height: int, width: int) -> str:
        """Read the map of a picture.

        Args:
            picture: The picture's relative path.
            height: Of the picture as it is trained on, px.
            width: Likewise.

        Returns:
            The CRC of the map's file.

        Raises:
            InputError: There is none, it is no label map, or it has other proportions.
        """
        path = self._folder / Path(picture).with_suffix(".png")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"no label map of {picture!r}: {error.strerror}",
                path=path,
                remedy="give every training picture one, or begin a run without --label-classes",
            ) from error
        rows, columns = _decoded(data, path).shape
        # Half a pixel of either side is lost where both are scaled to whole pixels.
        if abs(rows * width - columns * height) > max(rows, columns, height, width):
            raise InputError(
                f"the label map has {columns}x{rows} px, the picture other proportions",
                path=path,
                remedy="make it as large as the picture",
            )
        self._files[picture] = data
        return f"{zlib.crc32(data):08x}"

    def scaled(self, picture: str, height: int, width: int) -> NDArray[np.uint8]:
        """The map of a picture that was added, uint8 [height, width]."""
        path = self._folder / Path(picture).with_suffix(".png")
        labels = _decoded(self._files[picture], path)
        resized = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        return resized.astype(np.uint8, copy=False)


def _decoded(data: bytes, path: Path) -> NDArray[np.uint8]:
    remedy = "write PNG files of one channel of up to 8 bits, or with a palette"
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.mode not in ("1", "L", "P"):
                raise InputError(
                    f"the label map has pixels of the kind {image.mode}, no class numbers",
                    path=path,
                    remedy=remedy,
                )
            return np.asarray(image, dtype=np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise InputError("the label map cannot be read", path=path, remedy=remedy) from error
