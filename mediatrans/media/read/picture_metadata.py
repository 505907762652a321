"""The metadata of a still picture's file, adjusted for its translation."""

import mmap
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Any, BinaryIO

from PIL import Image, JpegImagePlugin

from mediatrans.media.animation import png_chunks
from mediatrans.media.frames import JPEG_411, JPEG_440, JpegCoding, Text
from mediatrans.media.photoshop import described_only, wrapped_iptc
from mediatrans.media.read.exif_block import adjusted_exif, orientation_of
from mediatrans.media.read.isobmff import HeifInfo, has_metadata_boxes, heif_info
from mediatrans.media.read.picture_texts import comment, png_texts, raw_profile
from mediatrans.media.read.tiff_tags import description_of
from mediatrans.media.read.trailers import has_trailer
from mediatrans.media.read.unknown_parts import (
    gif_xmp,
    pnm_comments,
    unknown_extensions,
    unknown_png_chunks,
    unknown_segments,
    unknown_sgi_name,
    unknown_tga_parts,
    unknown_webp_chunks,
)
from mediatrans.media.read.xmp_packet import cut_down, orientation_of_xmp, without_orientation
from mediatrans.media.tiff_directory import EXIF_PREFIX

__all__ = ["RawMetadata", "collect", "dpi_of", "jpeg_coding"]

_SUBSAMPLINGS: dict[tuple[tuple[int, int], ...], int] = {
    ((2, 1), (1, 1), (1, 1)): 1,
    ((2, 2), (1, 1), (1, 1)): 2,
    ((4, 1), (1, 1), (1, 1)): JPEG_411,
    ((1, 2), (1, 1), (1, 1)): JPEG_440,
}
"""The number of the chroma subsampling by the sampling factors of the components."""
_MOST_DPI = 65_535
_XMP_IN_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
_MORE_XMP_IN_JPEG = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP_IN_JPEG = b"Photoshop 3.0\0"
_GAIN_MAP_IN_JPEG = b"urn:iso:std:iso:ts:21496:-1\0"
_JUMBF_IN_JPEG = b"JP"
_SAMSUNG_END = b"SEFT"
_SAMSUNG_VIDEO = b"MotionPhoto_Data"
_GAIN_MAP = "HDR gain map"
_CREDENTIALS = "content credentials"
_FURTHER = "further pictures of the file"
_MOTION = "motion photo's video"
_APPENDED = "data behind the picture's end"
_EXPLAINING = frozenset(
    {_GAIN_MAP, _FURTHER, _MOTION, "embedded pictures and videos", "depth map", "embedded sound"}
)
"""What is stored behind the end of a picture, too."""
_XMP_IN_PNG = "XML:com.adobe.xmp"
_PROFILE_IN_PNG = "Raw profile type "


@dataclass(slots=True)
class RawMetadata:
    """The metadata blocks of a file as they are stored there.

    Attributes:
        exif: The EXIF block, or None.
        xmp: The XMP packet, or None.
        photoshop: The image resources that also describe a translation, or None.
        texts: The comments and texts.
        lost: Names of what the file holds beside its picture and a translation cannot have.
        boxes: The boxes of an AVIF or HEIF, else None.
        turn: How the pixels are to be turned if not the blocks tell it, but the boxes; or None.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    photoshop: bytes | None = None
    texts: tuple[Text, ...] = ()
    lost: set[str] = field(default_factory=set)
    boxes: HeifInfo | None = None
    turn: int | None = None

    @property
    def orientation(self) -> int:
        """How the pixels are to be turned, 1 to 8: that of EXIF, else that of XMP."""
        if self.turn is not None:
            return self.turn
        turned = orientation_of(self.exif) if self.exif else None
        if turned is None and self.xmp:
            return orientation_of_xmp(self.xmp)
        return turned or 1

    def adjust(self, size: tuple[int, int], *, is_transposed: bool, is_srgb_now: bool) -> None:
        """Make the blocks describe the upright picture in its current colours.

        Args:
            size: Its width and height.
            is_transposed: Whether the orientation swapped width and height.
            is_srgb_now: Whether its colours were converted to sRGB.
        """
        if self.exif is not None:
            try:
                self.exif = adjusted_exif(
                    self.exif, size, is_transposed=is_transposed, is_srgb_now=is_srgb_now
                )
            except ValueError:
                self.exif = None
                self.lost.add("damaged EXIF")
        if self.xmp is not None:
            self.xmp, lost = cut_down(without_orientation(self.xmp))
            self.lost |= lost
        if _GAIN_MAP in self.lost:
            self.lost.discard(_FURTHER)  # which are the gain map
        if self.lost & _EXPLAINING:
            self.lost.discard(_APPENDED)


def collect(picture: Image.Image, file: BinaryIO) -> RawMetadata:
    """The metadata of a decoded picture.

    Args:
        picture: The picture.
        file: Its file; its position moves.
    """
    info = picture.info
    found = RawMetadata(exif=_bytes(info.get("exif")), xmp=_bytes(info.get("xmp")))
    if reader := _READERS.get(picture.format or ""):
        reader(found, picture, file)
    if has_trailer(picture.format or "", file):
        found.lost.add(_APPENDED)
    return found


def _jpeg(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    assert isinstance(picture, JpegImagePlugin.JpegImageFile)
    resources, comments = b"", []
    for name, content in picture.applist:
        if name == "COM":
            comments.append(comment(content))
        elif name == "APP13" and content.startswith(_PHOTOSHOP_IN_JPEG):
            resources += content.removeprefix(_PHOTOSHOP_IN_JPEG)
        elif name == "APP1" and content.startswith(_XMP_IN_JPEG):
            found.xmp = content.removeprefix(_XMP_IN_JPEG)
        elif name == "APP1" and content.startswith(_MORE_XMP_IN_JPEG):
            found.lost.add("extended XMP")
        elif name == "APP2" and content.startswith(_GAIN_MAP_IN_JPEG):
            found.lost.add(_GAIN_MAP)
        elif name == "APP11" and content.startswith(_JUMBF_IN_JPEG):
            found.lost.add(_CREDENTIALS)
    found.lost |= unknown_segments(picture.applist)
    if "mp" in picture.info:
        found.lost.add(_FURTHER)
    if _has_samsung_video(file):
        found.lost.add(_MOTION)
    found.photoshop = described_only(resources)
    found.texts = tuple(text for text in comments if text.text)


def _has_samsung_video(file: BinaryIO) -> bool:
    """Whether a video is appended in the way of Samsung's cameras, which XMP may not tell."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - len(_SAMSUNG_END)))
    if file.read() != _SAMSUNG_END:
        return False
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(_SAMSUNG_VIDEO) >= 0


