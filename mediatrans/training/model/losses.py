"""The terms of the CycleGAN objective."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "AdversarialLoss",
    "adversarial_loss",
    "cycle_loss",
    "discriminator_loss",
    "equivariance_loss",
    "identity_loss",
    "total_variation",
]

AdversarialLoss = Callable[[Tensor, float], Tensor]
"""(patch scores, the label they should have: 1 real, 0 translated) -> scalar."""


def adversarial_loss(kind: Literal["lsgan", "log"]) -> AdversarialLoss:
    """The loss of patch scores against a label.

    Args:
        kind: "lsgan" is the least squares of Mao et al. 2017, mean (s - label)^2; "log" the
            negative log likelihood of Goodfellow et al. 2014, the scores being logits. A generator
            takes its non-saturating form: label 1 on translated pictures.
    """
    return {"lsgan": _least_squares, "log": _negative_log_likelihood}[kind]


def discriminator_loss(loss: AdversarialLoss, real: Tensor, fake: Tensor) -> Tensor:
    """Half of (real scores against 1 + translated scores against 0).

    The half slows the discriminator relative to the generators (Zhu et al. 2017, Appendix 7.1).
    """
    return 0.5 * (loss(real, 1.0) + loss(fake, 0.0))


def cycle_loss(picture: Tensor, returned: Tensor) -> Tensor:
    """Mean |F(G(x)) - x| (Zhu et al. 2017, Equation 2), pictures in [-1, 1]."""
    return functional.l1_loss(returned, picture)


def identity_loss(picture: Tensor, kept: Tensor) -> Tensor:
    """Mean |G(y) - y| for a picture that is in G's target domain already (Taigman et al. 2017)."""
    return functional.l1_loss(kept, picture)


def equivariance_loss(shifted: Tensor, of_shifted: Tensor) -> Tensor:
    """Mean |shifted G(x) - G(shifted x + noise)| (after Eilertsen et al. 2019).

    What holds still in a video, but for a camera's movement and an encoder's noise, then holds
    still in its translation.
    """
    return functional.l1_loss(of_shifted, shifted)


def total_variation(picture: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, across plus down (Rudin et al. 1992, anisotropic)."""
    across = (picture[..., :, 1:] - picture[..., :, :-1]).abs().mean()
    down = (picture[..., 1:, :] - picture[..., :-1, :]).abs().mean()
    return across + down


def _least_squares(scores: Tensor, label: float) -> Tensor:
    return (scores - label).square().mean()


def _negative_log_likelihood(scores: Tensor, label: float) -> Tensor:
    return functional.binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))
