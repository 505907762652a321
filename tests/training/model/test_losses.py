"""The losses against their formulas."""

import math

import pytest
import torch

from mediatrans.training.model.losses import (
    adversarial_loss,
    cycle_loss,
    discriminator_loss,
    equivariance_loss,
    excess_detail,
    hinge_discriminator_loss,
    hinge_generator_loss,
    identity_loss,
    map_variation,
    total_variation,
)

SCORES = torch.tensor([[0.5, -1.0], [2.0, 0.0]])


def test_least_squares() -> None:
    loss = adversarial_loss("lsgan")
    assert loss(SCORES, 1.0).item() == pytest.approx((0.25 + 4 + 1 + 1) / 4)
    assert loss(SCORES, 0.0).item() == pytest.approx((0.25 + 1 + 4 + 0) / 4)


def test_log_loss_takes_scores_as_logits() -> None:
    loss = adversarial_loss("log")
    probabilities = [1 / (1 + math.exp(-s)) for s in SCORES.flatten().tolist()]
    real = -sum(math.log(p) for p in probabilities) / 4
    fake = -sum(math.log(1 - p) for p in probabilities) / 4
    assert loss(SCORES, 1.0).item() == pytest.approx(real)
    assert loss(SCORES, 0.0).item() == pytest.approx(fake)


def test_the_discriminator_pays_half_of_both_mistakes() -> None:
    loss = adversarial_loss("lsgan")
    real, fake = torch.tensor([0.5]), torch.tensor([0.25])
    expected = 0.5 * (0.5**2 + 0.25**2)
    assert discriminator_loss(loss, real, fake).item() == pytest.approx(expected)


@pytest.mark.parametrize("loss", [cycle_loss, equivariance_loss, identity_loss])
def test_l1_losses(loss: object) -> None:
    a, b = torch.tensor([0.0, 1.0, -1.0]), torch.tensor([0.5, 1.0, 1.0])
    assert callable(loss)
    assert loss(a, b).item() == pytest.approx(2.5 / 3)


def test_total_variation_counts_steps_between_neighbours() -> None:
    ramp = torch.arange(4.0).repeat(3, 1)[None, None]
    assert total_variation(ramp).item() == pytest.approx(1.0)
    assert total_variation(ramp.transpose(2, 3)).item() == pytest.approx(1.0)
    assert total_variation(torch.ones(1, 3, 4, 4)).item() == 0


def test_equivariance_counts_only_what_is_inside() -> None:
    moved, of_moved = torch.zeros(2, 3, 2, 2), torch.ones(2, 3, 2, 2)
    of_moved[..., 1] = 100.0
    inside = torch.tensor([[1.0, 0.0], [1.0, 0.0]])[None, None]
    assert equivariance_loss(moved, of_moved, inside).item() == pytest.approx(1.0)
    assert equivariance_loss(moved, of_moved, 0 * inside).item() == 0


def test_the_hinge_is_averaged_over_the_scales() -> None:
    real, fake = [torch.tensor([0.5, 2.0]), torch.tensor([1.0])], [torch.zeros(2), -torch.ones(1)]
    assert hinge_discriminator_loss(real, fake).item() == pytest.approx((0.25 + 1 + 0 + 0) / 2)
    assert hinge_generator_loss(fake).item() == pytest.approx((0 + 1) / 2)


def test_maps_may_change_where_the_picture_has_an_edge() -> None:
    maps = torch.zeros(1, 12, 4, 4)
    maps[..., 2:] = 1.0
    flat, edge = torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 16)
    edge[..., 8:] = 1.0
    assert map_variation(flat, maps).item() == pytest.approx(1 / 3)
    assert map_variation(edge, maps).item() < 1e-4
    assert map_variation(edge, torch.ones(1, 12, 4, 4)).item() == 0


def waves(strength: float) -> torch.Tensor:
    """A grey weave of 4 px, [1, 3, 64, 64]."""
    rows = torch.sin(torch.arange(64) * math.pi / 2)
    return (strength * (rows[:, None] * rows[None])).expand(1, 3, 64, 64)


def test_detail_is_allowed_where_the_picture_has_it() -> None:
    assert excess_detail(waves(0.5), waves(0.5), 1.5).item() == 0
    assert excess_detail(waves(0.5), waves(0.6), 1.5).item() == 0  # 1.44 times the energy
    assert excess_detail(waves(0.5), torch.zeros(1, 3, 64, 64), 1.5).item() == 0
    assert excess_detail(waves(0.25), waves(0.5), 1.5).item() == pytest.approx(
        math.log(4 / 1.5) ** 2, rel=0.05
    )
    assert excess_detail(waves(0.5), waves(0.6), 1.2).item() > 0


def test_detail_counts_where_the_picture_is_flat() -> None:
    flat = torch.full((1, 3, 64, 64), 0.2)
    half = torch.cat((waves(0.5)[..., :32], flat[..., 32:]), dim=3)
    everywhere, beside = excess_detail(half, waves(0.5), 1.5), excess_detail(half, half, 1.5)
    assert beside.item() == 0
    assert everywhere.item() > 5
    noise = 0.01 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert excess_detail(flat, flat + noise, 1.5).item() == 0  # below what JPEG leaves


def test_the_gradient_of_detail_lowers_the_translation_alone() -> None:
    picture, translation = waves(0.1).clone(), waves(0.5).clone()
    picture.requires_grad_()
    translation.requires_grad_()
    torch.autograd.backward(excess_detail(picture, translation, 1.5))
    assert picture.grad is None or not picture.grad.any()
    slope = translation.grad
    assert slope is not None
    step = translation.detach() - 0.1 * slope / slope.abs().max()
    assert excess_detail(waves(0.1), step, 1.5) < excess_detail(waves(0.1), translation, 1.5)
