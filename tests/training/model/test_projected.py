"""Projected discriminators on frozen features."""

import sys

import pytest
import torch
from torch import Tensor

from mediatrans.errors import MissingExtraError
from mediatrans.training.model.projected import (
    FrozenProjection,
    ProjectedDiscriminator,
    ProjectedHeads,
    load_backbone,
)


def pictures(side: int) -> Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(scope="module")
def judge() -> ProjectedDiscriminator:
    torch.manual_seed(0)
    return ProjectedDiscriminator(FrozenProjection(load_backbone(), "a 0"), ProjectedHeads())


@pytest.mark.parametrize("side", [32, 128])
def test_there_are_four_scales_of_64_channels_and_scores_of_each(
    judge: ProjectedDiscriminator, side: int
) -> None:
    features = judge.projection(pictures(side))
    assert [f.shape[1] for f in features] == [64] * 4
    assert [f.shape[-1] for f in features] == [side // scale for scale in (4, 8, 16, 32)]
    assert [s.shape[:2] for s in judge.heads(features)] == [(2, 1)] * 4


def test_gradients_pass_through_the_frozen_network_and_leave_it_alone(
    judge: ProjectedDiscriminator,
) -> None:
    x = pictures(32).requires_grad_(True)
    scores = judge.heads(judge.projection(x))
    torch.autograd.backward(torch.stack([s.mean() for s in scores]).sum())
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert not list(judge.projection.parameters())
    assert all(p.grad is not None for p in judge.heads.parameters())


def test_the_seed_decides_the_projection_and_nothing_of_it_is_saved() -> None:
    backbone = load_backbone()
    first, same, other = (FrozenProjection(backbone, s)(pictures(32)) for s in ("a", "a", "b"))
    assert all(torch.equal(x, y) for x, y in zip(first, same, strict=True))
    assert not any(torch.allclose(x, y) for x, y in zip(first, other, strict=True))
    assert FrozenProjection(backbone, "a").state_dict() == {}
    assert not any("backbone" in key for key in ProjectedHeads().state_dict())


def test_coarse_scales_are_mixed_into_the_fine_ones(judge: ProjectedDiscriminator) -> None:
    """What only a coarse feature sees reaches the finest scale: far corners do."""
    x = pictures(128)
    moved = x.clone()
    moved[..., :8, :8] += 1.0
    change = judge.projection(moved)[0] - judge.projection(x)[0]
    assert change[..., -8:, -8:].abs().max() > 0


def test_missing_packages_are_named_with_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(MissingExtraError, match="evaluate"):
        load_backbone()
