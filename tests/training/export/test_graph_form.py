"""The form in which generators are exported computes what the generators compute."""

import pytest
import torch
from torch import nn

from mediatrans.training.export.exporter import picture_network
from mediatrans.training.export.graph_form import (
    ColourMapGraph,
    EnlargingConvolution,
    subpixel_convolution,
    with_subpixel_output,
)
from mediatrans.training.model.building import build_generator
from mediatrans.training.model.colour_maps import ColourMapGenerator
from mediatrans.training.model.networks import GeneratorConfig, Head, Texture, Upsample


@pytest.mark.parametrize(("channels", "block", "bias"), [(1, 4, True), (3, 2, False), (3, 4, True)])
def test_squares_of_pixels_are_what_the_convolution_draws(
    channels: int, block: int, bias: bool
) -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(5, channels, 7, bias=bias)
    x = torch.randn(2, 5, 8 + 6, 12 + 6)
    torch.testing.assert_close(subpixel_convolution(convolution, block)(x), convolution(x))


@pytest.mark.parametrize("size", [(3, 3), (4, 7), (9, 5)])
def test_an_enlarging_convolution_is_exact_up_to_the_border(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(4, 3, 3)
    enlarged = nn.Upsample(scale_factor=2, mode="bilinear")
    expected = nn.Sequential(enlarged, nn.ReflectionPad2d(1), convolution)
    x = torch.randn(2, 4, *size)
    torch.testing.assert_close(EnlargingConvolution(convolution)(x), expected(x))


@pytest.mark.parametrize("upsample", ["transpose", "resize", "smooth"])
@pytest.mark.parametrize(
    ("head", "texture"),
    [
        ("direct", "colour"),
        ("colour_maps", "colour"),
        ("colour_maps", "grey"),
        ("colour_maps", "none"),
        ("fine_colour_maps", "grey"),
    ],
)
@torch.no_grad()
def test_every_kind_of_generator_keeps_its_outputs(
    upsample: Upsample, head: Head, texture: Texture
) -> None:
    torch.manual_seed(0)
    config = GeneratorConfig(4, 1, upsample, head=head, texture=texture)
    generator = build_generator(config).eval()
    for weights in generator.parameters():  # the last layers begin with zeros
        weights.add_(torch.randn_like(weights), alpha=0.1)
    form = with_subpixel_output(generator)
    for size in ((8, 8), (24, 16)):
        images = torch.randint(0, 256, (2, *size, 3), dtype=torch.uint8)
        if isinstance(form, ColourMapGenerator):
            made = ColourMapGraph(form)(images)
        else:
            made = (picture_network(form)(images),)
        expected = picture_network(generator)(images)
        picture, *more = expected if isinstance(expected, tuple) else (expected,)
        assert (made[0].int() - picture.int()).abs().max() <= 1
        assert made[0].float().std() > 1
        assert len(made) == 1 + len(more)
        for mine, theirs in zip(made[1:], more, strict=True):
            torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-4)


def test_the_generator_itself_is_left_alone() -> None:
    config = GeneratorConfig(4, 1, "smooth", head="colour_maps", texture="grey")
    generator = build_generator(config)
    names = list(generator.state_dict())
    form = with_subpixel_output(generator)
    assert list(generator.state_dict()) == names
    assert not any(isinstance(part, nn.Upsample) for part in form.decoder[1:])
