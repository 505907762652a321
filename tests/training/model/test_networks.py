"""The generators and discriminators: shapes, parameters and initial values."""

from typing import get_args

import pytest
import torch
from torch import nn

from mediatrans.training.model.networks import (
    DiscriminatorConfig,
    GeneratorConfig,
    InstanceNorm,
    PatchDiscriminator,
    ReflectionPad,
    ResnetGenerator,
    Upsample,
    giga_macs,
    parameter_count,
)


def test_the_papers_generator_has_the_known_number_of_parameters() -> None:
    with torch.device("meta"):
        assert parameter_count(ResnetGenerator(GeneratorConfig())) == 11_378_179
        assert parameter_count(ResnetGenerator(GeneratorConfig(blocks=6))) == 7_837_699


def test_the_papers_discriminator_has_the_known_number_of_parameters() -> None:
    with torch.device("meta"):
        assert parameter_count(PatchDiscriminator(DiscriminatorConfig())) == 2_764_737


@pytest.mark.parametrize("upsample", get_args(Upsample))
@pytest.mark.parametrize("extra", [False, True])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 28)])
def test_a_generator_keeps_the_size_and_stays_in_range(
    upsample: Upsample, extra: bool, height: int, width: int
) -> None:
    config = GeneratorConfig(4, 1, upsample, separable=extra, tone_skip=extra)
    out = ResnetGenerator(config)(torch.randn(2, 3, height, width))
    assert out.shape == (2, 3, height, width)
    assert out.abs().max() <= 1


def test_separable_blocks_are_smaller() -> None:
    plain, separable = (
        parameter_count(ResnetGenerator(GeneratorConfig(16, 6, separable=on)))
        for on in (False, True)
    )
    assert separable < plain / 3


@pytest.mark.parametrize("tone_skip", [False, True])
def test_a_tone_skip_carries_brightness_and_contrast(tone_skip: bool) -> None:
    generator = ResnetGenerator(GeneratorConfig(4, 1, tone_skip=tone_skip))
    x = 0.2 * torch.randn(1, 3, 16, 16)
    dark, bright, flat = (generator(picture) for picture in (x - 0.4, x + 0.4, 0.5 * x - 0.4))
    assert ((bright - dark).mean() > 0.4) == tone_skip
    assert torch.allclose(dark, bright, atol=1e-3) != tone_skip
    if generator.tone is not None:
        nn.init.ones_(generator.tone.scale_and_shift.weight[:3, 3:])
        assert generator(x - 0.4).std() > 1.1 * flat.std()


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70)])
def test_the_receptive_field_of_a_patch(layers: int, field: int) -> None:
    """Measured: how far the gradient of one score reaches into the picture."""
    network = PatchDiscriminator(DiscriminatorConfig(4, layers))
    # Instance norm ties every position to all others; without it the field is the patch.
    for name, module in network.body.named_children():
        if isinstance(module, torch.nn.InstanceNorm2d):
            setattr(network.body, name, torch.nn.Identity())
    picture = torch.randn(1, 3, 160, 160, requires_grad=True)
    scores = network(picture)
    row, column = scores.shape[2] // 2, scores.shape[3] // 2
    scores[0, 0, row, column].backward()
    assert picture.grad is not None
    reached = picture.grad.abs().sum((0, 1)) > 0
    rows, columns = reached.any(1).nonzero(), reached.any(0).nonzero()
    assert int(rows[-1] - rows[0]) + 1 == field
    assert int(columns[-1] - columns[0]) + 1 == field


def test_a_discriminator_scores_down_to_its_smallest_input() -> None:
    config = DiscriminatorConfig(4, 3)
    side = config.smallest_input
    assert PatchDiscriminator(config)(torch.randn(1, 3, side, side)).shape == (1, 1, 1, 1)
    with pytest.raises(ValueError, match="spatial"):
        PatchDiscriminator(config)(torch.randn(1, 3, side - 8, side - 8))


def test_giga_macs_counts_the_convolutions() -> None:
    def one_convolution() -> torch.nn.Module:
        return torch.nn.Conv2d(3, 8, 3, padding=1)

    assert giga_macs(one_convolution, 10) == pytest.approx(3 * 8 * 9 * 100 / 1e9)


def test_samples_of_a_batch_do_not_influence_each_other() -> None:
    network = ResnetGenerator(GeneratorConfig(4, 1))
    first, second = torch.randn(2, 1, 3, 16, 16)
    together = network(torch.cat((first, second)))
    torch.testing.assert_close(together[:1], network(first))


@pytest.mark.parametrize("shape", [(1, 4, 8, 12), (3, 2, 5, 5)])
def test_instance_norm_gives_the_same_in_both_layouts(shape: tuple[int, ...]) -> None:
    x = torch.rand(shape) * 3 + 1
    expected = nn.InstanceNorm2d(shape[1])(x)
    last = InstanceNorm(shape[1])(x.contiguous(memory_format=torch.channels_last))
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(last, expected, atol=1e-5)
    assert torch.equal(InstanceNorm(shape[1])(x), expected)


def test_padding_keeps_the_number_format_of_its_input() -> None:
    x = torch.rand(1, 2, 4, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        padded = ReflectionPad(1)(x)
    assert padded.dtype == torch.bfloat16
    assert torch.equal(padded.float(), nn.ReflectionPad2d(1)(x.float()))
