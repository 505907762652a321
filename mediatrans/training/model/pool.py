"""The replay pool: earlier translations, shown to a discriminator again."""

import random
from typing import Any

import torch
from torch import Tensor

from mediatrans.training.team import ALONE, Team

__all__ = ["ReplayPool"]


class ReplayPool:
    """A history of translated pictures (Shrivastava et al. 2017).

    Once it is full, a picture that comes in is, half of the time, swapped for a random one of the
    pool; the discriminator sees the latter.

    Args:
        capacity: Pictures kept; 0 passes everything through.
        seed: Seed of its choices.
        team: The processes that share the batches; each keeps the pool of the whole batches, so
            that all choose as one process would.
    """

    def __init__(self, capacity: int, seed: int | str, team: Team = ALONE) -> None:
        self._capacity = capacity
        self._random = random.Random(seed)
        self._team = team
        self._pictures: list[Tensor] = []

    def __len__(self) -> int:
        return len(self._pictures)

    def exchange(self, pictures: Tensor) -> Tensor:
        """Pictures [N, C, H, W] in, as many out: some of them replaced by earlier ones."""
        if self._capacity == 0:
            return pictures
        batch = self._team.gather(pictures)
        return self._team.own(torch.stack([self._exchange_one(picture) for picture in batch]))

    def _exchange_one(self, picture: Tensor) -> Tensor:
        if len(self._pictures) < self._capacity:
            self._pictures.append(picture.clone())
            return picture
        if self._random.random() < 0.5:
            return picture
        chosen = self._random.randrange(self._capacity)
        earlier, self._pictures[chosen] = self._pictures[chosen], picture.clone()
        return earlier

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides its future answers."""
        version, words, gauss = self._random.getstate()
        pictures = torch.stack(self._pictures) if self._pictures else None
        return {"pictures": pictures, "random": [version, list(words), gauss]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state_dict` was taken."""
        version, words, gauss = state["random"]
        self._random.setstate((version, tuple(words), gauss))
        self._pictures = [] if state["pictures"] is None else list(state["pictures"].unbind())
