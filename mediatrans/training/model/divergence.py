"""Signs that a training has diverged: losses that are no numbers, or beyond any meaning."""

import math
from dataclasses import asdict

from mediatrans.training.model.losses import Losses

__all__ = ["LARGEST_LOSS", "PATIENCE", "DivergenceWatch"]

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
            return f"{', '.join(broken)} is no longer a finite number"
        large = [name for name, loss in values.items() if abs(loss) > LARGEST_LOSS]
        self._above = self._above + 1 if large else 0
        if self._above < PATIENCE:
            return None
        return f"{', '.join(large)} has been above {LARGEST_LOSS:,.0f} for {PATIENCE} steps"
