"""Random numbers that depend on a run's seed and a step alone, so that a resume draws the same."""

import hashlib

import torch

__all__ = ["generator_of"]


def generator_of(purpose: str, *numbers: object) -> torch.Generator:
    """A generator on the CPU, decided by its arguments.

    Args:
        purpose: What is drawn: two purposes never share their numbers.
        numbers: The seed, the step and whatever else tells one draw from another.
    """
    text = " ".join(map(str, (purpose, *numbers)))
    key = hashlib.sha256(text.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(key[:7], "big"))
