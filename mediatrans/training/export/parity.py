"""The proof that an exported graph answers as the torch network does."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mediatrans.errors import ModelError
from mediatrans.media.frames import Pixels
from mediatrans.translate.engines.agreement import photograph_like
from mediatrans.translate.engines.choice import open_engine

__all__ = ["ParityProof", "proof_inputs", "prove_parity"]

_ALLOWED = 1
_ALLOWED_OF_MAPS = 1e-3
_LEAST_RANGE = 16


@dataclass(frozen=True, slots=True)
class ParityProof:
    """What was compared.

    Attributes:
        inputs: Batches that both were given.
        largest_difference: Between two output values, of 255.
        output_range: From the least to the greatest output value.
    """

    inputs: int
    largest_difference: int
    output_range: int


@torch.no_grad()
def prove_parity(path: Path, network: nn.Module, training_size: int) -> ParityProof:
    """Run a graph and its network on the same pictures.

    Args:
        path: The ONNX file; it runs in the engine that translates media.
        network: Takes uint8 [N, H, W, 3]; makes the same, or that, a map and a texture.
        training_size: Side of the training crops, one of the sizes compared at.

    Raises:
        ModelError: They differ by more than 1 of 255 somewhere, a map or a texture by more than a
            thousandth, or the output hardly varies, which would prove nothing.
    """
    engine = open_engine(path, device="cpu", precision="float32")
    largest, lowest, highest = 0, 255, 0
    inputs = proof_inputs(training_size)
    for pictures in inputs:
        made = network(torch.from_numpy(pictures))
        picture, *more = made if isinstance(made, tuple) else (made,)
        expected, (found, *found_more) = picture.numpy(), engine.run(pictures)
        for name, theirs, mine in zip(("map", "texture"), more, found_more, strict=False):
            _refuse_other_map(path, name, mine, theirs.numpy())
        difference = np.abs(found.astype(np.int16) - expected.astype(np.int16)).max()
        largest = max(largest, int(difference))
        lowest, highest = min(lowest, int(found.min())), max(highest, int(found.max()))
    if largest > _ALLOWED:
        raise ModelError(
            f"the exported graph differs from torch by {largest} of 255",
            path=path.name,
            remedy="no model was written; report this with the checkpoint's settings",
        )
    if highest - lowest < _LEAST_RANGE:
        raise ModelError(
            f"the generator's output hardly varies ({lowest} to {highest}), parity cannot be shown",
            path=path.name,
            remedy="no model was written; train for longer",
        )
    return ParityProof(len(inputs), largest, highest - lowest)


def _refuse_other_map(
    path: Path,
    name: str,
    found: NDArray[np.float32] | None,
    expected: NDArray[np.float32],
) -> None:
    difference = math.inf
    if found is not None and found.shape == expected.shape:
        difference = float(np.abs(found - expected).max())
    if not difference <= _ALLOWED_OF_MAPS:
        raise ModelError(
            f"the exported graph's {name} differs from torch by {difference:.2g}",
            path=path.name,
            remedy="no model was written; report this with the checkpoint's settings",
        )


def proof_inputs(training_size: int) -> list[Pixels]:
    """Photograph-like pictures, noise and hard edges: each as a pair, oblong and square.

    Returns:
        Nine batches, uint8 [N, H, W, 3].
    """
    random = np.random.default_rng(0)
    shapes = ((2, 64, 64), (1, 72, 120), (1, training_size, training_size))
    kinds = (photograph_like, _noise, _hard_edges)
    return [
        np.stack([kind(random, height, width) for _ in range(n)])
        for kind in kinds
        for n, height, width in shapes
    ]


def _noise(random: np.random.Generator, height: int, width: int) -> Pixels:
    return random.integers(0, 256, (height, width, 3), dtype=np.uint8)


def _hard_edges(random: np.random.Generator, height: int, width: int) -> Pixels:
    blocks = random.integers(0, 2, (-(-height // 8), -(-width // 8), 3), dtype=np.uint8) * 255
    return blocks.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
