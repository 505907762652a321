"""The colour of a picture that its file tells by other means than a profile."""

from typing import BinaryIO

from PIL import Image

from mediatrans.media.animation import png_chunks
from mediatrans.media.colour.coded import ADOBE_RGB, SRGB, CodePoints, Primaries, matrix_profile
from mediatrans.media.read.exif_block import is_adobe_rgb
from mediatrans.media.read.isobmff import HeifInfo, jpeg_2000_profile

__all__ = ["code_points_of", "profile_of"]

_ADOBE_GAMMA = 563 / 256
_USUAL_GAMMA = 1 / 0.45455
_ALIKE = 0.03
_SAME_POINT = 0.002
_CALIBRATED, _EMBEDDED = 0, int.from_bytes(b"MBED")


def code_points_of(
    picture: Image.Image, file: BinaryIO, boxes: HeifInfo | None
) -> CodePoints | None:
    """The code points by which a picture's values are to be read; None if none apply.

    In a PNG they precede its profile, in an AVIF or HEIF the profile precedes them.

    Args:
        picture: The picture.
        file: Its file; its position moves.
        boxes: The boxes of an AVIF or HEIF, else None.
    """
    found = None
    if picture.format == "PNG":
        content = _png_chunk(file, b"cICP")
        found = CodePoints(content[0], content[1]) if len(content) == 4 else None
    elif boxes is not None and boxes.code_points and not picture.info.get("icc_profile"):
        found = CodePoints(*boxes.code_points)
    return None if found is None or found.is_srgb else found


def profile_of(
    picture: Image.Image, file: BinaryIO, header: bytes, exif: bytes | None
) -> bytes | None:
    """The profile of a picture's values, embedded or made of the numbers in its file; or None.

    Args:
        picture: The picture.
        file: Its file; its position moves.
        header: The first bytes of the file.
        exif: Its EXIF block, or None.
    """
    embedded = picture.info.get("icc_profile")
    if isinstance(embedded, bytes) and embedded:
        return embedded
    if picture.format == "PNG":
        return _of_png(file)
    if picture.format == "JPEG2000":
        return jpeg_2000_profile(header)
    if picture.format in ("BMP", "DIB"):
        return _of_bmp(file, header)
    if exif and picture.mode == "RGB" and is_adobe_rgb(exif):
        return matrix_profile("Adobe RGB (1998)", ADOBE_RGB, _ADOBE_GAMMA)
    return None


def _png_chunk(file: BinaryIO, wanted: bytes) -> bytes:
    for name, position in png_chunks(file):
        if name == wanted:
            file.seek(position)
            length = int.from_bytes(file.read(4))
            file.seek(4, 1)
            return file.read(min(length, 64))
        if name == b"IDAT":
            break
    return b""


def _of_png(file: BinaryIO) -> bytes | None:
    """PNG specification, third edition, 11.3.2: sRGB precedes gAMA and cHRM."""
    if _png_chunk(file, b"sRGB"):
        return None
    gamma_chunk, points = _png_chunk(file, b"gAMA"), _png_chunk(file, b"cHRM")
    gamma = 100_000 / (int.from_bytes(gamma_chunk) or 45_455) if gamma_chunk else _USUAL_GAMMA
    values = [int.from_bytes(points[at : at + 4]) / 100_000 for at in range(0, len(points), 4)]
    return _profile(values if len(values) == 8 else None, gamma)


def _of_bmp(file: BinaryIO, header: bytes) -> bytes | None:
    """BITMAPV4HEADER and BITMAPV5HEADER of Windows."""
    size = int.from_bytes(header[14:18], "little")
    kind = int.from_bytes(header[70:74], "little")
    if size >= 124 and kind == _EMBEDDED:
        begin = 14 + int.from_bytes(header[126:130], "little")
        file.seek(begin)
        return file.read(int.from_bytes(header[130:134], "little")) or None
    if size < 108 or kind != _CALIBRATED:
        return None
    numbers = [int.from_bytes(header[at : at + 4], "little") for at in range(74, 122, 4)]
    xyz, gammas = [value / 2**30 for value in numbers[:9]], [v / 65536 for v in numbers[9:]]
    points = []
    for x, y, z in zip(xyz[::3], xyz[1::3], xyz[2::3], strict=True):
        total = x + y + z
        points += [x / total, y / total] if total else [0.0, 0.0]
    if not all(points) or not gammas[0]:
        return None
    return _profile([*SRGB.white, *points], gammas[0])


def _profile(points: list[float] | None, gamma: float) -> bytes | None:
    """A profile of white, red, green and blue, each x and y; None for values like those of sRGB."""
    usual = [*SRGB.white, *SRGB.red, *SRGB.green, *SRGB.blue]
    points = points or usual
    is_usual = all(abs(a - b) <= _SAME_POINT for a, b in zip(points, usual, strict=True))
    if is_usual and abs(gamma / _USUAL_GAMMA - 1) <= _ALIKE:
        return None
    pairs = [(points[at], points[at + 1]) for at in range(0, 8, 2)]
    try:
        return matrix_profile(f"gamma {gamma:.2f}", Primaries(*pairs), gamma)
    except ValueError:
        return None
