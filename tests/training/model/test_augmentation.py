"""Differentiable augmentation of what the discriminators see."""

import torch
from torch import Tensor

from mediatrans.training.model.augmentation import Augmentation, augmented, draw_augmentation

CPU = torch.device("cpu")


def pictures(count: int, side: int = 24) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1


def nothing(side: int) -> Augmentation:
    ones = torch.ones(1, 1, 1, 1)
    places = torch.arange(side * side).reshape(1, 1, -1)
    return Augmentation(0 * ones, ones, ones, places, torch.ones(1, 1, side, side))


def drawn(step: int, count: int = 1, side: int = 24, purpose: str = "real") -> Augmentation:
    return draw_augmentation(purpose, count, side, 3, step, CPU)


def test_seed_step_and_purpose_decide_the_changes() -> None:
    torch.manual_seed(1)
    first = drawn(5)
    torch.manual_seed(2)
    assert all(torch.equal(x, y) for x, y in zip(first, drawn(5), strict=True))
    for other in (drawn(6), drawn(5, purpose="fake"), draw_augmentation("real", 1, 24, 4, 5, CPU)):
        assert not torch.equal(first.brightness, other.brightness)


def test_each_picture_of_a_batch_is_changed_by_itself() -> None:
    x, changes = pictures(3), drawn(0, count=3)
    together = augmented(x, changes)
    for index in range(3):
        alone = Augmentation(*(part[index : index + 1] for part in changes))
        torch.testing.assert_close(together[index : index + 1], augmented(x[index][None], alone))
    assert len({float(value) for value in changes.brightness.flatten()}) == 3


def test_without_a_change_the_picture_stays() -> None:
    torch.testing.assert_close(augmented(pictures(1), nothing(24)), pictures(1))


def test_colours_change_as_said() -> None:
    x, plain = pictures(1), nothing(24)
    brighter = augmented(x, plain._replace(brightness=torch.full((1, 1, 1, 1), 0.2)))
    torch.testing.assert_close(brighter, x + 0.2)
    grey = augmented(x, plain._replace(saturation=torch.zeros(1, 1, 1, 1)))
    torch.testing.assert_close(grey, x.mean(1, keepdim=True).expand_as(x))
    flat = augmented(x, plain._replace(contrast=torch.zeros(1, 1, 1, 1)))
    torch.testing.assert_close(flat, x.mean().expand_as(x))


def test_pictures_are_shifted_and_cut_out_within_bounds() -> None:
    hidden = []
    for step in range(100):
        changes = drawn(step)
        rows, columns = changes.places.reshape(24, 24) // 24, changes.places.reshape(24, 24) % 24
        assert len(set(rows[12].tolist())) == len(set(columns[:, 12].tolist())) == 1
        assert abs(int(rows[12, 0]) - 12) <= 3
        assert abs(int(columns[0, 12]) - 12) <= 3
        hidden.append(1 - float(changes.shown.mean()))
    assert max(hidden) <= 8 * 8 / 24**2 + 2 * 3 / 24
    assert min(hidden) < max(hidden)


def test_gradients_pass_to_what_is_shown_and_only_there() -> None:
    x = pictures(1).requires_grad_(True)
    changes = drawn(0)
    torch.autograd.backward(augmented(x, changes).sum())
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert x.grad.abs().sum() > 0
    assert (augmented(x, changes)[changes.shown.expand_as(x) == 0] == 0).all()
