"""The options of the cycle check: which frames are measured, and which figures are too low."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mediatrans.errors import UsageError
from mediatrans.settings import Setting, setting

__all__ = ["LIMITS", "CheckOptions", "Limit", "check_limits"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure that can have a lowest allowed mean.

    Attributes:
        figure: Its key in `FIGURES`.
        most: Its largest value; None if it has none.
        needs: What it cannot be measured without: the reverse generator, or the classifier of the
            domains; None if it needs neither.
        needs_file: Whether it is measured of the written file alone, which a pipe does not leave.
    """

    figure: str
    most: float | None = None
    needs: Literal["inverse", "classifier"] | None = None
    needs_file: bool = True


LIMITS: dict[str, Limit] = {
    "psnr": Limit("raw_psnr_db", needs="inverse", needs_file=False),
    "ssim": Limit("ssim", 1.0, needs="inverse", needs_file=False),
    "delivered": Limit("psnr_db", needs="inverse"),
    "change": Limit("change"),
    "domain": Limit("domain", 1.0, needs="classifier"),
    "structure": Limit("structure", 1.0),
}
"""The figures that `--fail-under` accepts, by the names it takes."""

_GROUP = "Quality"


def check_limits(limits: Mapping[str, float]) -> None:
    """Check the lowest allowed figures.

    Args:
        limits: The numbers by the names of `LIMITS`.

    Raises:
        UsageError: A name is unknown, or a number is above what the figure can be.
    """
    if unknown := set(limits) - set(LIMITS):
        raise UsageError(
            f"unknown quality limit {min(unknown)!r}",
            remedy=f"use --fail-under {', '.join(LIMITS)}",
        )
    for name, least in limits.items():
        most = LIMITS[name].most
        if not math.isfinite(least):
            raise UsageError(
                f"--fail-under {name} is not a finite number", remedy="use for example psnr=22"
            )
        if most is not None and least > most:
            raise UsageError(
                f"--fail-under {name} is above {most:g}, the largest there is",
                remedy=f"use for example {name}=0.8",
            )


def _limits(texts: Sequence[str]) -> dict[str, float]:
    limits = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            limits[name] = float(number)
        except ValueError:
            raise ValueError(f"{text!r} is not NAME=NUMBER, for example psnr=22") from None
    return limits


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """The options of the cycle check.

    Attributes:
        check_every: Measure every picture and one video frame in this many; 0 turns the cycle
            check off.
        limits: The lowest allowed means by the names of `LIMITS`.
        samples: Keep small pictures of some moments of each file for a report.
    """

    check_every: int = setting(
        60,
        Setting(
            "Measure the round trip of every picture and of every N-th video frame; 0 turns it "
            "off.",
            _GROUP,
            metavar="N",
            least=0,
            changes="last bits",
        ),
    )
    limits: dict[str, float] = setting(
        dict,
        Setting(
            "Exit with 7 if a figure of a file is below this, in the mean over its frames: psnr, "
            "ssim, delivered, change, domain or structure. May be repeated.",
            _GROUP,
            "--fail-under",
            metavar="FIGURE=NUMBER",
            parse=_limits,
            multiple=True,
            default="",
            changes="nothing",
        ),
    )
    samples: bool = setting(
        False,
        Setting(
            "Keep small pictures of some moments of each file.",
            _GROUP,
            flag="",
            changes="nothing",
        ),
    )
