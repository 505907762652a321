"""Photoshop's image resources, in which JPEG and TIFF files hold IPTC records."""

from collections.abc import Iterator

__all__ = ["described_only", "iptc_of", "wrapped_iptc"]

_SIGNATURE = b"8BIM"
_IPTC = 0x0404
# IPTC, the copyright flag, the address of the owner, the digest of the IPTC records. The others
# describe the layout of the file, or hold previews and paths.
_DESCRIPTION = frozenset({_IPTC, 0x040A, 0x040B, 0x0425})


def described_only(block: bytes) -> bytes | None:
    """The resources that also describe a translation; None if there are none.

    Args:
        block: Resources, from the first signature on.
    """
    kept = b"".join(
        whole + bytes(len(whole) % 2)
        for number, whole, content in _resources(block)
        if number in _DESCRIPTION and content
    )
    return kept or None


def iptc_of(block: bytes) -> bytes | None:
    """The IPTC records among resources, or None.

    Args:
        block: Resources, from the first signature on.
    """
    return next((content for number, _, content in _resources(block) if number == _IPTC), None)


def _resources(block: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The number, all bytes and the content of each complete resource."""
    at = 0
    while block[at : at + 4] == _SIGNATURE:
        name_length = block[at + 6 : at + 7].ljust(1, b"\0")[0]
        size_at = at + 6 + (name_length + 2) // 2 * 2  # the name's length is part of its padding
        content_at = size_at + 4
        end = content_at + int.from_bytes(block[size_at:content_at])
        if end > len(block):
            return
        yield int.from_bytes(block[at + 4 : at + 6]), block[at:end], block[content_at:end]
        at = end + (end - content_at) % 2


def wrapped_iptc(records: bytes) -> bytes:
    """IPTC records as a resource.

    Args:
        records: The records; TIFF writers may append zeros.
    """
    head = _SIGNATURE + _IPTC.to_bytes(2) + b"\0\0" + len(records).to_bytes(4)
    return head + records + bytes(len(records) % 2)
