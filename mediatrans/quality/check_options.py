"""How outputs are judged: which frames are translated back, and which figures are too low."""

from collections.abc import Sequence
from dataclasses import dataclass

from mediatrans.settings import Setting, setting

__all__ = ["LIMITS", "CheckOptions"]

LIMITS = ("psnr", "ssim")
"""The figures of the round trip that can have a limit."""

_GROUP = "Quality"


def _limits(texts: Sequence[str]) -> dict[str, float]:
    limits = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            limits[name] = float(number)
        except ValueError:
            raise ValueError(f"{text!r} is not NAME=NUMBER, as psnr=22 is") from None
    return limits


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """How outputs are judged.

    Attributes:
        check_every: Translate back and measure one video frame in this many; 0 turns the cycle
            check off, of pictures too.
        limits: Lowest mean allowed of "psnr" (dB) and "ssim".
    """

    check_every: int = setting(
        60,
        Setting(
            "Measure the round trip of every picture and of one video frame in N; 0 measures none.",
            _GROUP,
            metavar="N",
            least=0,
            changes="last bits",
        ),
    )
    limits: dict[str, float] = setting(
        dict,
        Setting(
            "Exit with 7 when the mean of a file's round trip is below this.",
            _GROUP,
            "--fail-under",
            metavar="psnr=DB|ssim=X",
            parse=_limits,
            multiple=True,
            default="",
            changes="nothing",
        ),
    )
