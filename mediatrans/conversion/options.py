"""The options of a conversion: those of all rooms in one object, checked against each other."""

import math
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from mediatrans.conversion.outputs import holds
from mediatrans.conversion.run_options import RunOptions
from mediatrans.errors import UsageError
from mediatrans.media.formats import Kind
from mediatrans.media.pipe_formats import PIPE_MUXERS, STDIO
from mediatrans.media.read_options import ReadOptions
from mediatrans.media.write_options import WriteOptions
from mediatrans.quality.check_options import LIMITS, CheckOptions, check_limits
from mediatrans.settings import setting_of
from mediatrans.translate.batch_size import check_batch_size
from mediatrans.translate.model_options import ModelOptions
from mediatrans.translate.tile_option import check_tile, untiled_size
from mediatrans.translate.work_size import check_work_size

__all__ = ["KINDS", "ConvertOptions", "settings_of", "with_working_size"]

KINDS: tuple[Kind, ...] = ("image", "video")
"""The kinds of output."""

_HIGHEST_FPS = 1000


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(CheckOptions, ModelOptions, WriteOptions, ReadOptions, RunOptions):
    """The options of a conversion; the defaults are the command line's.

    The fields are those of `ReadOptions`, `WriteOptions`, `ModelOptions`, `CheckOptions` and
    `RunOptions`. Each room is given the whole object and uses the fields of its own base class.

    Raises:
        UsageError: Options contradict each other, or one is out of its range.
    """

    def __post_init__(self) -> None:
        given: object = self.output
        if not isinstance(given, Path | None):
            raise UsageError(f"output is {given!r}, no Path", remedy=f"write Path({given!r})")
        if self.limits and self.check_every == 0:
            raise UsageError(
                "--fail-under needs the figures, which --check-every 0 turns off",
                remedy="drop one of them",
            )
        check_limits(self.limits)
        self._check_formats()
        if self.output == STDIO and any(LIMITS[name].needs_file for name in self.limits):
            raise UsageError(
                "only psnr and ssim can be measured of a video that is written to a pipe",
                remedy="drop the other limits of --fail-under, or write to a file",
            )
        self.check_run()
        check_work_size(self.work_size)
        check_tile(self.tile, self.work_size)
        if not all(math.isfinite(time or 0.0) for time in (self.start_s, self.end_s)):
            raise UsageError(
                "--start and --end need finite numbers", remedy="use for example --end 3.5"
            )
        if (self.start_s or 0.0) < 0:
            raise UsageError("--start is negative", remedy="use 0 or more")
        if self.end_s is not None and self.end_s <= (self.start_s or 0.0):
            raise UsageError("--end is not after --start", remedy="use a later --end")
        if self.crf is not None and not 0 <= self.crf <= 255:
            raise UsageError("--crf is not between 0 and 255", remedy="use for example 18")
        if self.verification not in ("fast", "full"):
            raise UsageError(
                f"unknown verification {self.verification!r}", remedy="use --verify fast or full"
            )
        check_batch_size(self.batch_size)
        counts = (self.preview, self.threads)
        if self.check_every < 0 or any(count is not None and count < 1 for count in counts):
            raise UsageError(
                "a count is too small",
                remedy="use at least 1 for --preview and --threads, and at least 0 for "
                "--check-every",
            )

    def _check_formats(self) -> None:
        if self.file_format is not None:
            suffix = f".{self.file_format}"
            if self.output == STDIO and self.file_format not in PIPE_MUXERS:
                raise UsageError(
                    f"the format {self.file_format!r} cannot be written to a pipe",
                    remedy=f"use --format {' or '.join(PIPE_MUXERS)}",
                )
            if self.output != STDIO and not any(holds(suffix, kind) for kind in KINDS):
                raise UsageError(
                    f"cannot write the format {self.file_format!r}",
                    remedy="use for example --format png, jpg, webp, tif, mp4, mkv or webm",
                )
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise UsageError("--quality is not between 1 and 100", remedy="use for example 90")
        if not 0 <= self.strength <= 1:
            raise UsageError("--strength is not between 0 and 1", remedy="use for example 0.5")
        if not 0 <= self.stabilise <= 1:
            raise UsageError("--stabilise is not between 0 and 1", remedy="use for example 0.5")
        if self.fps is not None and not 0 < self.fps <= _HIGHEST_FPS:
            raise UsageError(
                f"--fps is not a frame rate above 0 and at most {_HIGHEST_FPS}",
                remedy="use for example 24 or 30000/1001",
            )
        if self.max_pixels < 1 or self.spool_limit_mb < 1:
            raise UsageError(
                "a limit is too small", remedy="use at least 1 for --max-pixels and --spool-limit"
            )


def with_working_size(options: ConvertOptions, models: int) -> ConvertOptions:
    """The options with the working size that is meant in place of "auto".

    Outputs depend on the number, so outputs of a model whose card has another one are out of date.

    Args:
        options: The options.
        models: The model's own working size.
    """
    work_size = untiled_size(options.work_size, options.tile)
    return replace(options, work_size=models if work_size == "auto" else work_size)


def settings_of(
    options: ConvertOptions, kind: Kind | None = None, suffix: str = ""
) -> dict[str, Any]:
    """The options that an output depends on, as JSON values.

    Args:
        options: All options.
        kind: "image" or "video" gives the options that change the content of such an output. None
            gives those of a video, and those that only change rounding errors or figures: a
            segment depends on these, too.
        suffix: The suffix of the output, for example ".mp4".
    """
    concerned = {kind or "video"}
    if suffix == ".webp" and options.quality is not None:
        concerned.add("image")  # --quality applies to animated WebP as to pictures
    deciding = {"output"} if kind is not None else {"output", "last bits"}
    found = {}
    for declared in fields(options):
        declaration = setting_of(declared)
        of = declaration.of
        if declaration.changes in deciding and (of is None or of in concerned):
            value = getattr(options, declared.name)
            found[declared.name] = str(value) if isinstance(value, Fraction) else value
    return found
