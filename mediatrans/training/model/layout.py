"""Layout discriminators: what colour each class of a scene has, and nothing finer."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

__all__ = ["LayoutDiscriminator"]

_CELL = 8
_WIDTH = 64
_COLOURS = 3


class LayoutDiscriminator(nn.Module):
    """Judges the mean colours of cells of 8x8 px beside the shares of the classes in them.

    A PatchGAN tells translations by their texture, and what it says of colours is lost in that.
    Five cells across are seen at once.

    Args:
        classes: Of the label maps.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        # By this name a run with other classes begins it anew.
        self.labels = nn.Sequential(
            spectral_norm(nn.Conv2d(_COLOURS + classes, _WIDTH, 3, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(_WIDTH, _WIDTH, 1)),
            nn.LeakyReLU(0.2),
            nn.Conv2d(_WIDTH, 1, 1),
        )

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Judge pictures.

        Args:
            x: [N, 3, H, W] in [-1, 1].
            labels: A channel for each class, [N, classes, H, W].

        Returns:
            Unbounded scores of the cells, [N, 1, H / 8, W / 8].
        """
        cells = functional.avg_pool2d(torch.cat((x, labels), dim=1), _CELL)
        # Colours of a scene differ by a fifth of the range; a class is 0 or 1.
        scores: Tensor = self.labels(torch.cat((4 * cells[:, :3], 2 * cells[:, 3:]), dim=1))
        return scores
