"""The conversion of pictures whose colour is told by code points or numbers instead of a profile.

Code points are those of ITU-T H.273, as in AVIF, HEIF and the cICP chunk of PNG.
"""

import struct
from dataclasses import dataclass
from functools import cache

import numpy as np
from av import VideoFrame
from av.filter import Graph
from numpy.typing import NDArray
from PIL import ImageFilter

__all__ = ["ADOBE_RGB", "SRGB", "CodePoints", "Primaries", "hdr_table", "matrix_profile"]

_Pixels = NDArray[np.uint8]
_Point = tuple[float, float]

_HDR_CURVES = {16: "PQ", 18: "HLG"}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
_CUBE = 65
"""Nodes of a table for HDR along each channel, the most that Pillow takes."""


@dataclass(frozen=True, slots=True)
class Primaries:
    """The chromaticities of a colour space, each as CIE x and y."""

    white: _Point
    red: _Point
    green: _Point
    blue: _Point


_D65, _ILLUMINANT_C = (0.3127, 0.3290), (0.310, 0.316)
SRGB = Primaries(_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE_RGB = Primaries(_D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
_NTSC = Primaries(_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
_PRIMARIES = {
    1: ("bt709", SRGB),
    4: ("bt470m", Primaries(_ILLUMINANT_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08))),
    5: ("bt470bg", Primaries(_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06))),
    6: ("SMPTE 170M", _NTSC),
    7: ("SMPTE 240M", _NTSC),
    8: ("film", Primaries(_ILLUMINANT_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049))),
    9: ("BT.2020", Primaries(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    11: ("DCI P3", Primaries((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
    12: ("Display P3", Primaries(_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
    22: ("EBU 3213", Primaries(_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077))),
}
"""The name and the primaries by code point; others are read as those of bt709."""


@dataclass(frozen=True, slots=True)
class CodePoints:
    """The colour of a picture by code points.

    Attributes:
        primaries: Colour primaries.
        transfer: Transfer function. Still pictures with the curve of a video standard are shown as
            if they had that of sRGB, and are read like that here.
    """

    primaries: int
    transfer: int

    @property
    def is_hdr(self) -> bool:
        """Whether the curve is that of PQ or HLG."""
        return self.transfer in _HDR_CURVES

    @property
    def is_srgb(self) -> bool:
        """Whether the values are those of sRGB already, or nothing is told."""
        is_usual = not self.is_hdr and self.transfer not in _GAMMAS
        return is_usual and self.primaries in (1, *(set(range(256)) - set(_PRIMARIES)))

    @property
    def name(self) -> str:
        """The name for notes: "Display P3, PQ"."""
        name = _PRIMARIES.get(self.primaries, _PRIMARIES[1])[0]
        gamma = _GAMMAS.get(self.transfer)
        curve = _HDR_CURVES.get(self.transfer) or (f"gamma {gamma}" if gamma else None)
        return f"{name}, {curve}" if curve else name

    def profile(self) -> bytes:
        """The values' ICC profile, unless they are HDR."""
        primaries = _PRIMARIES.get(self.primaries, _PRIMARIES[1])[1]
        return matrix_profile(self.name, primaries, _GAMMAS.get(self.transfer))


@cache
def hdr_table(codes: CodePoints) -> ImageFilter.Color3DLUT:
    """A table that maps HDR to sRGB as for videos, by FFmpeg's scale filter.

    The filter needs seconds to start, whatever the size of the picture.

    Args:
        codes: Code points of PQ or HLG.
    """
    levels = np.linspace(0, 255, _CUBE).round().astype(np.uint8)
    blue, green, red = np.meshgrid(levels, levels, levels, indexing="ij")
    nodes = np.stack([red, green, blue], axis=-1).reshape(_CUBE, _CUBE * _CUBE, 3)
    return ImageFilter.Color3DLUT(_CUBE, (_tone_mapped(nodes, codes) / 255.0).ravel().tolist())


def _tone_mapped(pixels: _Pixels, codes: CodePoints) -> _Pixels:
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
    frame.pts = 0
    frame.color_primaries = codes.primaries if codes.primaries in _PRIMARIES else 9
    frame.color_trc = codes.transfer
    graph = Graph()
    size = f"{frame.width}x{frame.height}"
    source = graph.add("buffer", video_size=size, pix_fmt="rgb24", time_base="1/1", range="pc")
    # As for videos: the perceptual intent keeps highlights.
    scale = graph.add(
        "scale",
        out_primaries="bt709",
        out_transfer="iec61966-2-1",
        intent="perceptual",
        flags="bicubic+accurate_rnd",
    )
    rgb, sink = graph.add("format", "rgb24"), graph.add("buffersink")
    graph.link_nodes(source, scale, rgb, sink).configure()
    graph.vpush(frame)
    return np.asarray(graph.vpull().to_ndarray(format="rgb24"), np.uint8)


_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def matrix_profile(name: str, primaries: Primaries, gamma: float | None) -> bytes:
    """An ICC version 2 profile of three primaries and one curve (ICC.1:2001-04, 6.3.1.2).

    Args:
        name: Its description, ASCII.
        primaries: The primaries; they are adapted to D50 by the method of Bradford.
        gamma: The exponent from values to light; None is the curve of sRGB.

    Raises:
        ValueError: The chromaticities do not span a space of colours.
    """
    if not all(0 < y < 1 and 0 <= x < 1 for x, y in _points(primaries)):
        raise ValueError("not chromaticities")
    white, *colours = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in _points(primaries))
    columns = np.stack(colours, axis=1)
    try:
        columns = columns * np.linalg.solve(columns, white)
    except np.linalg.LinAlgError:
        raise ValueError("not three primaries") from None
    scale = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adapted = np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD @ columns
    text = name.encode("ascii", "replace") + b"\0"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        b"wtpt": _xyz(_D50),
    }
    for letter, column in zip((b"r", b"g", b"b"), adapted.T, strict=True):
        tags[letter + b"XYZ"] = _xyz(column)
        tags[letter + b"TRC"] = _curve(gamma)
    return _profile(tags)


def _curve(gamma: float | None) -> bytes:
    if gamma is not None:
        return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
    values = np.linspace(0, 1, 1024)
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    entries = (light * 65535).round().astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", entries.size) + entries.tobytes()


def _points(primaries: Primaries) -> tuple[tuple[float, float], ...]:
    return primaries.white, primaries.red, primaries.green, primaries.blue


def _xyz(value: NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(part * 65536) for part in value))


def _profile(tags: dict[bytes, bytes]) -> bytes:
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for signature, content in tags.items():
        table += signature + struct.pack(">II", at + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I4xI", at + len(body), 0x02400000) + b"mntrRGB XYZ "
    header += bytes(12) + b"acsp" + bytes(28) + _xyz(_D50)[8:]
    return header.ljust(128, b"\0") + table + body
