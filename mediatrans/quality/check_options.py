"""The options of the cycle check: which frames are measured, and which figures are too low."""

from collections.abc import Sequence
from dataclasses import dataclass

from mediatrans.settings import Setting, setting

__all__ = ["LIMITS", "CheckOptions"]

LIMITS = ("psnr", "ssim")
"""The figures of the round trip that `--fail-under` accepts."""

_GROUP = "Quality"


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
        limits: The lowest allowed mean of "psnr" (dB) and "ssim".
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
            "Exit with 7 if a file's mean PSNR or SSIM of the round trip is below this. May be "
            "repeated.",
            _GROUP,
            "--fail-under",
            metavar="psnr=DB|ssim=X",
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
