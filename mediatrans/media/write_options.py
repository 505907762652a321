"""How outputs are written: the options that sinks take."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediatrans.settings import Setting, setting

__all__ = ["Verification", "WriteOptions"]

Verification = Literal["fast", "full"]
"""Look at the packets without decoding them, or decode every picture and sound as well."""

_GROUP = "Output"


def _format(text: str) -> str:
    return text.lower().removeprefix(".")


@dataclass(frozen=True, kw_only=True)
class WriteOptions:
    """How outputs are written.

    Attributes:
        output: File for one input file, else folder; None derives names from the inputs', `-` is
            standard output.
        overwrite: Replace outputs that exist.
        file_format: The suffix of the outputs that can have it, "png" or "webm" say, the others
            keep theirs; of a pipe "mkv" or "ts". None keeps all.
        quality: 1 to 100 for JPEG, WebP and AVIF pictures and animated WebP; None compresses as
            the source was.
        vcodec: FFmpeg's name of the encoder of videos; None suits it to the container.
        crf: The encoder's constant quality, lower is better; None takes a high one.
        preset: One of the encoder's own presets; None takes its usual one.
        verification: "fast" looks at the packets of a finished video, "full" decodes it as well.
        segment_frames: Frames in each segment of a long video; None suits it to the frames' size.
    """

    output: Path | None = setting(
        None,
        Setting(
            "Where to write: a file for one input file, else a folder. Without it summer.mp4 gives "
            "summer-winter.mp4 and photos/ gives photos-winter/. - is standard output.",
            _GROUP,
            "-o/--output",
            changes="nothing",
        ),
    )
    overwrite: bool = setting(
        False, Setting("Replace outputs that exist.", _GROUP, changes="nothing")
    )
    file_format: str | None = setting(
        None,
        Setting(
            "Write pictures (png, jpg, webp, ...) or videos (mp4, mkv, webm, ...) in this format; "
            "the kind that it cannot hold keeps its own. With -o -: mkv or ts.",
            _GROUP,
            "--format",
            metavar="NAME",
            parse=_format,
            default="as the input",
            changes="nothing",
        ),
    )
    quality: int | None = setting(
        None,
        Setting(
            "Quality of JPEG, AVIF and WebP, animated WebP too.",
            _GROUP,
            metavar="1-100",
            least=1,
            most=100,
            default="as the input",
            of="image",
        ),
    )
    vcodec: str | None = setting(
        None,
        Setting(
            "FFmpeg's name of the video encoder: libx265, libsvtav1, h264_nvenc, ... It is opened "
            "before any work starts.",
            _GROUP,
            metavar="ENCODER",
            default="libx264, libvpx-vp9 in WebM",
            of="video",
        ),
    )
    crf: float | None = setting(
        None,
        Setting(
            "The video encoder's constant quality, lower is better.",
            _GROUP,
            metavar="Q",
            least=0,
            default="18 for libx264",
            of="video",
        ),
    )
    preset: str | None = setting(
        None,
        Setting("A preset of the video encoder, such as slow.", _GROUP, metavar="NAME", of="video"),
    )
    verification: Verification = setting(
        "fast",
        Setting(
            "Check the streams and packets of a finished video with a second FFmpeg (fast), or "
            "decode all of it (full).",
            _GROUP,
            "--verify",
            changes="nothing",
        ),
    )
    segment_frames: int | None = setting(
        None,
        Setting(
            "Frames in each segment of a long video.", _GROUP, flag="", least=1, changes="nothing"
        ),
    )
