"""Label maps as channels beside what the discriminators see (Richter et al. 2021)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["apart", "begin_with_weights", "beside", "label_convolution", "one_hot"]

_LABELS = "labels"
"""The name of a discriminator's layers that read label maps."""

_COLOURS = 3


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """A channel for each class: [N, H, W] of numbers -> float32 [N, classes, H, W].

    Pixels whose number is no class are 0 in all of them.
    """
    known = labels.long().clamp(max=classes)
    return functional.one_hot(known, classes + 1)[..., :classes].permute(0, 3, 1, 2).float()


def beside(pictures: Tensor, labels: Tensor | None) -> Tensor:
    """Pictures [N, 3, H, W] with the channels of their labels behind them, if there are any."""
    return pictures if labels is None else torch.cat((pictures, labels), dim=1)


def apart(channels: Tensor) -> tuple[Tensor, Tensor | None]:
    """The pictures and the labels of what `beside` made."""
    if channels.shape[1] == _COLOURS:
        return channels, None
    return channels[:, :_COLOURS], channels[:, _COLOURS:]


def label_convolution(classes: int, width: int, kernel: int, stride: int) -> nn.Conv2d:
    """A convolution of labels whose result is added to that of pictures: 0 at the beginning.

    Added results are those of one convolution of both, and a discriminator that was trained
    without labels begins as it was.
    """
    convolution = nn.Conv2d(classes, width, kernel, stride, (kernel - 1) // 2, bias=False)
    nn.init.zeros_(convolution.weight)
    return convolution


def begin_with_weights(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load the weights of another run's network; those for labels only if all of them fit.

    Raises:
        RuntimeError: It is of another architecture.
    """
    own, theirs = _of_labels(network.state_dict()), _of_labels(state)
    fits = {n: v.shape for n, v in own.items()} == {n: v.shape for n, v in theirs.items()}
    rest = {name: value for name, value in state.items() if name not in theirs}
    network.load_state_dict(rest | (theirs if fits else own))


def _of_labels(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in state.items() if name.split(".")[0] == _LABELS}
