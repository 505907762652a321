"""Batches of training pictures: their order, their processes and their state."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mediatrans.errors import OutputError
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.batches import CropSampler, stream_batches
from mediatrans.training.data.folders import find_pictures
from mediatrans.training.data.picture_store import PictureStore
from tests.training.full_disk import largest_file
from tests.training.tiny import TINY, write_pictures


def store(folder: Path, config: TrainConfig = TINY) -> PictureStore:
    side = config.load_size_max or config.load_size
    names = find_pictures(folder)
    return PictureStore(folder, names, side, config.cache, folder.parent / "cache")


def collect(pictures: PictureStore, config: TrainConfig, start: int, stop: int) -> torch.Tensor:
    places = range(config.batch_size)
    with stream_batches(pictures, pictures, config, start, stop, places, pinned=False) as batches:
        return torch.stack([torch.stack((batch.a, batch.b)) for batch in batches])


def test_the_cache_is_invisible(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "a", 4, 0)
    caches = [store(folder, replace(TINY, cache=cache)) for cache in ("ram", "disk", "none")]
    for index in range(4):
        assert all(np.array_equal(c[index], caches[0][index]) for c in caches)


def test_pictures_are_scaled_by_their_shorter_side(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "a", 2, 0, side=40)
    assert store(folder)[0].shape == (20, 22, 3)


def test_broken_pictures_are_skipped_and_named(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "a", 4, 0)
    (folder / "text.jpg").write_text("no picture")
    (folder / "empty.png").touch()
    whole = (folder / "01.png").read_bytes()
    (folder / "torn.png").write_bytes(whole[: len(whole) // 2])
    pictures = store(folder)
    assert len(pictures) == 4
    assert sorted(name for name, _ in pictures.unreadable) == ["empty.png", "text.jpg", "torn.png"]


def test_small_pictures_are_enlarged_and_counted(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "a", 3, 0)
    Image.new("RGB", (3, 5)).save(folder / "small.png")
    pictures = store(folder)
    assert pictures.enlarged == 1
    assert pictures[pictures.names.index("small.png")].shape == (33, 20, 3)


def test_black_and_white_pictures_are_left_out_when_asked(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "a", 3, 0)
    Image.new("L", (30, 30), 90).save(folder / "grey.png")
    Image.new("RGB", (30, 30), (90, 91, 90)).save(folder / "nearly.png")
    kept = PictureStore(folder, store(folder).names, 20, "ram", tmp_path / "cache", skip_grey=True)
    assert kept.grey == 2
    assert sorted(kept.names) == ["01.png", "02.png", "nested/00.png"]
    assert len(kept.listing()) == len(kept) == 3
    assert store(folder).grey == 0


def test_every_pass_shows_every_picture_once(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    for value in range(6):
        Image.new("RGB", (20, 20), (value, 0, 0)).save(folder / f"{value}.png")
    sampler = CropSampler(store(folder), TINY, 0)
    seen = [int(sampler.crop(position)[0, 0, 0]) for position in range(18)]
    rounds = [seen[i : i + 6] for i in (0, 6, 12)]
    assert all(sorted(r) == list(range(6)) for r in rounds)
    assert len({tuple(r) for r in rounds}) > 1


def test_crops_have_the_size_and_the_range(tmp_path: Path) -> None:
    crops = collect(store(write_pictures(tmp_path / "a", 3, 0)), replace(TINY, batch_size=2), 0, 4)
    assert crops.shape == (4, 2, 2, 3, 16, 16)
    assert crops.min() >= -1
    assert crops.max() <= 1


def test_batches_are_the_same_whoever_prepares_them_and_wherever_they_start(tmp_path: Path) -> None:
    pictures = store(write_pictures(tmp_path / "a", 5, 0))
    inline = collect(pictures, TINY, 0, 12)
    threaded = collect(pictures, replace(TINY, workers=2), 0, 12)
    later = collect(pictures, replace(TINY, workers=2), 7, 12)
    assert torch.equal(inline, threaded)
    assert torch.equal(inline[7:], later)


def test_domains_and_seeds_draw_differently(tmp_path: Path) -> None:
    pictures = store(write_pictures(tmp_path / "a", 5, 0))
    crops = collect(pictures, TINY, 0, 6)
    assert not torch.equal(crops[:, 0], crops[:, 1])
    assert not torch.equal(crops, collect(pictures, replace(TINY, seed=1), 0, 6))


def test_random_scales_reach_between_the_two_load_sizes(tmp_path: Path) -> None:
    """A picture that ramps from left to right shows a crop's scale in its slope."""
    folder = tmp_path / "a"
    folder.mkdir()
    ramp = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (60, 1))
    Image.fromarray(np.dstack([ramp] * 3)).save(folder / "ramp.png")
    config = replace(TINY, load_size=20, load_size_max=60, flip=False)
    sampler = CropSampler(store(folder, config), config, 0)
    spans = []
    for position in range(60):
        crop = sampler.crop(position)
        assert crop.shape == (16, 16, 3)
        row = crop[8, :, 0].astype(int)
        spans.append(row[-1] - row[0])
    # 15 pixels across: at scale 60 each is 4 grey values further, at scale 20 each is 12.
    assert 55 < min(spans) < 75
    assert 150 < max(spans) < 185


def test_an_error_in_a_worker_reaches_the_training(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "a", 3, 0)
    config = replace(TINY, workers=2, cache="none")
    pictures = store(folder, config)
    for file in folder.rglob("*.png"):
        file.write_bytes(b"")
    with pytest.raises(Exception, match=r"\.png"):
        collect(pictures, config, 0, 2)


def test_a_cache_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "a", 3, 0)
    names = ["01.png", "02.png"]
    with largest_file(100), pytest.raises(OutputError, match=r"picture cache.*--cache"):
        PictureStore(folder, names, 20, "disk", tmp_path / "cache")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="picture cache"):
        PictureStore(folder, names, 20, "disk", tmp_path / "file" / "cache")
