"""Colour profiles made to order: ICC version 2 files built from their specification."""

import struct
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from PIL import Image, ImageCms

DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
"""XYZ of red, green and blue, adapted to D50."""


def rgb_profile(
    name: str, primaries: Sequence[tuple[float, float, float]] = DISPLAY_P3, gamma: float = 2.2
) -> bytes:
    """An RGB profile of three primaries and one gamma."""
    tags = {f"{letter}XYZ": _xyz(*xyz) for letter, xyz in zip("rgb", primaries, strict=True)}
    curves = {f"{letter}TRC": _curve(gamma) for letter in "rgb"}
    return _profile(b"mntr", b"RGB ", b"XYZ ", name, tags | curves)


def grey_profile(name: str, gamma: float) -> bytes:
    """A grey profile of one gamma."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", name, {"kTRC": _curve(gamma)})


def cmyk_profile(name: str, to_rgb: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """A CMYK profile of a table with the corners of the cube.

    Args:
        name: The description.
        to_rgb: Ink, [N, 4] of 0 to 1, to sRGB of 0 to 1.
    """
    ink = np.array(list(product((0.0, 1.0), repeat=4)))
    rgb = (to_rgb(ink) * 255).round().astype(np.uint8)[None]
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    picture = ImageCms.profileToProfile(Image.fromarray(rgb), srgb, lab, outputMode="LAB")
    assert picture is not None
    # Pillow has a* and b* as signed bytes, the table has them from -128 on.
    nodes = np.asarray(picture).reshape(-1, 3) ^ np.array([0, 128, 128], np.uint8)
    straight = bytes(range(256))
    header = b"mft1" + bytes(4) + bytes([4, 3, 2, 0])
    identity = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    table = header + identity + straight * 4 + nodes.tobytes() + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", name, {"A2B0": table})


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def _profile(kind: bytes, space: bytes, pcs: bytes, name: str, tags: dict[str, bytes]) -> bytes:
    text = name.encode() + b"\0"
    description = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)
    all_tags = {"desc": description, "wtpt": _xyz(0.9642, 1.0, 0.8249)} | tags
    directory, body = struct.pack(">I", len(all_tags)), b""
    start = 128 + 4 + 12 * len(all_tags)
    for signature, data in all_tags.items():
        directory += signature.encode() + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4xI", start + len(body), 0x02400000) + kind + space + pcs
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + directory + body
