"""The encoders of TIFF and PPM, and of PNG with 16 bits per channel.

Pillow can neither write colour pictures with 16 bits per channel nor keep an EXIF block in TIFF or
a comment in PPM.
"""

import zlib
from collections.abc import Callable
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.media.frames import COMMENT, Frame, StillInfo
from mediatrans.media.photoshop import iptc_of
from mediatrans.media.tiff_directory import (
    EXIF_PREFIX,
    LAYOUT_TAGS,
    ByteOrder,
    Field,
    TiffReader,
    directory_bytes,
)
from mediatrans.media.write.picture_blocks import png_text_chunks

__all__ = ["encoder_of"]

Encode = Callable[[Frame, StillInfo], bytes]
Samples = NDArray[np.uint8 | np.uint16]

_PPM_MAGIC = len("P6\n")
_INCH_M = 0.0254
_UNASSOCIATED_ALPHA = 2
_DEFLATE = 8
_HORIZONTAL = 2
_RGB = 2
_CHUNKY = 1
_PER_INCH = 2
_BYTE, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 3, 4, 5, 7
_STRIP_OFFSETS, _ORIENTATION = 273, 274
_KEPT = {282: _RATIONAL, 283: _RATIONAL, 296: _SHORT}
"""The tags of storage that stay if the source has no other resolution, and their types."""
_XMP, _ICC, _IPTC, _PHOTOSHOP = 700, 34675, 33723, 34377


def encoder_of(file_format: str, still: StillInfo) -> Encode | None:
    """The encoder for a frame; None if Pillow can encode it.

    Args:
        file_format: Pillow's name of the format.
        still: The properties of the frame's file.

    Returns:
        A function that raises ValueError or cv2.error if the frame cannot be encoded.
    """
    return _ENCODERS.get(file_format) or (_DEEP.get(file_format) if still.bits == 16 else None)


def _samples(frame: Frame, bits: int) -> Samples:
    """uint8 or uint16 [H, W, 3 or 4] RGB."""
    pixels = frame.pixels
    if frame.alpha is not None:
        pixels = np.dstack([pixels, frame.alpha])
    if bits == 8:
        return pixels
    # Multiplying by 257 maps 0 to 0 and 255 to 65535 exactly.
    return pixels.astype(np.uint16) * np.uint16(257)


def _encode_png(frame: Frame, still: StillInfo) -> bytes:
    blocks = {
        cv2.IMAGE_METADATA_EXIF: still.exif.removeprefix(b"Exif\0\0") if still.exif else None,
        cv2.IMAGE_METADATA_ICCP: still.icc,
    }
    held = {kind: np.frombuffer(data, np.uint8) for kind, data in blocks.items() if data}
    done, data = cv2.imencodeWithMetadata(
        ".png", _bgr(_samples(frame, still.bits)), list(held), list(held.values())
    )
    if not done:
        raise ValueError("the encoder failed")
    after_header = 8 + 25
    return bytes(data[:after_header]) + _dpi_and_texts(still) + bytes(data[after_header:])


def _encode_ppm(frame: Frame, still: StillInfo) -> bytes:
    done, data = cv2.imencode(".ppm", _bgr(_samples(frame, still.bits)))
    if not done:
        raise ValueError("the encoder failed")
    comments = [text for text in still.texts if text.keyword == COMMENT]
    lines = [line for text in comments for line in text.text.splitlines()]
    magic = data[:_PPM_MAGIC]
    told = b"".join(f"# {line}\n".encode("utf-8", "surrogateescape") for line in lines)
    return bytes(magic) + told + bytes(data[_PPM_MAGIC:])


def _bgr(samples: Samples) -> Samples:
    channels = [2, 1, 0, 3][: samples.shape[2]]
    return np.ascontiguousarray(samples[..., channels])


