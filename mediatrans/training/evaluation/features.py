"""Feature networks: the features of pictures by networks trained on photographs."""

import importlib.util
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mediatrans.errors import InputError, UsageError
from mediatrans.media.frames import Pixels
from mediatrans.training.model.efficientnet_lite import (
    EFFICIENTNET_LITE,
    load_efficientnet_lite,
)

__all__ = [
    "FEATURE_NETWORKS",
    "FeatureNetwork",
    "choose_networks",
    "load_feature_network",
]

_INCEPTION_WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"


@dataclass(frozen=True, slots=True)
class FeatureNetwork:
    """A network whose features measure how similar pictures are, in evaluation mode.

    Attributes:
        name: Stands beside every figure: those of different networks cannot be compared.
        module: uint8 [N, 3, side, side] RGB -> float [N, dimensions].
        dimensions: Number of features per picture.
        side: Pixels a side that pictures are scaled to, their proportions given up.
        device: Where the module is.
    """

    name: str
    module: nn.Module
    dimensions: int
    side: int
    device: torch.device

    @torch.no_grad()
    def __call__(self, pictures: Sequence[Pixels]) -> NDArray[np.float64]:
        """Features of pictures of any size.

        Args:
            pictures: uint8 [H, W, 3] RGB each.

        Returns:
            [N, dimensions].
        """
        scaled = np.stack([_scaled(picture, self.side) for picture in pictures])
        batch = torch.from_numpy(scaled).permute(0, 3, 1, 2).to(self.device)
        features: NDArray[np.float64] = self.module(batch).cpu().numpy().astype(np.float64)
        return features


def choose_networks(choices: Sequence[str], trained_with: Collection[str]) -> tuple[str, ...]:
    """The names of the networks that judge a pair, each once, in the order they were asked for.

    Args:
        choices: Names in `FEATURE_NETWORKS`, or "auto": Inception where its weights are on this
            machine, else EfficientNet-Lite0, else, where the pair was trained with that,
            EfficientNet-Lite2.
        trained_with: The networks that the pair was trained with.

    Raises:
        UsageError: The pair was trained with all of them.
    """
    names = dict.fromkeys(
        _automatic(trained_with) if choice == "auto" else choice for choice in choices
    )
    if all(name in trained_with for name in names):
        others = [name for name in FEATURE_NETWORKS if name not in trained_with]
        raise UsageError(
            f"the pair was trained with {' and '.join(names)}, which cannot judge it",
            remedy=f"name another with --features: {', '.join(others)}",
        )
    return tuple(names)


def load_feature_network(name: str, device: torch.device) -> FeatureNetwork:
    """Load a feature network whose weights are on this machine; nothing is downloaded.

    Args:
        name: A name in `FEATURE_NETWORKS`.
        device: Where to compute.

    Raises:
        MissingExtraError: The packages of the extra are not installed.
        UsageError: Inception was asked for without torch-fidelity.
        InputError: Inception's weights are not here.
    """
    return FEATURE_NETWORKS[name](device)


def _automatic(trained_with: Collection[str]) -> str:
    is_here = _inception_file().is_file() and importlib.util.find_spec("torch_fidelity")
    first = ["inception"] if is_here else []
    candidates = [*first, "efficientnet-lite0", "efficientnet-lite2"]
    return next((name for name in candidates if name not in trained_with), candidates[-1])


class _EfficientNetLiteFeatures(nn.Module):
    """The pooled features of an EfficientNet-Lite."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        """uint8 [N, 3, side, side] -> [N, 1280]."""
        # The network was trained on (x - 127) / 128, not on the usual means of ImageNet.
        scaled = (pictures.float() - 127.0) / 128.0
        maps: Tensor = self.network.extract_features(scaled)  # type: ignore[operator]
        return maps.mean(dim=(2, 3))


class _InceptionFeatures(nn.Module):
    """The 2048 pooled features of the Inception that KID and FID were published with."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        """uint8 [N, 3, 299, 299] -> [N, 2048]."""
        (features,) = self.network(pictures)
        assert isinstance(features, Tensor)
        return features


def _load_efficientnet_lite(name: str, device: torch.device) -> FeatureNetwork:
    module = _EfficientNetLiteFeatures(load_efficientnet_lite(name)).eval().to(device)
    return FeatureNetwork(name, module, 1280, EFFICIENTNET_LITE[name].side, device)


def _load_inception(device: torch.device) -> FeatureNetwork:
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ModuleNotFoundError as error:
        raise UsageError(
            f"Inception needs {error.name}, which is not installed",
            remedy="pip install torch-fidelity, or take --features efficientnet-lite2",
        ) from error
    weights = _inception_file()
    if not weights.is_file():
        raise InputError(
            "Inception's weights are not here",
            path=weights,
            remedy="download them with torch-fidelity, or take --features efficientnet-lite2",
        )
    network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], str(weights))
    module = _InceptionFeatures(network).eval().to(device)
    return FeatureNetwork("inception", module, 2048, 299, device)


FEATURE_NETWORKS: dict[str, Callable[[torch.device], FeatureNetwork]] = {
    "inception": _load_inception,
    **{name: partial(_load_efficientnet_lite, name) for name in EFFICIENTNET_LITE},
}
"""The feature networks by name: Inception is torch-fidelity's, the others come with the extra
`evaluate`."""


def _inception_file() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / _INCEPTION_WEIGHTS


def _scaled(picture: Pixels, side: int) -> Pixels:
    # Area averaging: a reduction that aliases changes such figures (Parmar et al. 2022).
    shrinks = min(picture.shape[:2]) >= side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(picture, (side, side), interpolation=method).astype(np.uint8, copy=False)
