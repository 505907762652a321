import math

import pytest
import torch

from mediatrans.training.model.losses import (
    adversarial_loss,
    cycle_loss,
    discriminator_loss,
    equivariance_loss,
    identity_loss,
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
