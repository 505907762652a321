"""Which files are pictures, which are videos, and what a video's output is called.

Imports the standard library alone, so that planning a job loads no media library.
"""

from pathlib import Path
from typing import Literal

from mediatrans.media.animation import ANIMATION_SUFFIXES, animation_of

__all__ = [
    "DEMUXERS",
    "PICTURE_SUFFIXES",
    "PROTOCOLS",
    "VIDEO_OUTPUT_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Kind",
    "is_picture_output",
    "kind_of",
    "picture_output_suffix",
    "video_output_suffix",
]

Kind = Literal["image", "video"]

# fmt: off
PICTURE_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".tif", ".tiff", ".bmp",
    ".dib", ".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".pam", ".jp2", ".j2k",
    ".jpx", ".tga", ".sgi", ".ras", ".sr", ".avif", ".heic", ".heif", ".jxl", ".qoi",
    ".pcx", ".ico", ".apng",
})
"""Suffixes read as still pictures, where the file is not an animation."""

VIDEO_SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts",
    ".mpg", ".mpeg", ".m2v", ".vob", ".wmv", ".asf", ".flv", ".f4v", ".3gp", ".3g2",
    ".ogv", ".ogg", ".mxf", ".nut", ".y4m", ".h264", ".264", ".h265", ".265", ".hevc",
    ".dv", ".rm", ".rmvb", ".mjpeg", ".mjpg", ".ivf", ".obu", ".gif", ".png",
    ".apng", ".webp",
})
"""Suffixes read as videos; those of pictures only where the file is an animation."""
# fmt: on

_UNWRITABLE_PICTURES = frozenset({".heic", ".heif", ".jxl", ".pam", ".pfm", ".ras", ".sr"})

_OUTPUT_SUFFIXES = {
    ".mp4": ".mp4",
    ".m4v": ".m4v",
    ".mov": ".mov",
    ".qt": ".mov",
    ".mkv": ".mkv",
    ".webm": ".webm",
    ".gif": ".gif",
    ".webp": ".webp",
    ".apng": ".apng",
    ".png": ".png",
}

VIDEO_OUTPUT_SUFFIXES = tuple(s for s in dict.fromkeys(_OUTPUT_SUFFIXES.values()) if s != ".png")
"""Suffixes that videos can be written under; an animated PNG can under `.png` as well."""

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "mpegts",
    "mpeg",
    "mpegvideo",
    "asf",
    "flv",
    "ogg",
    "mxf",
    "nut",
    "yuv4mpegpipe",
    "h264",
    "hevc",
    "dv",
    "rm",
    "mjpeg",
    "ivf",
    "obu",
    "gif",
    "apng",
)
"""FFmpeg demuxers that read the one file they are given.

Playlists (hls, dash, concat, image sequences) and devices are left out: a playlist renamed .mp4
would otherwise read other files of the machine.
"""

PROTOCOLS = ("file",)
"""FFmpeg protocols an input may use; no network, no nested `concat:` or `subfile:`."""


def kind_of(path: Path) -> Kind | None:
    """What a file is by its suffix: "image", "video", or None where it is neither.

    GIF, PNG and WebP are videos where they hold an animation; those alone need a look into the
    file.

    Args:
        path: A file; it need not exist.
    """
    suffix = path.suffix.lower()
    if suffix in ANIMATION_SUFFIXES:
        return "image" if animation_of(path) is None else "video"
    if suffix in PICTURE_SUFFIXES:
        return "image"
    if suffix in VIDEO_SUFFIXES:
        return "video"
    return None


def video_output_suffix(path: Path) -> str:
    """The suffix a translated video gets: its own where it can be written, else `.mkv`.

    Args:
        path: The input video.
    """
    return _OUTPUT_SUFFIXES.get(path.suffix.lower(), ".mkv")


def picture_output_suffix(path: Path) -> str:
    """The suffix a translated picture gets: its own where it can be written, else `.png`.

    Multi-picture JPEGs become plain ones.

    Args:
        path: The input picture.
    """
    suffix = path.suffix.lower()
    if suffix == ".mpo":
        return ".jpg"
    return ".png" if suffix in _UNWRITABLE_PICTURES else path.suffix


def is_picture_output(path: Path) -> bool:
    """Whether pictures can be written under this name, by its suffix.

    Args:
        path: A file; it need not exist.
    """
    suffix = path.suffix.lower()
    return suffix in PICTURE_SUFFIXES and picture_output_suffix(path).lower() == suffix
