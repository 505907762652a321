"""Learning rates over the steps of a run."""

import pytest

from mediatrans.training.model.schedules import rate_factor


def test_linear_is_flat_then_falls_to_just_above_nothing() -> None:
    factors = [rate_factor("linear", step, 4, 8) for step in range(8)]
    assert factors == [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]


def test_a_single_step_has_the_full_rate() -> None:
    assert rate_factor("linear", 0, 0, 1) == 1


def test_cosine_halves_in_the_middle() -> None:
    assert rate_factor("cosine", 0, 4, 8) == 1
    assert rate_factor("cosine", 4, 4, 8) == pytest.approx(0.5)
    assert 0 < rate_factor("cosine", 7, 4, 8) < 0.05


def test_constant_stays() -> None:
    assert {rate_factor("constant", step, 4, 8) for step in range(8)} == {1.0}
