"""Signs that a training has diverged: losses that are no numbers, or beyond any meaning."""

import math
from dataclasses import asdict

import torch

from mediatrans.training.config import TrainConfig
from mediatrans.training.model.losses import Losses
from mediatrans.training.model.objective import uses_bfloat16

__all__ = ["LARGEST_LOSS", "PATIENCE", "DivergenceWatch", "remedy"]

LARGEST_LOSS = 1e4
"""Least-squares losses begin near 1; those of pictures in [-1, 1] cannot exceed 3."""

PATIENCE = 25
"""Steps in a row that a loss may be above it: a single spike can recover."""


class DivergenceWatch:
    """Looks at the losses of each step."""

    def __init__(self) -> None:
        self._above = 0

    @property
    def is_suspicious(self) -> bool:
        """Whether the last losses were beyond any meaning, though not yet for long enough."""
        return self._above > 0

    def problem(self, losses: Losses) -> str | None:
        """What is wrong after this step, as a clause such as "d_a is no longer a finite number".

        Args:
            losses: The losses of the step that follows the one of the last call.
        """
        values = asdict(losses)
        broken = [name for name, loss in values.items() if not math.isfinite(loss)]
        if broken:
            words = "is no longer a finite number" if len(broken) == 1 else "are no finite numbers"
            return f"{', '.join(broken)} {words}"
        large = [name for name, loss in values.items() if abs(loss) > LARGEST_LOSS]
        self._above = self._above + 1 if large else 0
        if self._above < PATIENCE:
            return None
        return f"{', '.join(large)} has been above {LARGEST_LOSS:,.0f} for {PATIENCE} steps"


def remedy(config: TrainConfig, device: torch.device) -> str:
    """What may help a run with these settings; what it has already is left out."""
    found = ["a smaller --learning-rate", "a larger --batch-size"]
    if config.gan_loss != "lsgan":
        found.append("--gan-loss lsgan")
    if uses_bfloat16(config, device):
        found.append("--precision float32")
    return f"start again with {', '.join(found[:-1])} or {found[-1]}"
