"""The head of local colour maps."""

from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from mediatrans.training.model.colour_maps import (
    MAP_CHANNELS,
    ColourMapGenerator,
    apply_colour_map,
)
from mediatrans.training.model.networks import GeneratorConfig, Head, Texture, Upsample
from mediatrans.zoo.graph import MAP_REACH

CONFIG = GeneratorConfig(4, 1, "resize", head="colour_maps")
IDENTITY = torch.eye(3, 4).reshape(1, MAP_CHANNELS, 1, 1)


def pictures(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def learned(config: GeneratorConfig) -> ColourMapGenerator:
    """A generator whose last layers do not make zeros any more."""
    generator = ColourMapGenerator(config)
    for layer in (generator.colour_head[-1], *generator.decoder[-1:]):
        assert isinstance(layer, nn.Conv2d)
        nn.init.normal_(layer.weight)
    return generator


@pytest.mark.parametrize("texture", get_args(Texture))
@pytest.mark.parametrize(("head", "cell"), [("colour_maps", 4), ("fine_colour_maps", 2)])
@pytest.mark.parametrize("upsample", get_args(Upsample))
def test_a_new_generator_changes_nothing(
    upsample: Upsample, head: Head, cell: int, texture: Texture
) -> None:
    config = GeneratorConfig(4, 1, upsample, head=head, texture=texture)
    x = pictures(2, 3, 16, 20)
    made = ColourMapGenerator(config).recolour(x)
    assert torch.equal(made.map, IDENTITY.expand(2, -1, 16 // cell, 20 // cell))
    assert (made.texture is None) == (texture == "none")
    assert made.texture is None or not made.texture.any()
    torch.testing.assert_close(made.picture, x, atol=1e-5, rtol=0)


@pytest.mark.parametrize("texture", ["colour", "grey"])
def test_a_grey_texture_is_the_same_for_all_channels(texture: Texture) -> None:
    generator = learned(GeneratorConfig(4, 1, "resize", head="colour_maps", texture=texture))
    made = generator.recolour(pictures(1, 3, 16, 16)).texture
    assert made is not None
    assert made.abs().max() > 0
    assert torch.equal(made[:, :1].expand(-1, 3, -1, -1), made) == (texture == "grey")


def test_the_picture_is_what_map_and_texture_make_of_the_input() -> None:
    generator, x = learned(CONFIG), pictures(1, 3, 8, 12)
    made = generator.recolour(x)
    assert made.map.shape == (1, 12, 2, 3)
    assert made.texture is not None
    assert made.texture.shape == x.shape
    assert made.texture.abs().max() <= 0.5
    assert torch.equal(generator(x), made.picture)
    assert torch.equal(made.picture, apply_colour_map(x, made.map, made.texture))
    assert made.picture.abs().max() <= 1 / MAP_REACH


@pytest.mark.parametrize("texture", get_args(Texture))
@pytest.mark.parametrize("head", ["colour_maps", "fine_colour_maps"])
def test_every_weight_is_used(head: Head, texture: Texture) -> None:
    generator = learned(GeneratorConfig(4, 1, "resize", head=head, texture=texture))
    torch.autograd.backward(generator(pictures(1, 3, 16, 16)).square().sum())
    assert all(p.grad is not None for p in generator.parameters())


@pytest.mark.parametrize("colour", [-1.0, 0.0, 1.0])
def test_a_picture_of_one_colour_has_no_border(colour: float) -> None:
    config = GeneratorConfig(8, 4, "resize", head="fine_colour_maps", texture="grey")
    flat = learned(config)(torch.full((1, 3, 48, 80), colour))
    spread = flat.amax((2, 3)) - flat.amin((2, 3))
    assert spread.max() < 1 / 127.5


def test_a_map_holds_factors_and_an_offset_for_each_colour() -> None:
    x = pictures(1, 3, 8, 8)
    rows = torch.tensor([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.1], [0.5, 0.0, 0.0, -0.2]])
    out = apply_colour_map(x, rows.reshape(1, 12, 1, 1).expand(1, 12, 2, 2))
    z = torch.atanh(MAP_REACH * x)
    expected = torch.stack((z[:, 1], 2 * z[:, 2] + 0.1, 0.5 * z[:, 0] - 0.2), dim=1)
    torch.testing.assert_close(out, torch.tanh(expected) / MAP_REACH)


def test_maps_are_enlarged_smoothly() -> None:
    dark, bright = IDENTITY.clone(), IDENTITY.clone()
    bright[:, 3::4] = 1.0
    out = apply_colour_map(torch.zeros(1, 3, 4, 8), torch.cat((dark, bright), dim=3))
    steps = out[0, 0, 0].diff()
    assert (steps >= 0).all()
    assert steps.max() < 0.5 * (out.max() - out.min())


def test_what_is_out_of_range_or_of_one_colour_has_finite_gradients() -> None:
    generator = ColourMapGenerator(CONFIG)
    for x in (3 * pictures(1, 3, 16, 16), torch.ones(1, 3, 16, 16), torch.zeros(1, 3, 16, 16)):
        x.requires_grad_(True)
        torch.autograd.backward(generator(generator(x)).sum())
        assert x.grad is not None
        assert torch.isfinite(x.grad).all()
    assert all(torch.isfinite(p.grad).all() for p in generator.parameters() if p.grad is not None)


@pytest.mark.parametrize("is_learned", [False, True])
def test_brightness_and_contrast_reach_the_maps_once_that_is_learned(is_learned: bool) -> None:
    generator = learned(CONFIG)
    if is_learned:
        nn.init.normal_(generator.statistics.weight)
    x = 0.2 * pictures(1, 3, 16, 16)
    dark, bright = (generator.recolour(x + offset).map for offset in (-0.4, 0.4))
    assert torch.allclose(dark, bright, atol=1e-2) != is_learned
