"""What a run costs, said before it starts."""

from collections.abc import Callable

import torch
from torch import nn

from mediatrans.training.config import TrainConfig
from mediatrans.training.model.building import (
    build_generator,
    discriminator_config,
    generator_config,
)
from mediatrans.training.model.networks import (
    PatchDiscriminator,
    giga_macs,
    parameter_count,
)

__all__ = ["describe_cost"]


def describe_cost(config: TrainConfig) -> list[str]:
    """A line each for a generator and a discriminator: parameters, GMACs at the training size."""
    generator, discriminator = generator_config(config), discriminator_config(config)
    builders: tuple[tuple[str, Callable[[], nn.Module]], ...] = (
        ("generator", lambda: build_generator(generator)),
        ("discriminator", lambda: PatchDiscriminator(discriminator)),
    )
    lines = []
    for name, build in builders:
        with torch.device("meta"):
            count = parameter_count(build())
        macs = giga_macs(build, config.size)
        lines.append(f"each {name}: {count:,} parameters, {macs:.3g} GMACs at {config.size} px")
    return lines
