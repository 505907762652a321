"""Label maps of road pictures, by a small network that learns from outlined pictures.

python train/summer2winter/label_roads.py roads/ train/summer2winter/outlines.json

Writes roads/trainA_labels and roads/trainB_labels, which `label_classes = 5` reads: 0 sky, 1 trees,
2 ground, 3 road, 4 anything else. The network is a few convolutions on the features of a frozen
EfficientNet-Lite0; prints what share of the pixels of outlined pictures that it did not learn from
it labels as they are outlined.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mediatrans.media.read.picture_reader import read_picture
from mediatrans.training.data.folders import find_pictures
from mediatrans.training.data.label_maps import label_folder
from mediatrans.training.model.efficientnet_lite import (
    LITE0_SCALES,
    lite0_features,
    load_efficientnet_lite,
)

CLASSES = ("sky", "trees", "ground", "road", "other")
SIDE = 256
VARIANTS, STEPS, BATCH, RATE = 6, 600, 8, 1e-3
KEPT_ONE_IN = 7


class Segmenter(nn.Module):
    """Classes of pixels from a frozen network's features at four scales, and from their place."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.scales = nn.ModuleList(nn.Conv2d(count, width, 1) for count in LITE0_SCALES.values())
        self.head = nn.Sequential(
            nn.ReLU(),
            nn.Dropout2d(0.1),
            nn.Conv2d(width + 2, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, len(CLASSES), 3, padding=1),
        )

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """What `features_of` gives -> unbounded scores [N, 5, H / 4, W / 4]."""
        size = features[0].shape[-2:]
        joined = sum(
            functional.interpolate(scale(feature.float()), size, mode="bilinear")
            for scale, feature in zip(self.scales, features, strict=True)
        )
        rows, columns = (torch.linspace(-1, 1, extent) for extent in size)
        place = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))
        scores: Tensor = self.head(torch.cat((joined, place.expand(len(joined), -1, -1, -1)), 1))
        return scores


@torch.no_grad()
def features_of(network: nn.Module, picture: NDArray[np.float32]) -> list[Tensor]:
    """The frozen network's features of a picture [H, W, 3] in [0, 255], at four scales."""
    x = torch.from_numpy(picture).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.autocast("cpu", torch.bfloat16):
        return [feature.bfloat16() for feature in lite0_features(network, x)]


def painted(
    outlines: list[tuple[str, list[list[float]]]], height: int, width: int
) -> NDArray[np.uint8]:
    """A label map: everything is trees, but for the outlines, later ones over earlier ones."""
    labels = np.full((height, width), CLASSES.index("trees"), np.uint8)
    for name, corners in outlines:
        cv2.fillPoly(labels, [np.round(corners).astype(np.int32)], CLASSES.index(name))
    return labels


def learn(
    network: nn.Module, pictures: list[NDArray[np.uint8]], maps: list[NDArray[np.uint8]]
) -> Segmenter:
    """A segmenter of outlined pictures, each in a few variants."""
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    drawn = [
        varied(*both, random) for both in zip(pictures, maps, strict=True) for _ in range(VARIANTS)
    ]
    features = [features_of(network, picture) for picture, _ in drawn]
    segmenter = Segmenter()
    adam = torch.optim.AdamW(segmenter.parameters(), RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, STEPS)
    for step in range(STEPS):
        chosen = random.choice(len(drawn), BATCH)
        scores = segmenter([torch.cat(s) for s in zip(*(features[i] for i in chosen), strict=True)])
        labels = torch.from_numpy(np.stack([drawn[i][1] for i in chosen])).long()
        loss = functional.cross_entropy(scores, labels, label_smoothing=0.05)
        adam.zero_grad()
        torch.autograd.backward(loss)
        adam.step()
        schedule.step()
        if step % 100 == 0:
            click.echo(f"step {step}: {loss.item():.3f}")
    return segmenter.eval()


def varied(
    picture: NDArray[np.uint8], labels: NDArray[np.uint8], random: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """A crop of a picture and, at a quarter of its size, of its map: mirrored, recoloured."""
    height, width = labels.shape
    side = round(min(height, width) * random.uniform(0.7, 1))
    top, left = random.integers(height - side + 1), random.integers(width - side + 1)
    place = np.s_[top : top + side, left : left + side]
    x = cv2.resize(picture[place], (SIDE, SIDE)).astype(np.float32)
    y = cv2.resize(labels[place], (SIDE // 4, SIDE // 4), interpolation=cv2.INTER_NEAREST)
    if random.random() < 0.5:
        x, y = x[:, ::-1], y[:, ::-1]
    grey = x.mean(2, keepdims=True)
    x = grey + (x - grey) * random.uniform(0.6, 1.4)
    x = (x - 128) * random.uniform(0.75, 1.25) + 128 + random.uniform(-30, 30)
    return np.ascontiguousarray(x.clip(0, 255), np.float32), np.ascontiguousarray(y)


@torch.no_grad()
def labelled(
    network: nn.Module, segmenter: Segmenter, picture: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The label map of a picture."""
    height, width = picture.shape[:2]
    x = cv2.resize(picture, (SIDE, SIDE)).astype(np.float32)
    scores = segmenter(features_of(network, x))
    whole = functional.interpolate(scores, (height, width), mode="bilinear")
    return whole[0].argmax(0).numpy().astype(np.uint8)


def main(root: Path, outlines: Path) -> None:
    """Learn from the outlined pictures, then label all of both domains."""
    drawn = json.loads(outlines.read_text())
    pictures = {name: read_picture(root / name).pixels for name in sorted(drawn)}
    maps = {name: painted(drawn[name], *pictures[name].shape[:2]) for name in pictures}
    kept = list(pictures)[::KEPT_ONE_IN]
    learned = [name for name in pictures if name not in kept]
    network = load_efficientnet_lite("efficientnet-lite0")
    segmenter = learn(network, [pictures[n] for n in learned], [maps[n] for n in learned])
    agreed = [(labelled(network, segmenter, pictures[name]), maps[name]) for name in kept]
    click.echo(
        f"{np.mean([np.mean(a == b) for a, b in agreed]):.3f} of the pixels of {len(kept)} kept"
    )
    for number, name in enumerate(CLASSES):
        both = sum(np.sum((a == number) & (b == number)) for a, b in agreed)
        either = sum(np.sum((a == number) | (b == number)) for a, b in agreed)
        click.echo(f"{name}: intersection over union {both / either:.2f}")
    known = {(root / name).resolve(): labels for name, labels in maps.items()}
    for domain in ("trainA", "trainB"):
        for name in find_pictures(root / domain):
            path = (label_folder(root / domain) / name).with_suffix(".png")
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = (root / domain / name).resolve()  # listed several times by links, it is one
            if picture not in known:
                known[picture] = labelled(network, segmenter, read_picture(picture).pixels)
            cv2.imwrite(str(path), known[picture])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
