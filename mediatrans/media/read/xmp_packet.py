"""XMP packets, cut down to what is also true of the translation.

Cutting works on the bytes of the packet: whatever stays, stays as it was written.
"""

import re
from xml.parsers import expat

__all__ = ["cut_down", "orientation_of_xmp", "without_orientation"]

_LOST = {
    "http://ns.adobe.com/hdr-gain-map/1.0/": "HDR gain map",
    "http://ns.apple.com/HDRGainMap/1.0/": "HDR gain map",
    "http://ns.apple.com/pixeldatainfo/1.0/": "HDR gain map",
    "http://ns.google.com/photos/1.0/camera/": "motion photo's video",
    "http://ns.google.com/photos/1.0/container/": "embedded pictures and videos",
    "http://ns.google.com/photos/1.0/container/item/": "embedded pictures and videos",
    "http://ns.google.com/photos/dd/1.0/device/": "depth map",
    "http://ns.google.com/photos/1.0/depthmap/": "depth map",
    "http://ns.google.com/photos/1.0/image/": "embedded pictures and videos",
    "http://ns.google.com/photos/1.0/audio/": "embedded sound",
    "http://ns.adobe.com/xmp/note/": "extended XMP",
    "http://ns.adobe.com/xap/1.0/g/img/": "preview",
}
"""What is lost by the namespace of the properties that describe it."""

_THUMBNAILS = "http://ns.adobe.com/xap/1.0/ Thumbnails"
_CAMERA = "http://ns.google.com/photos/1.0/camera/"
_MOTION = re.compile("Motion|MicroVideo")
_ORIENTATION = re.compile(rb"""tiff:Orientation(?:\s*=\s*["']|>)\s*([1-8])""")
_ORIENTATIONS = (
    re.compile(rb"""\s*tiff:Orientation\s*=\s*("[^"]*"|'[^']*')"""),
    re.compile(rb"<tiff:Orientation>[^<]*</tiff:Orientation>"),
)


def orientation_of_xmp(packet: bytes) -> int:
    """The orientation that a packet tells, 1 to 8; 1 if it tells none."""
    found = _ORIENTATION.search(packet)
    return int(found[1]) if found else 1


def without_orientation(packet: bytes) -> bytes:
    """A packet without an orientation."""
    for pattern in _ORIENTATIONS:
        packet = pattern.sub(b"", packet)
    return packet


def cut_down(packet: bytes) -> tuple[bytes | None, frozenset[str]]:
    """Remove the properties that describe bytes which the translation does not have.

    Args:
        packet: An XMP packet.

    Returns:
        The packet, unchanged if it has no such properties, and the names of what they describe.
        None if it has some but is no well-formed XML.
    """
    suspects = {name for space, name in _LOST.items() if space.encode() in packet}
    if not suspects and b"Thumbnails" not in packet:
        return packet, frozenset()
    finder = _Finder(packet)
    try:
        finder.parse()
    except (expat.ExpatError, ValueError):
        return (None, frozenset(suspects)) if suspects else (packet, frozenset())
    for begin, end in sorted(finder.cuts, reverse=True):
        packet = packet[:begin] + packet[end:]
    return packet, frozenset(finder.lost)


class _Finder:
    """Finds the byte ranges of properties to be cut, none inside another."""

    def __init__(self, packet: bytes) -> None:
        self.cuts: list[tuple[int, int]] = []
        self.lost: set[str] = set()
        self._packet = packet
        self._depth = 0
        self._cut_at: tuple[int, int] | None = None  # the position and depth of an open element
        self._prefixes: list[tuple[bytes, str]] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.StartNamespaceDeclHandler = self._declared
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended

    def parse(self) -> None:
        """Find the ranges.

        Raises:
            expat.ExpatError: The packet is no well-formed XML.
            ValueError: It declares a document type, which could define entities.
        """
        self._parser.Parse(self._packet, True)

    def _declared(self, prefix: str | None, space: str) -> None:
        self._prefixes.append(((prefix or "").encode(), space))

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._cut_at is not None:
            return
        begin = self._parser.CurrentByteIndex
        if (what := _lost_with(name)) is not None:
            self.lost.add(what)
            self._cut_at = begin, self._depth
            return
        for attribute in attributes:
            if (what := _lost_with(attribute)) is not None:
                self.lost.add(what)
                self._cut_attribute(begin, attribute)

    def _cut_attribute(self, begin: int, attribute: str) -> None:
        space, _, local = attribute.rpartition(" ")
        prefixes = {prefix for prefix, declared in self._prefixes if declared == space}
        for prefix in prefixes:
            name = re.escape(prefix + b":" + local.encode())
            pattern = re.compile(rb"\s+" + name + rb"""\s*=\s*("[^"]*"|'[^']*')""")
            found = pattern.search(self._packet, begin)
            if found:
                self.cuts.append(found.span())

    def _ended(self, name: str) -> None:
        self._depth -= 1
        if self._cut_at is None or self._depth >= self._cut_at[1]:
            return
        end = self._parser.CurrentByteIndex
        if self._packet.startswith(b"</", end):  # not behind an empty element
            end = self._packet.index(b">", end) + 1
        self.cuts.append((self._cut_at[0], end))
        self._cut_at = None


def _lost_with(name: str) -> str | None:
    """What a property describes that is lost, or None."""
    space, _, local = name.rpartition(" ")
    if name == _THUMBNAILS:
        return "preview"
    if space == _CAMERA and not _MOTION.match(local):
        return None
    return _LOST.get(space)


def _refuse(*_: object) -> None:
    raise ValueError("a document type in XMP")