def _png(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    texts = []
    for text in png_texts(file):
        kind = text.keyword.removeprefix(_PROFILE_IN_PNG).lower()
        if text.keyword == _XMP_IN_PNG:
            found.xmp = text.text.encode()
        elif not text.keyword.startswith(_PROFILE_IN_PNG):
            texts.append(text)
        elif kind in ("exif", "app1"):
            block = raw_profile(text)
            if block.startswith(EXIF_PREFIX):
                found.exif = found.exif or block
        elif kind in ("iptc", "8bim"):
            block = raw_profile(text)
            resources = block if block.startswith(b"8BIM") else wrapped_iptc(block)
            found.photoshop = described_only(resources)
        elif kind == "xmp":
            found.xmp = found.xmp or raw_profile(text) or None
    found.texts = tuple(texts)
    if any(name == b"caBX" for name, _ in png_chunks(file)):
        found.lost.add(_CREDENTIALS)
    found.lost |= unknown_png_chunks(file)


def _pnm(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    found.texts = tuple(comment(content) for content in pnm_comments(file))


def _tga(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    found.lost |= unknown_tga_parts(file)


def _sgi(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    found.lost |= unknown_sgi_name(file)


def _webp(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    found.lost |= unknown_webp_chunks(file)


def _ico(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    if len(picture.info.get("sizes", ())) > 1:
        found.lost.add("all sizes of the icon but the largest")


def _gif(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    _commented(found, picture)
    found.xmp = gif_xmp(file)
    found.lost |= unknown_extensions(file)


def _commented(found: RawMetadata, picture: Image.Image) -> None:
    if content := _bytes(picture.info.get("comment")):
        found.texts = (comment(content),)


def _jpeg_2000(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    _commented(found, picture)
    if has_metadata_boxes(file):
        found.lost.add("metadata in boxes")


def _tiff(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    try:
        description = description_of(file)
    except ValueError:
        return
    found.exif, found.xmp = description.exif, description.xmp
    # Pillow makes up a resolution of 1 for a file that tells none.
    picture.info["dpi"] = description.dpi
    resources = description.photoshop or b""
    if description.iptc and b"8BIM\x04\x04" not in resources:
        resources += wrapped_iptc(description.iptc)
    found.photoshop = described_only(resources)
    found.lost |= set(description.lost)


def _avif(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    # Pillow adds the orientation of the boxes to the EXIF block, and rewrites it for that.
    found.turn = (orientation_of(found.exif) if found.exif else None) or 1
    _heif(found, picture, file)
    assert found.boxes is not None
    found.exif = found.boxes.exif


def _heif(found: RawMetadata, picture: Image.Image, file: BinaryIO) -> None:
    found.boxes = heif_info(file)
    found.lost |= found.boxes.lost


_READERS: dict[str, Callable[[RawMetadata, Image.Image, BinaryIO], None]] = {
    "JPEG": _jpeg,
    "MPO": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "ICO": _ico,
    "JPEG2000": _jpeg_2000,
    "PPM": _pnm,
    "TGA": _tga,
    "SGI": _sgi,
    "TIFF": _tiff,
    "WEBP": _webp,
    "AVIF": _avif,
    "HEIF": _heif,
}


def _bytes(block: Any) -> bytes | None:
    return block if isinstance(block, bytes) and block else None


def dpi_of(dpi: Any, *, is_transposed: bool) -> tuple[float, float] | None:
    """Horizontal and vertical pixels per inch after rotation; None if missing or invalid.

    Args:
        dpi: Pillow's value.
        is_transposed: Whether the orientation swapped width and height.
    """
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not (0 < across <= _MOST_DPI and 0 < down <= _MOST_DPI):
        return None
    return (down, across) if is_transposed else (across, down)


def jpeg_coding(picture: Image.Image) -> JpegCoding | None:
    """The compression parameters of a JPEG; None for other formats."""
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return None
    tables = tuple(tuple(table) for _, table in sorted(picture.quantization.items()))
    if not tables:
        return None
    sampling = _SUBSAMPLINGS.get(_reduced([layer[1:3] for layer in picture.layer]), 0)
    return JpegCoding(tables[:2], sampling, "progressive" in picture.info)


def _reduced(factors: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sampling factors without what they have in common: some encoders multiply all by 2."""
    if not all(min(factor) > 0 for factor in factors):
        return ()
    across, down = (gcd(*numbers) for numbers in zip(*factors, strict=True))
    return tuple((wide // across, high // down) for wide, high in factors)
