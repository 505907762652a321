"""The terms of the CycleGAN objective."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "AdversarialLoss",
    "Losses",
    "adversarial_loss",
    "cycle_loss",
    "discriminator_loss",
    "equivariance_loss",
    "excess_detail",
    "hinge_discriminator_loss",
    "hinge_generator_loss",
    "identity_loss",
    "map_variation",
    "total_variation",
]

_EDGE_WEIGHT = 12.0

_GREY = (0.299, 0.587, 0.114)
_DETAIL_WINDOW = 16
_DETAIL_FLOOR = 1e-3
"""Mean squared difference of neighbours that counts as none: 4 of 255, noise of JPEG."""


@dataclass(frozen=True, slots=True)
class Losses:
    """The unweighted losses of one step; those of what is off are 0.

    Attributes:
        gan_g: Adversarial loss of G: a -> b.
        gan_f: Adversarial loss of F: b -> a.
        cycle_a: Mean |F(G(a)) - a|.
        cycle_b: Mean |G(F(b)) - b|.
        identity_a: Mean |F(a) - a|.
        identity_b: Mean |G(b) - b|.
        map_a: Variation of F's colour maps where its inputs are smooth.
        map_b: Variation of G's colour maps where its inputs are smooth.
        d_a: Loss of the discriminator of domain a.
        d_b: Loss of the discriminator of domain b.
        projected_g: Adversarial loss of G before the projected discriminator.
        projected_f: Adversarial loss of F before the projected discriminator.
        p_a: Loss of the projected discriminator of domain a.
        p_b: Loss of the projected discriminator of domain b.
        layout_g: Adversarial loss of G before the layout discriminator.
        layout_f: Adversarial loss of F before the layout discriminator.
        l_a: Loss of the layout discriminator of domain a.
        l_b: Loss of the layout discriminator of domain b.
    """

    gan_g: float
    gan_f: float
    cycle_a: float
    cycle_b: float
    identity_a: float
    identity_b: float
    map_a: float
    map_b: float
    d_a: float
    d_b: float
    projected_g: float = 0.0
    projected_f: float = 0.0
    p_a: float = 0.0
    p_b: float = 0.0
    layout_g: float = 0.0
    layout_f: float = 0.0
    l_a: float = 0.0
    l_b: float = 0.0

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The losses' names, in order."""
        return tuple(f.name for f in fields(cls))


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


def equivariance_loss(shifted: Tensor, of_shifted: Tensor, inside: Tensor | None = None) -> Tensor:
    """Mean |shifted G(x) - G(shifted x + noise)| (after Eilertsen et al. 2019).

    What holds still in a video, but for a camera's movement and an encoder's noise, then holds
    still in its translation.

    Args:
        shifted: The moved translations, [N, 3, H, W].
        of_shifted: The translations of the moved pictures, likewise.
        inside: 1 where it counts, else 0, [1, 1, H, W]; None counts all.
    """
    if inside is None:
        return functional.l1_loss(of_shifted, shifted)
    counted = inside.sum() * shifted.shape[0] * shifted.shape[1]
    return ((of_shifted - shifted).abs() * inside).sum() / counted.clamp(min=1.0)


def hinge_discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Mean max(0, 1 - real) + mean max(0, 1 + fake), averaged over the scales (Lim and Ye 2017)."""
    scales = [
        functional.relu(1.0 - r).mean() + functional.relu(1.0 + f).mean()
        for r, f in zip(real, fake, strict=True)
    ]
    return torch.stack(scales).mean()


def hinge_generator_loss(fake: Sequence[Tensor]) -> Tensor:
    """Mean of -fake, averaged over the scales."""
    return -torch.stack([scores.mean() for scores in fake]).mean()


def map_variation(picture: Tensor, colour_map: Tensor) -> Tensor:
    """Variation of colour maps between neighbouring cells, less where the picture has an edge.

    An edge-aware smoothness as disparity maps have it (Godard et al. 2017): instance norm draws
    rings into flat skies otherwise.

    Args:
        picture: [N, 3, H, W] in [-1, 1], reduced to the cells by averaging.
        colour_map: [N, C, h, w].
    """
    height, width = colour_map.shape[-2:]
    cells = functional.adaptive_avg_pool2d(picture, (height, width))
    loss = picture.new_zeros(())
    for axis in (2, 3):
        change = colour_map.diff(dim=axis).abs().mean(dim=1)
        edge = cells.diff(dim=axis).abs().mean(dim=1)
        loss = loss + (change * torch.exp(-_EDGE_WEIGHT * edge)).mean()
    return loss


def excess_detail(picture: Tensor, translation: Tensor, allowed: float) -> Tensor:
    """How much finer a translation is than its picture, where it is finer than allowed.

    Detail is the squared difference of neighbouring pixels' luma, averaged over windows of 16 px.
    What exceeds the allowed ratio counts as the square of its logarithm, so that a weave on blurred
    ground counts as much as one on a meadow.

    Args:
        picture: [N, 3, H, W] in [-1, 1].
        translation: Likewise.
        allowed: How many times the picture's detail a translation may have anywhere for nothing.
    """
    limit = _detail(picture).detach() * allowed
    return functional.relu(torch.log(_detail(translation) / limit)).square().mean()


def total_variation(picture: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, across plus down (Rudin et al. 1992, anisotropic)."""
    across = (picture[..., :, 1:] - picture[..., :, :-1]).abs().mean()
    down = (picture[..., 1:, :] - picture[..., :-1, :]).abs().mean()
    return across + down


def _detail(picture: Tensor) -> Tensor:
    """Mean squared difference of neighbours in overlapping windows, above a floor, [N, 1, h, w]."""
    luma = (picture * picture.new_tensor(_GREY).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    across, down = luma.diff(dim=3)[..., :-1, :], luma.diff(dim=2)[..., :, :-1]
    energy = across.square() + down.square()
    half = _DETAIL_WINDOW // 2
    return functional.avg_pool2d(energy, _DETAIL_WINDOW, half) + _DETAIL_FLOOR


def _least_squares(scores: Tensor, label: float) -> Tensor:
    return (scores - label).square().mean()


def _negative_log_likelihood(scores: Tensor, label: float) -> Tensor:
    return functional.binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))
