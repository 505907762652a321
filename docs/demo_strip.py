"""Draws the animated strip at the top of README: the demo's clip beside its translation.

python docs/demo_strip.py            # draws and translates the clip with the shipped pair
python docs/demo_strip.py demo/      # takes the clips that `mediatrans demo` has written there
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from PIL import Image

from mediatrans.cli.main import run

STRIP = Path(__file__).parent / "demo.webp"
SIDE = (400, 225)
EVERY = 3  # of 25 frames a second
MOST_BYTES = 1_500_000


def main() -> int:
    if len(sys.argv) > 1:
        return draw(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        return run(["demo", "-o", folder, "--overwrite"]) or draw(Path(folder))


def draw(demo: Path) -> int:
    """Write the strip, in the best quality that stays below the limit."""
    pairs = zip(frames(demo / "summer.mp4"), frames(demo / "winter.mp4"), strict=True)
    pictures = [Image.fromarray(np.hstack(pair)) for pair in pairs]
    for quality in range(80, 10, -10):
        pictures[0].save(
            STRIP,
            save_all=True,
            append_images=pictures[1:],
            duration=EVERY * 1000 // 25,
            loop=0,
            quality=quality,
            method=6,
        )
        size = STRIP.stat().st_size
        if size < MOST_BYTES:
            print(f"{STRIP}: {len(pictures)} frames, {size / 1e6:.2f} MB, quality {quality}")
            return 0
    print(f"{STRIP}: {size / 1e6:.2f} MB is too large", file=sys.stderr)
    return 1


def frames(clip: Path) -> Iterator[np.ndarray]:
    """Some of a clip's frames, reduced."""
    with av.open(clip) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % EVERY == 0:
                yield np.asarray(frame.to_image().resize(SIDE, Image.Resampling.LANCZOS))


if __name__ == "__main__":
    sys.exit(main())
