"""Learning-rate schedules, as functions of the step."""

import math
from typing import Literal

__all__ = ["rate_factor"]


def rate_factor(
    schedule: Literal["linear", "cosine", "constant"], step: int, constant: int, total: int
) -> float:
    """What the learning rate is multiplied by.

    Args:
        schedule: "linear" is the paper's: 1 for the constant part, then a straight line that would
            reach 0 one step after the last; "cosine" falls from the first step (Loshchilov and
            Hutter 2017, without restarts); "constant" stays 1.
        step: Steps already made.
        constant: Steps of the constant part.
        total: Steps of the whole run.
    """
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * step / total))
    if schedule == "constant" or step < constant:
        return 1.0
    return (total - step) / (total - constant)
