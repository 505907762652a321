"""Signs that a generator has collapsed: to its input, to one picture, to inverted brightness."""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["CHECK_EVERY", "describe_collapse"]

CHECK_EVERY = 250
"""Steps between two checks of a run."""

_UNCHANGED_BELOW = 0.01
_CONSTANT_BELOW = 0.1
_INVERTED_BELOW = -0.3
_LEAST_DEVIATION = 0.02


@torch.no_grad()
def describe_collapse(pictures: Sequence[Tensor], translated: Sequence[Tensor]) -> str | None:
    """What is wrong with a generator's translations of a few pictures, or None.

    Args:
        pictures: [1, 3, H, W] in [-1, 1] each, of one size.
        translated: Their translations, likewise.

    Returns:
        A clause such as "returns its input": the mean difference is below 0.01; the translations
        vary, inside or from one to the other, a tenth as much as the pictures; or the brightness
        of picture and translation correlates below -0.3.
    """
    if not pictures:
        return None
    x, y = torch.cat(list(pictures)).float(), torch.cat(list(translated)).float()
    if (y - x).abs().mean() < _UNCHANGED_BELOW:
        return "returns its input"
    detail = x.std(dim=(2, 3)).mean()
    if detail > _LEAST_DEVIATION and y.std(dim=(2, 3)).mean() < _CONSTANT_BELOW * detail:
        return "makes one colour of every picture"
    if len(x) > 1:
        differences = x.std(dim=0).mean()
        if differences > _LEAST_DEVIATION and y.std(dim=0).mean() < _CONSTANT_BELOW * differences:
            return "makes the same of every picture"
    if detail > _LEAST_DEVIATION and _correlation(x, y) < _INVERTED_BELOW:
        return "inverts brightness"
    return None


def _correlation(x: Tensor, y: Tensor) -> float:
    """Of the brightness of pictures and translations, the mean over the pictures."""
    brightness = [batch.mean(dim=1).flatten(1) for batch in (x, y)]
    mine, theirs = (b - b.mean(dim=1, keepdim=True) for b in brightness)
    return float(torch.nn.functional.cosine_similarity(mine, theirs, dim=1).mean())
