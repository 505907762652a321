"""The networks that a pair was trained with, which must not judge it."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mediatrans.errors import MediatransError
from mediatrans.training.config import TrainConfig
from mediatrans.training.model.projected import BACKBONE
from mediatrans.training.run_folder import read_run, run_of
from mediatrans.zoo.card import Card

__all__ = ["TRAINED_WITH", "networks_of_card", "networks_of_run"]

TRAINED_WITH = "trained_with"
"""The key of a card's figures that lists these networks."""


def networks_of_run(config: TrainConfig) -> tuple[str, ...]:
    """The feature networks in the discriminators of a run, and of the runs that it began with.

    A run that an earlier one began with, and that is gone or damaged, cannot be asked.

    Args:
        config: The run's settings.
    """
    return tuple(sorted(_networks(config.to_table(), set())))


def networks_of_card(card: Card) -> tuple[str, ...]:
    """The feature networks in the discriminators that a model was trained with, by its card.

    Args:
        card: The model's card; what it does not tell is taken for "none".
    """
    noted = card.quality.get(TRAINED_WITH, ())
    named = {name for name in noted if isinstance(name, str)} if isinstance(noted, list) else set()
    return tuple(sorted(named | _networks(card.training, set())))


def _networks(settings: Mapping[str, Any], visited: set[Path]) -> set[str]:
    weight = settings.get("lambda_projected", 0)
    networks = {BACKBONE} if isinstance(weight, int | float) and weight > 0 else set()
    start = settings.get("start_from")
    if isinstance(start, str):
        folder = run_of(Path(start)).resolve()
        if folder not in visited:
            with suppress(MediatransError):
                before = read_run(folder).config.to_table()
                networks |= _networks(before, visited | {folder})
    return networks
