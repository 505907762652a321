"""When losses count as diverged."""

import math
from dataclasses import replace

import pytest
import torch

from mediatrans.training.config import TrainConfig
from mediatrans.training.model.divergence import LARGEST_LOSS, PATIENCE, DivergenceWatch, remedy
from mediatrans.training.model.losses import Losses

USUAL = Losses(0.3, 0.3, 0.1, 0.1, 0.05, 0.05, 0.0, 0.0, 0.2, 0.2)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_counts_at_once(value: float) -> None:
    problem = DivergenceWatch().problem(replace(USUAL, d_a=value, p_b=value))
    assert problem == "d_a, p_b are no finite numbers"


@pytest.mark.parametrize("value", [2 * LARGEST_LOSS, -2 * LARGEST_LOSS, 1e11])
def test_what_stays_beyond_any_meaning_counts_after_a_while(value: float) -> None:
    watch, large = DivergenceWatch(), replace(USUAL, gan_g=value)
    assert [watch.problem(large) for _ in range(PATIENCE - 1)] == [None] * (PATIENCE - 1)
    problem = watch.problem(large)
    assert problem is not None
    assert "gan_g has been above 10,000" in problem


def test_a_spike_is_forgotten() -> None:
    watch, large = DivergenceWatch(), replace(USUAL, d_b=1e9)
    for _ in range(10):
        assert all(watch.problem(large) is None for _ in range(PATIENCE - 1))
        assert watch.problem(USUAL) is None


def test_what_the_run_has_already_is_no_remedy() -> None:
    plain, other = TrainConfig(), TrainConfig(gan_loss="log", precision="bfloat16")
    device = torch.device("cpu")
    assert (
        remedy(plain, device)
        == "start again with a smaller --learning-rate or a larger --batch-size"
    )
    assert "--gan-loss lsgan or --precision float32" in remedy(other, device)
