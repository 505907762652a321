"""The classifier of a pair's two domains: a small convolutional network, and its training."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

__all__ = ["DomainNetwork", "train_domain_network"]

_STEPS = 400
_BATCH = 16
_CROP = 112
_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 1e-2
_BRIGHTNESS = 0.1
_NOISE = 0.03


class DomainNetwork(nn.Module):
    """Convolutions whose output is one logit for each patch of 16 x 16 pixels.

    A patch is judged by the 63 x 63 pixels around it, as a PatchGAN discriminator does (Isola et
    al., CVPR 2017). Positive logits are domain b.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 24, 40, 64, 80)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(
            *layers,
            nn.Conv2d(widths[-1], widths[-1], 3, padding=1, bias=False),
            nn.BatchNorm2d(widths[-1]),
            nn.ReLU(),
            nn.Dropout2d(0.2),
            nn.Conv2d(widths[-1], 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Float [N, 3, H, W] in [-1, 1] -> logits [N, h, w]."""
        logits: Tensor = self.layers(x)[:, 0]
        return logits


def train_domain_network(
    a: Sequence[NDArray[np.uint8]],
    b: Sequence[NDArray[np.uint8]],
    *,
    seed: int = 0,
    most_steps: int = _STEPS,
) -> DomainNetwork:
    """Train a classifier on real pictures of both domains, on the CPU.

    The random numbers of the caller are left as they were.

    Args:
        a: Pictures of domain a, uint8 [H, W, 3] RGB, with a shorter side of 112 or more pixels.
        b: Pictures of domain b.
        seed: Of the weights and of the order of the pictures.
        most_steps: Steps at most; 400 are enough for a thousand pictures.

    Returns:
        The network, in evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        network = DomainNetwork().train()
        steps = min(most_steps, _STEPS)
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, _LEARNING_RATE, total_steps=max(2, steps)
        )
        half = _BATCH // 2
        is_b = torch.cat([torch.zeros(half), torch.ones(half)])
        for _ in range(steps):
            crops = [_crop(pictures, random) for pictures in (a, b) for _ in range(half)]
            batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 127.5 - 1
            logits = network(_varied(batch))
            target = is_b[:, None, None].expand_as(logits)
            loss = binary_cross_entropy_with_logits(logits, target)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        return network.eval()


def _crop(pictures: Sequence[NDArray[np.uint8]], random: np.random.Generator) -> NDArray[np.uint8]:
    """A square of a random picture, perhaps mirrored."""
    picture = pictures[int(random.integers(len(pictures)))]
    top, left = (int(random.integers(0, side - _CROP + 1)) for side in picture.shape[:2])
    crop = picture[top : top + _CROP, left : left + _CROP]
    return np.ascontiguousarray(crop[:, ::-1] if random.random() < 0.5 else crop)


def _varied(batch: Tensor) -> Tensor:
    """The batch a little lighter or darker, and with a little noise."""
    shift = (torch.rand(len(batch), 1, 1, 1) * 2 - 1) * 2 * _BRIGHTNESS
    return batch + shift + torch.randn_like(batch) * 2 * _NOISE * torch.rand(len(batch), 1, 1, 1)
