"""The pool of earlier translations."""

import torch

from mediatrans.training.model.pool import ReplayPool


def picture(value: float) -> torch.Tensor:
    return torch.full((1, 3, 2, 2), float(value))


def test_a_filling_pool_lets_everything_through() -> None:
    pool = ReplayPool(3, 0)
    assert [pool.exchange(picture(i)).mean().item() for i in range(3)] == [0, 1, 2]
    assert len(pool) == 3


def test_a_full_pool_swaps_about_half() -> None:
    pool = ReplayPool(5, 0)
    shown = [pool.exchange(picture(i)).mean().item() for i in range(400)]
    earlier = sum(value != i for i, value in enumerate(shown))
    assert 150 < earlier < 250
    assert all(value <= i for i, value in enumerate(shown))


def test_no_picture_is_shown_again_after_it_left() -> None:
    pool = ReplayPool(5, 0)
    shown = [pool.exchange(picture(i)).mean().item() for i in range(200)]
    # Once when it came in and once when it left, at most.
    assert max(shown.count(value) for value in shown) <= 2


def test_a_pool_of_none_passes_through() -> None:
    pool = ReplayPool(0, 0)
    batch = torch.rand(4, 3, 2, 2)
    assert pool.exchange(batch) is batch
    assert len(pool) == 0


def test_a_restored_pool_goes_on_alike() -> None:
    first = ReplayPool(3, 0)
    for i in range(10):
        first.exchange(picture(i))
    second = ReplayPool(3, 99)
    second.load_state_dict(first.state_dict())
    for i in range(10, 40):
        assert torch.equal(first.exchange(picture(i)), second.exchange(picture(i)))


def test_an_empty_pool_can_be_restored() -> None:
    pool = ReplayPool(3, 0)
    pool.load_state_dict(ReplayPool(3, 1).state_dict())
    assert len(pool) == 0
