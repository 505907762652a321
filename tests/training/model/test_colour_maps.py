"""The head of local colour maps."""

from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from mediatrans.training.model.colour_maps import (
    MAP_CHANNELS,
    ColourMapGenerator,
    apply_colour_map,
)
from mediatrans.training.model.networks import GeneratorConfig
from mediatrans.zoo.graph import MAP_REACH

CONFIG = GeneratorConfig(4, 1, "resize", head="colour_maps")
IDENTITY = torch.eye(3, 4).reshape(1, MAP_CHANNELS, 1, 1)


def pictures(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def quiet(generator: ColourMapGenerator) -> ColourMapGenerator:
    """Without its texture."""
    last = generator.decoder[-1]
    assert isinstance(last, nn.Conv2d)
    nn.init.zeros_(last.weight)
    return generator


def test_a_new_generator_changes_nothing_but_by_its_texture() -> None:
    x = pictures(2, 3, 16, 20)
    made = ColourMapGenerator(CONFIG).recolour(x)
    assert torch.equal(made.map, IDENTITY.expand(2, -1, 4, 5))
    assert made.texture is not None
    assert made.texture.abs().max() > 0
    torch.testing.assert_close(quiet(ColourMapGenerator(CONFIG))(x), x, atol=1e-5, rtol=0)


def test_the_picture_is_what_map_and_texture_make_of_the_input() -> None:
    generator, x = ColourMapGenerator(CONFIG), pictures(1, 3, 8, 12)
    head = generator.colour_head[-1]
    assert isinstance(head, nn.Conv2d)
    nn.init.normal_(head.weight)
    made = generator.recolour(x)
    assert made.map.shape == (1, 12, 2, 3)
    assert made.texture is not None
    assert made.texture.shape == x.shape
    assert made.texture.abs().max() <= 0.5
    assert torch.equal(generator(x), made.picture)
    assert torch.equal(made.picture, apply_colour_map(x, made.map, made.texture))
    assert made.picture.abs().max() <= 1 / MAP_REACH


@pytest.mark.parametrize("texture", [False, True])
@pytest.mark.parametrize("upsample", ["transpose", "resize"])
def test_fine_maps_are_read_at_half_the_size(
    texture: bool, upsample: Literal["transpose", "resize"]
) -> None:
    config = GeneratorConfig(4, 1, upsample, head="fine_colour_maps", texture=texture)
    generator, x = ColourMapGenerator(config), pictures(2, 3, 16, 20)
    made = generator.recolour(x)
    assert torch.equal(made.map, IDENTITY.expand(2, -1, 8, 10))
    assert (made.texture is not None) == texture
    if not texture:
        torch.testing.assert_close(made.picture, x, atol=1e-5, rtol=0)


@pytest.mark.parametrize("head", ["colour_maps", "fine_colour_maps"])
def test_without_a_texture_every_weight_is_used(
    head: Literal["colour_maps", "fine_colour_maps"],
) -> None:
    generator = ColourMapGenerator(GeneratorConfig(4, 1, "resize", head=head, texture=False))
    last = generator.colour_head[-1]
    assert isinstance(last, nn.Conv2d)
    nn.init.normal_(last.weight)
    torch.autograd.backward(generator(pictures(1, 3, 16, 16)).square().sum())
    assert all(p.grad is not None for p in generator.parameters())


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


@pytest.mark.parametrize("learned", [False, True])
def test_brightness_and_contrast_reach_the_maps_once_that_is_learned(learned: bool) -> None:
    generator = quiet(ColourMapGenerator(CONFIG))
    head = generator.colour_head[-1]
    assert isinstance(head, nn.Conv2d)
    nn.init.normal_(head.weight)
    if learned:
        nn.init.normal_(generator.statistics.weight)
    x = 0.2 * pictures(1, 3, 16, 16)
    dark, bright = (generator.recolour(x + offset).map for offset in (-0.4, 0.4))
    assert torch.allclose(dark, bright, atol=1e-2) != learned
