"""The options of writing outputs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediatrans.settings import Setting, setting

__all__ = ["Verification", "WriteOptions"]

Verification = Literal["fast", "full"]
"""How a finished video is verified: "fast" reads its packets, "full" also decodes them."""

_GROUP = "Output"


def _format(text: str) -> str:
    return text.lower().removeprefix(".")


@dataclass(frozen=True, kw_only=True)
class WriteOptions:
    """The options of writing outputs.

    Attributes:
        output: A file for a single input file, else a folder; `-` is standard output. None derives
            the names from the inputs.
        overwrite: Whether existing outputs are replaced.
        file_format: The format of outputs that can have it, for example "png" or "webm"; "mkv" or
            "ts" for a pipe. None keeps the format of the input.
        quality: 1 to 100, for JPEG, WebP and AVIF; None keeps the quality of the input.
        vcodec: FFmpeg's name of the video encoder; None chooses it by the container.
        crf: The constant quality of the encoder, lower is better; None uses a high quality.
        preset: A preset of the encoder; None uses its default.
        verification: "fast" reads the packets of a finished video, "full" also decodes them.
        segment_frames: Frames per segment of a long video; None chooses it by the frame size.
    """

    output: Path | None = setting(
        None,
        Setting(
            "The output: a file for a single input file, else a folder; - is standard output. It "
            "may be in a bucket: s3://BUCKET/FOLDER. A name with / at its end is a folder and is "
            "made. By default summer.mp4 becomes summer-winter.mp4 and photos/ becomes "
            "photos-winter/.",
            _GROUP,
            "-o/--output",
            changes="nothing",
        ),
    )
    overwrite: bool = setting(
        False, Setting("Replace existing outputs.", _GROUP, "-y/--overwrite", changes="nothing")
    )
    file_format: str | None = setting(
        None,
        Setting(
            "Write pictures (png, jpg, webp, ...) or videos (mp4, mkv, webm, ...) in this format. "
            "Inputs that it cannot hold keep their own format. With -o -: mkv or ts.",
            _GROUP,
            "--format",
            metavar="NAME",
            parse=_format,
            default="that of the input",
            changes="nothing",
        ),
    )
    quality: int | None = setting(
        None,
        Setting(
            "Quality of JPEG, AVIF and WebP outputs, including animated WebP.",
            _GROUP,
            metavar="1-100",
            least=1,
            most=100,
            default="that of the input",
            of="image",
        ),
    )
    vcodec: str | None = setting(
        None,
        Setting(
            "FFmpeg's name of the video encoder: libx265, libsvtav1, h264_nvenc, ... It is tried "
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
            "Constant quality of the video encoder; lower is better.",
            _GROUP,
            metavar="Q",
            least=0,
            default="18 for libx264",
            of="video",
        ),
    )
    preset: str | None = setting(
        None,
        Setting(
            "Preset of the video encoder, for example slow.", _GROUP, metavar="NAME", of="video"
        ),
    )
    verification: Verification = setting(
        "fast",
        Setting(
            "Verify finished videos with a second FFmpeg build: read all packets (fast), or also "
            "decode them (full).",
            _GROUP,
            "--verify",
            changes="nothing",
        ),
    )
    segment_frames: int | None = setting(
        None,
        Setting("Frames per segment of a long video.", _GROUP, flag="", least=1, changes="nothing"),
    )
