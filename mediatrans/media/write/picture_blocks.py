"""The metadata blocks of a still picture in the form that each format holds."""

import logging
from collections.abc import Callable
from typing import Any

from PIL.PngImagePlugin import PngInfo

from mediatrans.media.frames import COMMENT, StillInfo, Text
from mediatrans.media.tiff_directory import EXIF_PREFIX, TiffReader

__all__ = ["encoder_options", "jpeg_segments", "png_text_chunks", "report_dropped"]

_LOG = logging.getLogger(__name__)

_JPEG_SEGMENT = 65_000
_COM = b"\xff\xfe"
_APP13 = b"\xff\xed"
_PHOTOSHOP = b"Photoshop 3.0\0"
_ORIENTATION = 0x0112
_HELD = {
    "JPEG": frozenset({"EXIF", "XMP", "IPTC", "comment"}),
    "PNG": frozenset({"EXIF", "XMP", "IPTC", "comment", "text"}),
    "TIFF": frozenset({"EXIF", "XMP", "IPTC"}),
    "WEBP": frozenset({"EXIF", "XMP"}),
    "AVIF": frozenset({"EXIF", "XMP"}),
    "GIF": frozenset({"comment"}),
    "JPEG2000": frozenset({"comment"}),
    "PPM": frozenset({"comment"}),
}
"""The kinds of metadata that a format holds."""
_TAKES_DPI = frozenset({"JPEG", "PNG", "BMP", "PCX"})
_TAKES_ICC = frozenset({"JPEG", "PNG", "WEBP", "AVIF"})


def report_dropped(still: StillInfo, file_format: str, name: str) -> None:
    """Warn of what the picture's file holds and the translation does not.

    Args:
        still: The properties of the picture's file.
        file_format: Pillow's name of the format.
        name: The picture's name.
    """
    held = _HELD.get(file_format, frozenset())
    keywords = [text.keyword for text in still.texts if text.keyword != COMMENT]
    present = {
        "EXIF": still.exif,
        "XMP": still.xmp,
        "IPTC": still.photoshop,
        "comment": len(keywords) < len(still.texts),
        "text": keywords,
    }
    dropped = [kind for kind, content in present.items() if content and kind not in held]
    if keywords and "text" in dropped:
        dropped[dropped.index("text")] = f"text ({', '.join(keywords)})"
    if still.lost:
        _LOG.warning("%s: not carried over: %s", name, ", ".join(still.lost))
    if dropped:
        _LOG.warning("%s: %s cannot hold its %s", name, file_format, ", ".join(dropped))
    for kind, block in (("EXIF", still.exif), ("XMP", still.xmp)):
        if block and file_format == "JPEG" and len(block) > _JPEG_SEGMENT:
            _LOG.warning("%s: its %s block is too large for JPEG and is dropped", name, kind)


def encoder_options(still: StillInfo, file_format: str) -> dict[str, Any]:
    """The arguments of Pillow's `save` for the metadata that a format holds.

    Args:
        still: The properties of the picture's file.
        file_format: Pillow's name of the format.
    """
    options: dict[str, Any] = {}
    if still.icc and file_format in _TAKES_ICC:
        options["icc_profile"] = still.icc
    if still.dpi and file_format in _TAKES_DPI:
        options["dpi"] = still.dpi
    held = _HELD.get(file_format, frozenset())
    is_jpeg = file_format == "JPEG"
    if still.exif and "EXIF" in held and not (is_jpeg and len(still.exif) > _JPEG_SEGMENT):
        # Pillow would rewrite the block for AVIF if it had an orientation.
        options["exif"] = _unturned(still.exif) if file_format == "AVIF" else still.exif
    if still.xmp and "XMP" in held and not (is_jpeg and len(still.xmp) > _JPEG_SEGMENT):
        options["xmp"] = still.xmp
    if write := _OTHERS.get(file_format):
        options |= write(still)
    return options


def _png(still: StillInfo) -> dict[str, Any]:
    chunks = png_text_chunks(still)
    info = PngInfo()
    for kind, body in chunks:
        info.add(kind, body)
    return {"pnginfo": info} if chunks else {}


def _jpeg(still: StillInfo) -> dict[str, Any]:
    segments = jpeg_segments(still)
    return {"extra": segments} if segments else {}


def _comment(still: StillInfo) -> dict[str, Any]:
    comments = [_content(text) for text in still.texts if text.keyword == COMMENT]
    return {"comment": b"\n".join(comments)} if comments else {}


_OTHERS: dict[str, Callable[[StillInfo], dict[str, Any]]] = {
    "PNG": _png,
    "JPEG": _jpeg,
    "GIF": _comment,
    "JPEG2000": _comment,
}


def jpeg_segments(still: StillInfo) -> bytes:
    """The segments of comments and image resources, which Pillow does not write itself."""
    segments = b""
    for begin in range(0, len(still.photoshop or b""), _JPEG_SEGMENT):
        assert still.photoshop is not None
        segments += _segment(_APP13, _PHOTOSHOP + still.photoshop[begin : begin + _JPEG_SEGMENT])
    for text in still.texts:
        if text.keyword == COMMENT:
            content = _content(text)
            for begin in range(0, len(content), _JPEG_SEGMENT):
                segments += _segment(_COM, content[begin : begin + _JPEG_SEGMENT])
    return segments


def _segment(marker: bytes, content: bytes) -> bytes:
    return marker + (len(content) + 2).to_bytes(2) + content


def png_text_chunks(still: StillInfo) -> list[tuple[bytes, bytes]]:
    """The names and contents of the chunks for XMP, IPTC and texts (PNG specification, 11.3.3)."""
    chunks = []
    if still.xmp:
        chunks.append((b"iTXt", b"XML:com.adobe.xmp".ljust(22, b"\0") + still.xmp))
    if still.photoshop:
        profile = f"\niptc\n{len(still.photoshop):8}\n{still.photoshop.hex()}\n"
        chunks.append((b"tEXt", b"Raw profile type iptc\0" + profile.encode()))
    return [*chunks, *map(_text_chunk, still.texts)]


def _text_chunk(text: Text) -> tuple[bytes, bytes]:
    keyword, content = text.keyword.encode("latin-1", "replace"), _content(text)
    try:
        plain = content.decode("utf-8").encode("latin-1")
        is_international = text.is_utf8
    except UnicodeDecodeError:  # of an unknown encoding
        plain, is_international = content, False
    except UnicodeEncodeError:
        plain, is_international = b"", True
    if not is_international:
        return b"tEXt", keyword + b"\0" + plain
    language, translated = text.language.encode("latin-1", "replace"), text.translated.encode()
    return b"iTXt", keyword + b"\0\0\0" + language + b"\0" + translated + b"\0" + content


def _content(text: Text) -> bytes:
    return text.text.encode("utf-8", "surrogateescape")


def _unturned(exif: bytes) -> bytes:
    """An EXIF block whose first directory has no orientation; nothing else is moved."""
    block = bytearray(exif.removeprefix(EXIF_PREFIX))
    reader = TiffReader.of(block)
    main = reader.directory(reader.first)
    entry = main.entries.get(_ORIENTATION)
    if entry is None:
        return exif
    end = main.next_at + 4
    block[entry.begin : end] = block[entry.begin + 12 : end].ljust(end - entry.begin, b"\0")
    count = int.from_bytes(block[main.begin : main.begin + 2], reader.order) - 1
    block[main.begin : main.begin + 2] = count.to_bytes(2, reader.order)
    return EXIF_PREFIX + bytes(block)
