"""How to convert: the options of every room in one object, checked against each other."""

import math
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from mediatrans.conversion.outputs import holds
from mediatrans.errors import UsageError
from mediatrans.media.formats import Kind
from mediatrans.media.pipe_formats import PIPE_MUXERS, STDIO
from mediatrans.media.read_options import ReadOptions
from mediatrans.media.write_options import WriteOptions
from mediatrans.quality.check_options import LIMITS, CheckOptions
from mediatrans.settings import setting_of
from mediatrans.translate.model_options import ModelOptions

__all__ = ["KINDS", "ConvertOptions", "settings_of"]

KINDS: tuple[Kind, ...] = ("image", "video")
"""What an output may be."""

_HIGHEST_FPS = 1000


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(CheckOptions, ModelOptions, WriteOptions, ReadOptions):
    """How to convert; the defaults are the command line's.

    The fields are those of `ReadOptions`, `WriteOptions`, `ModelOptions` and `CheckOptions`, so
    that each room is handed the whole and sees its own.

    Raises:
        UsageError: Options contradict each other, or one is out of its range.
    """

    def __post_init__(self) -> None:
        if self.limits and self.check_every == 0:
            raise UsageError(
                "a quality limit needs the cycle check, which is off",
                remedy="drop --fail-under or --check-every 0",
            )
        if unknown := set(self.limits) - set(LIMITS):
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
    concerned = {kind or "video"}
    if suffix == ".webp" and options.quality is not None:
        concerned.add("image")  # an animated WebP is a video that has a picture's quality
    deciding = {"output"} if kind is not None else {"output", "last bits"}
    found = {}
    for declared in fields(options):
        said = setting_of(declared)
        if said.changes in deciding and (said.of is None or said.of in concerned):
            value = getattr(options, declared.name)
            found[declared.name] = str(value) if isinstance(value, Fraction) else value
    return found
