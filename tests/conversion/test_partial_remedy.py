"""The failure of a damaged video names --keep-partial where it would keep something."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mediatrans import ConvertOptions, convert
from tests.media.clips import write_clip

TIMES = [40 * index for index in range(40)]


def cut(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])


def zero(path: Path, share: float) -> None:
    """Overwrite a piece in the middle of the file."""
    content = bytearray(path.read_bytes())
    first = round(share * len(content))
    content[first : first + len(content) // 8] = bytes(len(content) // 8)
    path.write_bytes(content)


def damaged(name: str) -> Path:
    path = Path(name)
    if path.suffix == ".gif":
        noise = np.random.default_rng(0)
        frames = [Image.fromarray(noise.integers(0, 255, (32, 48), np.uint8)) for _ in range(9)]
        frames[0].save(path, save_all=True, append_images=frames[1:])
    else:
        codec = "ffv1" if name == "broken.mkv" else "libx264"
        write_clip(path, TIMES, size=(48, 32), codec=codec)
    if name == "broken.mkv":
        zero(path, 0.6)
    else:
        cut(path, 0.02 if name == "stub.mkv" else 0.6)
    return path


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("cut.mkv", True),
        ("cut.avi", True),
        ("cut.gif", True),
        ("broken.mkv", True),
        ("cut.mp4", False),  # the table of its frames is at its end
        ("stub.mkv", False),
    ],
)
def test_keep_partial_is_named_exactly_where_it_keeps_something(
    pair: Path, name: str, is_kept: bool
) -> None:
    video = damaged(name)
    how = {"device": "cpu", "check_every": 0, "stabilise": 0.0}
    (row,) = convert(video, "night", ConvertOptions(**how)).jobs  # type: ignore[arg-type]
    assert row.status == "failed"
    remedy = "or keep its readable beginning with --keep-partial"
    assert (remedy in str(row.error)) == is_kept
    partial = ConvertOptions(keep_partial=True, **how)  # type: ignore[arg-type]
    (row,) = convert(video, "night", partial).jobs
    assert (row.status == "partial") == is_kept
    assert "--keep-partial" not in str(row.error)
