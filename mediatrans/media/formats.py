"""The supported formats: suffixes of pictures and videos, and the suffixes of their outputs.

Imports no media library, so that planning a job loads none.
"""

from pathlib import Path
from typing import Literal

from mediatrans.files.bounded import READER_LIMIT_S
from mediatrans.media.animation import ANIMATION_SUFFIXES, animation_of

__all__ = [
    "DEMUXERS",
    "PICTURE_SUFFIXES",
    "PROTOCOLS",
    "VIDEO_OUTPUT_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Kind",
    "advice_for",
    "is_picture_output",
    "is_supported",
    "kind_of",
    "picture_output_suffix",
    "video_output_suffix",
]

Kind = Literal["image", "video"]
"""The kind of a file."""

# fmt: off
PICTURE_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".tif", ".tiff", ".bmp",
    ".dib", ".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".pam", ".jp2", ".j2k",
    ".jpx", ".tga", ".sgi", ".ras", ".sr", ".avif", ".heic", ".heif", ".jxl", ".qoi",
    ".pcx", ".ico", ".apng",
})
"""Suffixes read as still pictures, unless the file is an animation."""

VIDEO_SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts",
    ".mpg", ".mpeg", ".m2v", ".vob", ".wmv", ".asf", ".flv", ".f4v", ".3gp", ".3g2",
    ".ogv", ".ogg", ".mxf", ".nut", ".y4m", ".h264", ".264", ".h265", ".265", ".hevc",
    ".dv", ".rm", ".rmvb", ".mjpeg", ".mjpg", ".ivf", ".obu", ".gif", ".png",
    ".apng", ".webp",
})
"""Suffixes read as videos; those of pictures only if the file is an animation."""
# fmt: on

# fmt: off
_RAW_PHOTOGRAPHS = frozenset({
    ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".srf", ".srw", ".orf", ".rw2",
    ".rwl", ".raf", ".pef", ".raw", ".3fr", ".fff", ".iiq", ".mos", ".erf", ".kdc", ".dcr", ".x3f",
    ".mrw", ".gpr",
})
_DOCUMENTS = frozenset({
    ".psd", ".psb", ".xcf", ".kra", ".ora", ".afphoto", ".ai", ".indd", ".eps", ".pdf", ".svg",
    ".exr", ".hdr", ".dds", ".icns", ".clip", ".procreate",
})
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
"""Suffixes that videos can be written with; animated PNG files can also have `.png`."""

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
"""FFmpeg demuxers that only read the given file.

Playlists (hls, dash, concat, image sequences) and devices are excluded: a playlist renamed to .mp4
could otherwise read other files.
"""

PROTOCOLS = ("file",)
"""FFmpeg protocols that an input may use: no network, no nested `concat:` or `subfile:`."""


def kind_of(path: Path, limit_s: float = READER_LIMIT_S) -> Kind | None:
    """The kind of a file by its suffix; None if it is neither a picture nor a video.

    GIF, PNG and WebP files are videos if they hold an animation; only these files are opened.

    Args:
        path: A file; it may not exist.
        limit_s: Seconds after which a file that cannot be read is taken for a picture.
    """
    suffix = path.suffix.lower()
    if suffix in ANIMATION_SUFFIXES:
        return "image" if animation_of(path, limit_s) is None else "video"
    if suffix in PICTURE_SUFFIXES:
        return "image"
    if suffix in VIDEO_SUFFIXES:
        return "video"
    return None


def is_supported(path: Path) -> bool:
    """Whether a file is a picture or a video by its suffix; it is not opened.

    Args:
        path: A file; it may not exist.
    """
    return path.suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES


def advice_for(path: Path) -> str | None:
    """What to do with a file whose format is not supported; None if nothing is known of it.

    Args:
        path: The file; it may not exist.
    """
    suffix = path.suffix.lower()
    if suffix in _RAW_PHOTOGRAPHS:
        return "develop raw photographs to TIFF or JPEG first"
    return "export it as PNG, TIFF or JPEG first" if suffix in _DOCUMENTS else None


def video_output_suffix(path: Path) -> str:
    """The suffix of a translated video: that of the input if it can be written, else `.mkv`.

    Args:
        path: The input video.
    """
    return _OUTPUT_SUFFIXES.get(path.suffix.lower(), ".mkv")


def picture_output_suffix(path: Path) -> str:
    """The suffix of a translated picture: that of the input if it can be written, else `.png`.

    Multi-picture JPEG files become plain JPEG files.

    Args:
        path: The input picture.
    """
    suffix = path.suffix.lower()
    if suffix == ".mpo":
        return ".jpg"
    return ".png" if suffix in _UNWRITABLE_PICTURES else path.suffix


def is_picture_output(path: Path) -> bool:
    """Whether pictures can be written with the suffix of a path.

    Args:
        path: A file; it may not exist.
    """
    suffix = path.suffix.lower()
    return suffix in PICTURE_SUFFIXES and picture_output_suffix(path).lower() == suffix
