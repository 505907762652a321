"""Frames of one colour, and fades to one, among the training pictures."""

import pytest
import torch

from mediatrans.training.model.fading import Fade, draw_fade, faded

CPU = torch.device("cpu")


def test_seed_and_step_decide_the_fades() -> None:
    torch.manual_seed(1)
    first = draw_fade(0.5, 4, 3, 5, CPU)
    torch.manual_seed(2)
    same, other = draw_fade(0.5, 4, 3, 5, CPU), draw_fade(0.5, 4, 3, 6, CPU)
    assert torch.equal(first.colour, same.colour)
    assert torch.equal(first.share, same.share)
    assert not torch.equal(first.colour, other.colour)


def test_as_many_fade_as_asked_and_a_third_of_them_is_flat() -> None:
    shares = torch.cat([draw_fade(0.3, 8, 0, step, CPU).share.flatten() for step in range(500)])
    fading = shares[shares > 0]
    assert len(fading) / len(shares) == pytest.approx(0.3, abs=0.03)
    assert float((fading == 1).float().mean()) == pytest.approx(1 / 3, abs=0.05)
    assert fading.min() >= 0.3


def test_black_and_white_are_a_third_each_of_the_colours() -> None:
    colours = torch.cat([draw_fade(1.0, 8, 0, step, CPU).colour for step in range(300)])
    black, white = ((colours == value).all(dim=1).float().mean() for value in (-1, 1))
    assert float(black) == pytest.approx(1 / 3, abs=0.05)
    assert float(white) == pytest.approx(1 / 3, abs=0.05)
    assert colours.abs().max() <= 1


def test_pictures_go_to_the_colour_and_the_others_stay() -> None:
    x = torch.rand(3, 3, 8, 8) * 2 - 1
    fade = Fade(torch.full((3, 3, 1, 1), -1.0), torch.tensor([0.0, 0.5, 1.0]).reshape(3, 1, 1, 1))
    out = faded(x, fade)
    assert torch.equal(out[0], x[0])
    torch.testing.assert_close(out[1], (x[1] - 1) / 2)
    assert torch.equal(out[2], torch.full((3, 8, 8), -1.0))
