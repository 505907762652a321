"""The options of `mediatrans evaluate`."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from mediatrans.errors import OutputError, UsageError
from mediatrans.files.regular import check_regular
from mediatrans.quality.report.page_files import is_page, is_page_name
from mediatrans.settings import Setting, setting

__all__ = ["GROUPS", "EvaluateOptions"]

GROUPS = ("Pictures", "Judges", "Clips and sizes", "Output")
"""The headings of `--help`, in order."""

_NETWORKS = (
    "auto",
    "inception",
    "efficientnet-lite0",
    "efficientnet-lite1",
    "efficientnet-lite2",
)
_LEAST_SIDE, _LARGEST_SIDE = 32, 4320
_REPORT_START = re.compile(rb'\{\s*"version": [12],\s*"mediatrans": "')


def _features(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if value not in _NETWORKS:
            raise ValueError(f"{value!r} is not one of {', '.join(_NETWORKS)}")
    return values or ("auto",)


def _paths(values: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(Path(value) for value in values)


def _sizes(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise ValueError(f"{text!r} is not a list of pixels, for example 250,720,1080")
    sides = tuple(dict.fromkeys(int(part) for part in parts))
    if len(sides) < 2:
        raise ValueError("give two sizes or more, for example 250,720,1080")
    if not all(_LEAST_SIDE <= side <= _LARGEST_SIDE for side in sides):
        raise ValueError(f"sizes have to be from {_LEAST_SIDE} to {_LARGEST_SIDE}")
    return sides


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions:
    """What the command line asked for, besides the pair and its test pictures.

    Attributes:
        train_a: Pictures of the first domain for the probe, or None.
        train_b: Pictures of the second domain for the probe, or None.
        longer_side: Larger pictures are reduced to it, px.
        features: The feature networks.
        resamples: Bootstrap resamplings.
        seed: Their seed, and that of the colour transfer.
        device: Where to compute.
        clips: Videos to translate.
        clip_frames: Frames of each of them, from the beginning.
        sizes: Short sides at which the test pictures are translated, px; None: not done.
        reports: Write the figures to these files, as pages or as JSON.
        sheet: Write a contact sheet to this file.
        overwrite: Replace those files.
        as_json: Print the JSON in place of the table.
        write_card: Put the figures into the model's card.
    """

    train_a: Path | None = setting(
        None,
        Setting(
            "Training pictures of the first domain, for the probe.", "Pictures", metavar="FOLDER"
        ),
    )
    train_b: Path | None = setting(
        None, Setting("Training pictures of the second.", "Pictures", metavar="FOLDER")
    )
    longer_side: int = setting(
        512,
        Setting(
            "Reduce larger pictures until their longer side has this many pixels.",
            "Pictures",
            "--max-side",
            least=8,
            most=100_000,
        ),
    )
    features: tuple[str, ...] = setting(
        ("auto",),
        Setting(
            "Feature network of KID, FID and the probe, may be repeated: inception, "
            "efficientnet-lite0, -lite1, -lite2. auto: Inception where its weights are installed, "
            "else EfficientNet-Lite0, else -Lite2 for a pair that was trained with -Lite0.",
            "Judges",
            metavar="NAME",
            parse=_features,
            multiple=True,
            default="auto",
        ),
    )
    resamples: int = setting(
        1000,
        Setting("Bootstrap resamplings behind the intervals.", "Judges", least=100, most=1_000_000),
    )
    seed: int = setting(
        0,
        Setting(
            "Of the resamplings, the cross-validation and the colour transfer.",
            "Judges",
            least=0,
            most=2**63 - 1,
        ),
    )
    device: str = setting("auto", Setting("auto, cpu, cuda or cuda:N.", "Judges"))
    clips: tuple[Path, ...] = setting(
        (),
        Setting(
            "Video whose flicker and sharpness are measured in both directions; may be repeated.",
            "Clips and sizes",
            metavar="VIDEO",
            parse=_paths,
            multiple=True,
            default="",
        ),
    )
    clip_frames: int = setting(
        48,
        Setting(
            "Frames of each clip that are measured, from its beginning.",
            "Clips and sizes",
            least=2,
            most=1_000_000,
        ),
    )
    sizes: tuple[int, ...] | None = setting(
        None,
        Setting(
            "Translate test pictures at these shorter sides, for example 250,720,1080.",
            "Clips and sizes",
            metavar="PX,PX,...",
            parse=_sizes,
        ),
    )
    reports: tuple[Path, ...] = setting(
        tuple,
        Setting(
            "Write the figures to this file: a page if its name ends in .html, else JSON. May be "
            "repeated.",
            "Output",
            "--report",
            metavar="FILE",
            parse=_paths,
            multiple=True,
            default="",
        ),
    )
    sheet: Path | None = setting(
        None,
        Setting(
            "Write a contact sheet of the worst pictures to this PNG file.",
            "Output",
            metavar="FILE",
        ),
    )
    overwrite: bool = setting(
        False, Setting("Let --report and --sheet replace any file.", "Output", "-y/--overwrite")
    )
    as_json: bool = setting(False, Setting("Print JSON in place of the table.", "Output", "--json"))
    write_card: bool = setting(
        False,
        Setting(
            "Put the figures into the model's card.toml, with the percentiles that convert uses.",
            "Output",
        ),
    )

    def check(self) -> None:
        """Refuse what cannot be done, before any work starts.

        Raises:
            UsageError: Options contradict each other.
            OutputError: A file that is not an earlier report would be replaced.
        """
        if (self.train_a is None) != (self.train_b is None):
            raise UsageError(
                "--train-a and --train-b belong together", remedy="give both or neither"
            )
        if self.sheet is not None and self.sheet.suffix.lower() != ".png":
            raise UsageError(f"--sheet {self.sheet} is no PNG file", remedy="name it sheet.png")
        if len({*self.reports, self.sheet}) <= len(self.reports):
            raise UsageError(
                "two of --sheet and --report are the same file", remedy="name different files"
            )
        sheet = self.sheet
        for report in self.reports:
            if self._is_kept(report) and not _is_earlier_report(report):
                raise OutputError(
                    "exists already, and is no report",
                    path=report,
                    remedy="replace it with --overwrite, or name another --report",
                )
        if sheet is not None and self._is_kept(sheet):
            raise OutputError(
                "exists already",
                path=sheet,
                remedy="replace it with --overwrite, or name another --sheet",
            )

    @property
    def has_page(self) -> bool:
        """Whether one of the reports is a page."""
        return any(map(is_page_name, self.reports))

    def _is_kept(self, path: Path) -> bool:
        return os.path.lexists(path) and not self.overwrite


def _is_earlier_report(path: Path) -> bool:
    """Whether a file holds the figures of an earlier evaluation, by its first bytes."""
    try:
        check_regular(path.stat(), path)
        with path.open("rb") as file:
            return is_page(path) or _REPORT_START.match(file.read(200)) is not None
    except OSError:
        return False