def _dpi_and_texts(still: StillInfo) -> bytes:
    """The pHYs chunk and those of texts, which OpenCV does not write (PNG specification, 11.3)."""
    chunks = b""
    if still.dpi:
        across, down = (round(value / _INCH_M) for value in still.dpi)
        chunks += _chunk(b"pHYs", across.to_bytes(4) + down.to_bytes(4) + b"\1")
    for kind, body in png_text_chunks(still):
        chunks += _chunk(kind, body)
    return chunks


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def _encode_tiff(frame: Frame, still: StillInfo) -> bytes:
    """A TIFF of one deflated strip.

    An EXIF block is a TIFF without a picture. The file begins with the source's block as it is,
    so that all offsets in it stay valid; a directory of the same tags and of the picture follows.
    """
    samples = _samples(frame, still.bits)
    fields, block, order = _described(still)
    left = np.zeros_like(samples)
    left[:, 1:] = samples[:, :-1]
    endless = samples.dtype.newbyteorder("<" if order == "little" else ">")
    strip = zlib.compress((samples - left).astype(endless).tobytes())
    fields |= _picture_tags(samples, still, order, len(strip))
    begin = len(block) + len(block) % 2
    fields[_STRIP_OFFSETS] = _long(0, order)
    begin_of_strip = begin + len(directory_bytes(fields.items(), begin, order))
    fields[_STRIP_OFFSETS] = _long(begin_of_strip, order)
    block[4:8] = begin.to_bytes(4, order)
    return bytes(block.ljust(begin, b"\0")) + directory_bytes(fields.items(), begin, order) + strip


def _described(still: StillInfo) -> tuple[dict[int, Field], bytearray, ByteOrder]:
    """The tags of the source's EXIF block, the block itself and its byte order."""
    fields: dict[int, Field] = {}
    block = bytearray(b"II\x2a\0\0\0\0\0")
    order: ByteOrder = "little"
    if still.exif:
        block = bytearray(still.exif.removeprefix(EXIF_PREFIX))
        reader = TiffReader.of(block)
        order = reader.order
        entries = reader.directory(reader.first).entries
        fields = {
            tag: reader.field(entry)
            for tag, entry in entries.items()
            if tag not in LAYOUT_TAGS or (entry.count == 1 and entry.kind == _KEPT.get(tag))
        }
        fields.pop(_ORIENTATION, None)  # of the upright picture
    blocks = {_XMP: still.xmp, _PHOTOSHOP: still.photoshop, _ICC: still.icc}
    if still.photoshop:
        blocks[_IPTC] = iptc_of(still.photoshop)
    for tag, content in blocks.items():
        if content:
            fields[tag] = Field(_BYTE if tag == _XMP else _UNDEFINED, len(content), content)
    return fields, block, order


def _picture_tags(
    samples: Samples, still: StillInfo, order: ByteOrder, strip_length: int
) -> dict[int, Field]:
    height, width, channels = samples.shape
    numbers = {256: width, 257: height, 278: height, 279: strip_length}
    fields = {tag: _long(value, order) for tag, value in numbers.items()}
    shorts = {258: (still.bits,) * channels, 259: (_DEFLATE,), 262: (_RGB,), 277: (channels,)}
    shorts |= {284: (_CHUNKY,), 317: (_HORIZONTAL,)}
    if channels == 4:
        shorts[338] = (_UNASSOCIATED_ALPHA,)
    if still.dpi:
        shorts[296] = (_PER_INCH,)
        for tag, value in zip((282, 283), still.dpi, strict=True):
            ratio = Fraction(value).limit_denominator(10_000)
            parts = ratio.numerator, ratio.denominator
            fields[tag] = Field(_RATIONAL, 1, b"".join(part.to_bytes(4, order) for part in parts))
    for tag, values in shorts.items():
        data = b"".join(value.to_bytes(2, order) for value in values)
        fields[tag] = Field(_SHORT, len(values), data)
    return fields


def _long(value: int, order: ByteOrder) -> Field:
    return Field(_LONG, 1, value.to_bytes(4, order))


_ENCODERS: dict[str, Encode] = {"TIFF": _encode_tiff, "PPM": _encode_ppm}
_DEEP: dict[str, Encode] = {"PNG": _encode_png}
"""The encoders for 16 bits per channel alone."""
