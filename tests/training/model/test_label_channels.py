"""Discriminators that see label maps beside the pictures."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mediatrans.training.model.augmentation import augmented, draw_augmentation
from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.training.model.label_channels import apart, begin_with_weights, beside, one_hot
from mediatrans.training.model.losses import hinge_discriminator_loss
from mediatrans.training.model.networks import DiscriminatorConfig, PatchDiscriminator
from mediatrans.training.model.objective import Objective
from mediatrans.training.model.projected import ProjectedHeads
from tests.training.tiny import TINY

CPU = torch.device("cpu")
CONFIG = TINY.updated(
    {
        "label_classes": 3,
        "lambda_projected": 1.0,
        "diff_augment": True,
        "size": 32,
        "load_size": 32,
    },
    "the test",
)


def pictures(seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.rand(1, 3, 32, 32, generator=random) * 2 - 1


def labels(seed: int, count: int = 1) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    coarse = torch.randint(0, 3, (count, 4, 4), generator=random, dtype=torch.uint8)
    return coarse.repeat_interleave(8, 1).repeat_interleave(8, 2)


def test_numbers_that_are_no_class_are_in_no_channel() -> None:
    found = one_hot(torch.tensor([[[0, 2], [3, 255]]], dtype=torch.uint8), 3)
    assert found.shape == (1, 3, 2, 2)
    assert found[0, :, 0].T.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert found[0, :, 1].sum() == 0


def judged(seed: int, shows_labels: bool) -> float:
    """What a discriminator loses that learns whether a picture is as bright as its labels say."""
    torch.manual_seed(seed)
    network = PatchDiscriminator(DiscriminatorConfig(4, 2, 3 if shows_labels else 0))
    objective = Objective(TINY, CPU)
    adam = torch.optim.Adam(network.parameters(), 0.01)
    losses = []
    for step in range(80):
        real, other = labels(2 * step, 4), labels(2 * step + 1, 4)
        shown = (real[:, None].float() - 1).expand(-1, 3, -1, -1)
        # Real and false pictures are the same ones: only the labels tell them apart.
        right, wrong = (one_hot(x, 3) if shows_labels else None for x in (real, other))
        loss = objective.of_discriminator(network, beside(shown, right), beside(shown, wrong))
        adam.zero_grad()
        torch.autograd.backward(loss)
        adam.step()
        losses.append(loss.item())
    return sum(losses[-20:]) / 20


def test_a_discriminator_learns_whether_a_picture_fits_its_labels() -> None:
    with torch.random.fork_rng():
        blind, seeing = judged(0, False), judged(0, True)
    assert blind > 0.24  # a guess: half of the mean of (1/2)^2 for both
    assert seeing < 0.16


def test_heads_learn_whether_features_fit_their_labels() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        heads = ProjectedHeads(3)
        adam = torch.optim.Adam(heads.parameters(), 0.01)
        # Each class has its own features, at four scales; half of the labels are those of others.
        looks = torch.randn(3, 64)
        for step in range(12):
            known = one_hot(labels(step, 2), 3)
            features = [
                torch.einsum("nkhw,kc->nchw", functional.adaptive_avg_pool2d(known, side), looks)
                for side in (16, 8, 4, 4)
            ]
            right, wrong = heads(features, known), heads(features, known.roll(1, dims=1))
            loss = hinge_discriminator_loss(list(right), list(wrong))
            adam.zero_grad()
            torch.autograd.backward(loss)
            adam.step()
    assert loss.item() < 0.5 * hinge_discriminator_loss(list(right), list(right)).item()


def test_labels_are_moved_and_cut_with_the_picture_and_keep_their_values() -> None:
    channels = one_hot(labels(1), 3)
    by = draw_augmentation("test", 1, 32, 0, 0, CPU)
    moved_picture, moved = apart(augmented(beside(channels * 2 - 1, channels), by))
    assert moved is not None
    assert set(moved.flatten().tolist()) == {0.0, 1.0}
    assert torch.equal(moved.sum(1, keepdim=True), by.shown)
    brightest = moved_picture.argmax(1)[by.shown[:, 0] > 0]
    assert torch.equal(brightest, moved.argmax(1)[by.shown[:, 0] > 0])


def test_what_was_learned_without_labels_is_where_a_run_with_them_begins() -> None:
    before = CycleGAN(replace(CONFIG, label_classes=0), CPU)
    before.step(pictures(0), pictures(1))
    model = CycleGAN(CONFIG, CPU)
    model.begin_with(before.state_dict())
    shown, known = pictures(2), one_hot(labels(0), 3)
    for name in ("D_A", "D_B"):
        expected = before.networks()[name](shown)
        assert torch.equal(model.networks()[name](shown, known), expected)
    model.step(pictures(3), pictures(4), labels=(labels(3), labels(4)))
    assert not torch.equal(model.D_A(shown, known), model.D_A(shown, known.flip(1)))


def test_labels_of_other_classes_begin_anew_and_the_same_go_on() -> None:
    learned = PatchDiscriminator(DiscriminatorConfig(4, 2, 3))
    torch.nn.init.ones_(learned.labels.weight)
    for classes, expected in ((3, 1.0), (5, 0.0)):
        network = PatchDiscriminator(DiscriminatorConfig(4, 2, classes))
        begin_with_weights(network, learned.state_dict())
        assert torch.all(network.labels.weight == expected)
    plain = PatchDiscriminator(DiscriminatorConfig(4, 2))
    begin_with_weights(plain, learned.state_dict())
    first, other = (network.state_dict()["body.0.weight"] for network in (plain, learned))
    assert torch.equal(first, other)
    with pytest.raises(RuntimeError):
        begin_with_weights(PatchDiscriminator(DiscriminatorConfig(8, 2)), learned.state_dict())


def test_a_restored_model_with_labels_goes_on_bit_for_bit() -> None:
    model = CycleGAN(CONFIG, CPU)
    restored = CycleGAN(replace(CONFIG, seed=CONFIG.seed), CPU)
    for step in range(6):
        a, b, both = pictures(step), pictures(step + 9), (labels(step), labels(step + 9))
        losses = model.step(a, b, labels=both)
        if step >= 3:
            assert losses == restored.step(a, b, labels=both)
        if step == 2:
            restored.load_state_dict(copy.deepcopy(model.state_dict()))
    assert model.D_A.labels.weight.abs().sum() > 0
