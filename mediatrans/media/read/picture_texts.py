"""The texts in a picture's file: comments of JPEG, GIF and JPEG 2000, and the text of PNG."""

import re
import zlib
from typing import BinaryIO

from mediatrans.media.animation import png_chunks
from mediatrans.media.frames import COMMENT, Text

__all__ = ["comment", "png_texts", "raw_profile"]

_LARGEST_TEXT = 16_000_000
_RAW_PROFILE = re.compile(r"\s*([^\s]+)\s+(\d+)\s+([0-9a-fA-F\s]*)")


def comment(content: bytes) -> Text:
    """A comment of bytes in an unknown encoding, which are kept as they are.

    Args:
        content: The bytes; NULs at the end are left out.
    """
    return Text(COMMENT, content.rstrip(b"\0").decode("utf-8", "surrogateescape"))


def png_texts(file: BinaryIO) -> tuple[Text, ...]:
    """The texts of a PNG, in their order (PNG specification, third edition, 11.3.3).

    Args:
        file: The file; its position moves.
    """
    readers = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}
    texts = []
    for name, position in png_chunks(file):
        if name not in readers:
            continue
        file.seek(position)
        length = int.from_bytes(file.read(4))
        file.seek(4, 1)
        try:
            texts.append(readers[name](file.read(min(length, _LARGEST_TEXT))))
        except (ValueError, zlib.error):
            continue
    return tuple(texts)


def raw_profile(text: Text) -> bytes:
    """The bytes in a text such as "Raw profile type exif", as ImageMagick writes them.

    Args:
        text: A name, a length and hexadecimal digits.
    """
    found = _RAW_PROFILE.match(text.text)
    return bytes.fromhex(found[3])[: int(found[2])] if found else b""


def _plain(chunk: bytes) -> Text:
    keyword, text = chunk.split(b"\0", 1)
    return Text(keyword.decode("latin-1"), text.decode("latin-1"))


def _compressed(chunk: bytes) -> Text:
    keyword, rest = chunk.split(b"\0", 1)
    return Text(keyword.decode("latin-1"), _inflated(rest[1:]).decode("latin-1"))


def _international(chunk: bytes) -> Text:
    keyword, rest = chunk.split(b"\0", 1)
    is_compressed, rest = rest[:1] == b"\1", rest[2:]
    language, translated, text = rest.split(b"\0", 2)
    content = _inflated(text) if is_compressed else text
    return Text(
        keyword.decode("latin-1"),
        content.decode("utf-8"),
        language.decode("latin-1"),
        translated.decode("utf-8"),
        is_utf8=True,
    )


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    content = inflater.decompress(data, _LARGEST_TEXT)
    if inflater.unconsumed_tail:
        raise ValueError("a text that is too long")
    return content
