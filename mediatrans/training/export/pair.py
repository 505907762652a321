"""A pair of generators on its way to a model folder, wherever it was trained."""

from dataclasses import dataclass, field
from typing import Any

from mediatrans.training.model.networks import ResnetGenerator

__all__ = ["DataNote", "TrainedPair"]


@dataclass(frozen=True, slots=True)
class DataNote:
    """Where the training pictures come from, for the card.

    Attributes:
        source: Where they come from.
        licence: Their licence, or "none".
    """

    source: str = "not stated"
    licence: str = "not stated"


@dataclass(frozen=True, slots=True)
class TrainedPair:
    """Two generators and what is known of how they came to be.

    Attributes:
        domains: The names of domain a and domain b.
        generators: G: a -> b and F: b -> a, of one architecture.
        training_size: Side of the training crops in pixels, or None where it is not known.
        seed: The training's seed, or None.
        training: The card's table of how they were trained.
        data: The card's table of what they were trained on.
        networks: The feature networks in their discriminators, which must not judge them.
    """

    domains: tuple[str, str]
    generators: tuple[ResnetGenerator, ResnetGenerator]
    training_size: int | None = None
    seed: int | None = None
    training: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    networks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The pair's name, "summer2winter"."""
        return "2".join(self.domains)
