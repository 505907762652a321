"""Pictures that look a little like photographs: smooth at all scales, with some hard borders."""

import cv2
import numpy as np

from mediatrans.media.frames import Pixels


def scene(seed: int, width: int = 240, height: int = 180) -> Pixels:
    """A picture of clouds of several sizes and a few discs, uint8 [height, width, 3]."""
    random = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128.0, np.float32)
    for cells, strength in ((3, 60), (8, 30), (25, 15), (80, 8)):
        shape = cells * height // width + 2, cells + 2, 3
        cloud = random.normal(0, strength, shape).astype(np.float32)
        picture += cv2.resize(cloud, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(6):
        centre = int(random.integers(0, width)), int(random.integers(0, height))
        colour = random.uniform(20, 235, 3).tolist()
        cv2.circle(picture, centre, int(random.integers(8, 40)), colour, -1)
    return picture.clip(0, 255).astype(np.uint8)


def with_object(picture: Pixels, seed: int, share: float = 0.25) -> Pixels:
    """The picture with a disc of another scene, as wide as a share of the shorter side."""
    random = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    side = round(share * min(height, width))
    other = scene(seed + 100_000, width, height)
    (top, left), (from_top, from_left) = (
        (int(random.integers(0, height - side)), int(random.integers(0, width - side)))
        for _ in range(2)
    )
    disc = np.zeros((side, side), np.uint8)
    cv2.circle(disc, (side // 2, side // 2), side // 2, 1, -1)
    pasted = picture.copy()
    part = other[from_top : from_top + side, from_left : from_left + side]
    pasted[top : top + side, left : left + side][disc > 0] = part[disc > 0]
    return pasted
