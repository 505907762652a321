"""The verdict on a file: good, doubtful or poor, with the reason."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Verdict", "Word"]

Word = Literal["good", "doubtful", "poor"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a file.

    Attributes:
        word: "good", "doubtful" or "poor".
        reason: Why, as one plain sentence in lower case without a full stop.
        figure: The figure that decided it, a key of `FIGURES`; None for "good".
    """

    word: Word
    reason: str
    figure: str | None = None
