"""Discriminators of layout: they see what colour each class has, and no texture."""

import torch
from torch import Tensor

from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.training.model.label_channels import beside, one_hot
from mediatrans.training.model.layout import LayoutDiscriminator
from mediatrans.training.model.objective import Objective
from tests.training.model.test_label_channels import CONFIG, CPU, labels, pictures
from tests.training.tiny import TINY

COLOURS = torch.tensor(((-0.8, 0.4, -0.8), (0.5, 0.5, 0.5), (-0.6, -0.3, 0.8)))


def painted(numbers: Tensor) -> Tensor:
    """A picture [N, 3, H, W] in which each of three classes has its colour."""
    return COLOURS[numbers.long()].permute(0, 3, 1, 2)


def test_it_learns_the_colour_of_a_class_under_any_texture() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = LayoutDiscriminator(3)
        objective = Objective(TINY, CPU)
        adam = torch.optim.Adam(network.parameters(), 0.002)
        for step in range(120):
            known = labels(step, 4)
            channels = one_hot(known, 3)
            # The false ones are real ones with the colours of other classes.
            real, fake = beside(painted(known), channels), beside(painted(2 - known), channels)
            loss = objective.of_discriminator(network, real, fake)
            adam.zero_grad()
            torch.autograd.backward(loss)
            adam.step()
    assert loss.item() < 0.1
    network.eval()  # the spectral norm goes on estimating otherwise
    known = labels(999, 4)
    channels = one_hot(known, 3)
    weave = 0.3 * (torch.arange(32) % 2 * 2 - 1).expand(4, 3, 32, 32)
    plain = network(painted(known), channels)
    assert torch.allclose(network(painted(known) + weave, channels), plain, atol=1e-4)
    assert network(painted(2 - known), channels).mean() < plain.mean() - 0.3


def test_generators_follow_it_and_its_losses_are_told() -> None:
    config = CONFIG.updated({"lambda_layout": 2.0}, "the test")
    with_layout, without = CycleGAN(config, CPU), CycleGAN(CONFIG, CPU)
    both = labels(0), labels(1)
    told = with_layout.step(pictures(0), pictures(1), labels=both)
    assert min(told.layout_g, told.layout_f, told.l_a, told.l_b) > 0
    untold = without.step(pictures(0), pictures(1), labels=both)
    assert untold.layout_g == untold.l_b == 0
    pairs = zip(with_layout.F.parameters(), without.F.parameters(), strict=True)
    assert not all(torch.equal(one, other) for one, other in pairs)


def test_with_other_classes_it_begins_anew_and_with_the_same_goes_on() -> None:
    config = CONFIG.updated({"lambda_layout": 2.0}, "the test")
    before = CycleGAN(config, CPU)
    before.step(pictures(0), pictures(1), labels=(labels(0), labels(1)))
    learned = before.networks()["L_A"].state_dict()
    for classes, goes_on in ((3, True), (5, False)):
        model = CycleGAN(config.updated({"label_classes": classes}, "the test"), CPU)
        model.begin_with(before.state_dict())
        begun = model.networks()["L_A"].state_dict()
        assert all(torch.equal(begun[k], v) for k, v in learned.items()) is goes_on
        heads = model.networks()["P_A"].state_dict()
        kept = before.networks()["P_A"].state_dict()
        of_labels = [key for key in heads if key.startswith("labels")]
        assert all(torch.equal(heads[k], kept[k]) for k in of_labels) is goes_on
        model.step(pictures(2), pictures(3), labels=(labels(2), labels(3)))


def test_a_run_without_it_is_where_one_with_it_begins() -> None:
    before = CycleGAN(CONFIG, CPU)
    before.step(pictures(0), pictures(1), labels=(labels(0), labels(1)))
    model = CycleGAN(CONFIG.updated({"lambda_layout": 2.0}, "the test"), CPU)
    model.begin_with(before.state_dict())
    assert torch.equal(model.D_A.labels.weight, before.D_A.labels.weight)
    model.load_state_dict(model.state_dict())
    assert model.step(pictures(2), pictures(3), labels=(labels(2), labels(3))).l_a > 0
