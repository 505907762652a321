"""What the training loop reports to its caller."""

from dataclasses import dataclass
from typing import Protocol

from mediatrans.training.model.losses import Losses

__all__ = ["Observer", "Progress", "SilentObserver"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One finished step.

    Attributes:
        step: Steps made, this one included.
        total: Steps of the whole run.
        losses: The step's losses.
        rate: The learning rate it used.
        step_s: Seconds it took, the wait for data included.
        wait_s: Seconds of it that were spent waiting for data.
    """

    step: int
    total: int
    losses: Losses
    rate: float
    step_s: float
    wait_s: float


class Observer(Protocol):
    """The callbacks of a run."""

    def message(self, text: str) -> None:
        """A sentence for the user: a skipped picture, the cost, the mode, a checkpoint."""
        ...

    def progress(self, progress: Progress) -> None:
        """A step is finished."""
        ...


class SilentObserver:
    """An observer that shows nothing."""

    def message(self, text: str) -> None:
        """Nothing is shown."""

    def progress(self, progress: Progress) -> None:
        """Nothing is shown."""
