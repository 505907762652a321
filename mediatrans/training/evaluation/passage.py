"""One domain's pictures, translated there and back, and what networks see in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mediatrans.media.frames import Pixels
from mediatrans.quality.cycle import CycleFigures, Translate, compare
from mediatrans.training.evaluation.baselines import ColourTransfer
from mediatrans.training.evaluation.features import FeatureNetwork
from mediatrans.training.evaluation.texture import TextureNetwork

__all__ = ["Passage", "Views", "translate_all"]

Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Views:
    """What one network sees; the rows of all three belong to the same pictures.

    Attributes:
        real: Features [n, d] of the pictures.
        translated: Of their translations.
        colour_transfer: Of the pictures with the colours of the other domain.
    """

    real: Features
    translated: Features
    colour_transfer: Features


@dataclass(frozen=True, slots=True)
class Passage:
    """The pictures of a domain after their round trip.

    Attributes:
        cycle: The round trip of each picture.
        views: What each feature network sees.
        texture: What the texture network sees, or None.
    """

    cycle: list[CycleFigures]
    views: tuple[Views, ...]
    texture: Views | None


def translate_all(
    pictures: Iterable[Pixels],
    translators: tuple[Translate, Translate],
    colour_transfer: ColourTransfer,
    networks: Sequence[FeatureNetwork],
    texture: TextureNetwork | None,
) -> Passage:
    """Translate pictures there and back, one after the other.

    Args:
        pictures: uint8 [H, W, 3] RGB each; gone through once.
        translators: There, and back.
        colour_transfer: Towards the colours of the other domain.
        networks: The feature networks.
        texture: The texture network, or None.

    Raises:
        InputError: A translator fails on a picture.
    """
    there, back = translators
    cycle: list[CycleFigures] = []
    seen: list[list[Features]] = [[] for _ in networks]
    textures: list[Features] = []
    for index, picture in enumerate(pictures):
        translated = there(picture)
        cycle.append(compare(picture, back(translated)))
        three = [picture, translated, colour_transfer(picture, index)]
        for features, network in zip(seen, networks, strict=True):
            features.append(network(three))
        if texture is not None:
            textures.append(np.stack([texture(one) for one in three]))
    return Passage(
        cycle,
        tuple(
            _views(features, network.dimensions)
            for features, network in zip(seen, networks, strict=True)
        ),
        None if texture is None else _views(textures, texture.dimensions),
    )


def _views(features: list[Features], dimensions: int) -> Views:
    rows = np.array(features).reshape(len(features), 3, dimensions)
    return Views(rows[:, 0], rows[:, 1], rows[:, 2])
