"""A run small enough for a test: its pictures, its folders, its configuration."""

from pathlib import Path

import numpy as np
from PIL import Image

from mediatrans.training.config import TrainConfig
from mediatrans.training.data.folders import Folders

TINY = TrainConfig(
    steps=8,
    ngf=4,
    ndf=4,
    blocks=1,
    n_layers=2,
    size=16,
    load_size=20,
    pool_size=2,
    ema=0.9,
    checkpoint_every=3,
    sample_every=0,
    workers=0,
    compile="off",
    device="cpu",
    hold_out="never",
)

TINY_FLAGS = (
    "--steps 8 --ngf 4 --ndf 4 --blocks 1 --n-layers 2 --size 16 --load-size 20 --pool-size 2 "
    "--ema 0.9 --checkpoint-every 3 --sample-every 0 --workers 0 --device cpu --hold-out never"
).split()


def write_pictures(folder: Path, count: int, tint: int, side: int = 24) -> Path:
    """Noise of one tint, as many files as asked, one of them in a nested folder."""
    random = np.random.default_rng(tint)
    for index in range(count):
        pixels = random.integers(0, 128, (side, side + 4, 3), dtype=np.uint8)
        pixels[..., tint % 3] += 127
        place = folder / "nested" if index == 0 else folder
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{index:02d}.png")
    return folder


def write_domains(root: Path, count: int = 5) -> Folders:
    """Two folders of pictures, red/ and blue/."""
    return Folders(
        domains=("red", "blue"),
        train_a=write_pictures(root / "red", count, 0),
        train_b=write_pictures(root / "blue", count - 1, 2),
    )
