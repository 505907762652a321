"""The networks that a training configuration asks for."""

from mediatrans.training.config import TrainConfig
from mediatrans.training.model.colour_maps import ColourMapGenerator
from mediatrans.training.model.networks import (
    DiscriminatorConfig,
    GeneratorConfig,
    ResnetGenerator,
)

__all__ = ["build_generator", "discriminator_config", "generator_config"]


def generator_config(config: TrainConfig) -> GeneratorConfig:
    """The generators' share of a training configuration."""
    return GeneratorConfig(
        config.ngf,
        config.blocks,
        config.upsample,
        config.separable,
        config.tone_skip,
        config.head,
        config.texture,
    )


def discriminator_config(config: TrainConfig) -> DiscriminatorConfig:
    """The discriminators' share of a training configuration."""
    return DiscriminatorConfig(config.ndf, config.n_layers, config.label_classes)


def build_generator(config: GeneratorConfig) -> ResnetGenerator:
    """A generator with random weights."""
    return ResnetGenerator(config) if config.head == "direct" else ColourMapGenerator(config)
