"""How to convert: the options, checked against each other."""

import math
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from mediatrans.conversion.outputs import holds
from mediatrans.errors import UsageError
from mediatrans.media.formats import Kind
from mediatrans.media.limits import MAX_PIXELS, MAX_SPOOL_MB
from mediatrans.media.pipe_formats import PIPE_MUXERS, STDIO

__all__ = ["KINDS", "ConvertOptions", "settings_of"]

KINDS: tuple[Kind, ...] = ("image", "video")
"""What an output may be."""


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """How to convert; the defaults are the command line's.

    Attributes:
        output: File for one input file, else folder; None derives names from the inputs', `-` is
            standard output.
        model: A model's name, folder or ONNX file; None searches the zoo.
        overwrite: Replace outputs that exist.
        batch_size: Frames translated in one call.
        device: "auto", "cpu", "cuda" or "cuda:N".
        threads: Threads of the generator; None lets ONNX Runtime choose.
        start_s: Videos begin at this second; None at their beginning.
        end_s: Videos end before this second; None at their end.
        preview: Stop after this many frames of a video and files of a folder; the name that is
            derived for a video then ends in "-preview". None converts all.
        check_every: Translate back and measure one video frame in this many; 0 turns the cycle
            check off, of pictures too.
        limits: Lowest mean allowed of "psnr" (dB) and "ssim".
        vcodec: FFmpeg's name of the encoder of videos; None suits it to the container.
        crf: The encoder's constant quality, lower is better; None takes a high one.
        preset: One of the encoder's own presets; None takes its usual one.
        keep_partial: Keep what could be read of a video that turns out to be damaged.
        reader_limit_s: Seconds without a frame after which a video's reader is given up.
        verification: "fast" looks at the packets of a finished video, "full" decodes it as well.
        file_format: The suffix of the outputs that can have it, "png" or "webm" say, the others
            keep theirs; of a pipe "mkv" or "ts". None keeps all.
        quality: 1 to 100 for JPEG, WebP and AVIF pictures and animated WebP; None compresses as
            the source was.
        strength: 1 gives the translation, 0 the source, between them their blend. The cycle check
            measures the translation itself, whatever the strength.
        fps: Take the pictures of each folder for the frames of a video of this rate.
        max_pixels: Larger pictures and animated WebPs are refused before they are decoded.
        spool_limit_mb: Most megabytes of a piped input that may lie on disk at one time.
    """

    output: Path | None = None
    model: str | None = None
    overwrite: bool = False
    batch_size: int = 1
    device: str = "auto"
    threads: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    preview: int | None = None
    check_every: int = 60
    limits: dict[str, float] = field(default_factory=dict)
    vcodec: str | None = None
    crf: float | None = None
    preset: str | None = None
    verification: Literal["fast", "full"] = "fast"
    keep_partial: bool = False
    reader_limit_s: float = 60.0
    file_format: str | None = None
    quality: int | None = None
    strength: float = 1.0
    fps: Fraction | None = None
    max_pixels: int = MAX_PIXELS
    spool_limit_mb: int = MAX_SPOOL_MB

    def __post_init__(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            UsageError: They do.
        """
        if self.limits and self.check_every == 0:
            raise UsageError(
                "a quality limit needs the cycle check, which is off",
                remedy="drop --fail-under or --check-every 0",
            )
        if unknown := set(self.limits) - {"psnr", "ssim"}:
            raise UsageError(f"no limit is called {min(unknown)!r}", remedy="use psnr or ssim")
        self._check_formats()
        if self.limits.get("ssim", 0.0) > 1:
            raise UsageError("no SSIM is above 1", remedy="give ssim=0.8, say")
        numbers = [*self.limits.values(), self.start_s or 0.0, self.end_s or 0.0]
        if not all(math.isfinite(number) for number in numbers):
            raise UsageError("limits and times are finite numbers", remedy="psnr=22, --end 3.5")
        if (self.start_s or 0.0) < 0:
            raise UsageError("--start is before the beginning", remedy="give 0 or more")
        if self.end_s is not None and self.end_s <= (self.start_s or 0.0):
            raise UsageError("--end is not after --start", remedy="give a later --end")
        if self.crf is not None and not 0 <= self.crf <= 255:
            raise UsageError("--crf is out of every encoder's range", remedy="use 18, say")
        if self.verification not in ("fast", "full"):
            raise UsageError(
                f"no verification is called {self.verification!r}", remedy="fast, full"
            )
        counts = (self.batch_size, self.preview, self.threads)
        if self.check_every < 0 or any(count is not None and count < 1 for count in counts):
            raise UsageError("batch size, preview and threads start at 1, --check-every at 0")

    def _check_formats(self) -> None:
        if self.file_format is not None:
            suffix = f".{self.file_format}"
            if self.output == STDIO and self.file_format not in PIPE_MUXERS:
                raise UsageError(
                    f"{self.file_format} cannot be written to a pipe",
                    remedy=f"use --format {' or '.join(PIPE_MUXERS)}",
                )
            if self.output != STDIO and not any(holds(suffix, kind) for kind in KINDS):
                raise UsageError(
                    f"no output can be of the format {self.file_format!r}",
                    remedy="use --format png, jpg, webp, tif, mp4, mkv, webm",
                )
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise UsageError("--quality is not between 1 and 100", remedy="give a whole number")
        if not 0 <= self.strength <= 1:
            raise UsageError("--strength is not between 0 and 1", remedy="give 0.5, say")
        if self.fps is not None and not 0 < self.fps <= _HIGHEST_FPS:
            raise UsageError("--fps is no frame rate", remedy="give 24 or 30000/1001, say")
        if self.max_pixels < 1 or self.spool_limit_mb < 1:
            raise UsageError("--max-pixels and --spool-limit start at 1")


# What leaves every pixel as it is. A new option counts as one that does not, until it stands here.
_OF_NO_PIXELS = frozenset(
    {
        "output", "model", "overwrite", "device", "limits", "verification",
        "keep_partial", "reader_limit_s", "file_format", "max_pixels", "spool_limit_mb",
    }
)  # fmt: skip
_OF_THE_RUN = frozenset({"batch_size", "threads", "check_every"})
_OF_VIDEOS = frozenset({"start_s", "end_s", "preview", "vcodec", "crf", "preset", "fps"})
_OF_PICTURES = frozenset({"quality"})
_HIGHEST_FPS = 1000


def settings_of(
    options: ConvertOptions, kind: Kind | None = None, suffix: str = ""
) -> dict[str, Any]:
    """The options that an output depends on, as JSON holds them.

    Args:
        options: All of them.
        kind: "image" or "video" for those that decide what the output shows. None for those as well
            that may change its last bits or its figures, as a segment of it has to know them.
        suffix: The output's, as ".mp4".
    """
    others = _OF_NO_PIXELS
    if kind is not None:
        others |= _OF_THE_RUN
    if kind == "image":
        others |= _OF_VIDEOS
    elif suffix != ".webp" or options.quality is None:
        others |= _OF_PICTURES
    return {
        key: str(value) if isinstance(value, Fraction) else value
        for key, value in asdict(options).items()
        if key not in others
    }
