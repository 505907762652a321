"""Label maps beside training pictures: read, scaled and cropped with them."""

import os
import re
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from mediatrans.errors import InputError
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.batches import CropSampler, stream_batches
from mediatrans.training.data.folders import Folders, find_pictures
from mediatrans.training.data.label_maps import LabelMaps, label_folder
from mediatrans.training.data.picture_store import PictureStore
from mediatrans.training.run.dataset import open_dataset
from tests.training.tiny import TINY

CONFIG = replace(TINY, label_classes=4, load_size=20, load_size_max=32, batch_size=2)
COLOURS = np.array(((250, 0, 0), (0, 250, 0), (0, 0, 250), (240, 240, 240)), np.uint8)
"""What each class looks like in the pictures of these tests."""


def write_labelled(folder: Path, count: int = 3, side: int = 48) -> Path:
    """Pictures of four classes in blocks, each block in the colour of its class, and their maps."""
    random = np.random.default_rng(3)
    for index in range(count):
        blocks = random.integers(0, 4, (4, 5), dtype=np.uint8)
        labels = np.kron(blocks, np.ones((side // 4, side // 4), np.uint8))
        for place, pixels in ((folder, COLOURS[labels]), (label_folder(folder), labels)):
            path = place / "nested" / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    return folder


def store(folder: Path, config: TrainConfig = CONFIG) -> PictureStore:
    names, side = find_pictures(folder), config.load_size_max or config.load_size
    cache = folder.parent / "cache"
    return PictureStore(
        folder, names, side, config.cache, cache, labels=LabelMaps(label_folder(folder))
    )


@pytest.mark.parametrize("cache", ["ram", "none"])
def test_a_label_map_is_cropped_scaled_and_mirrored_with_its_picture(
    tmp_path: Path, cache: str
) -> None:
    config = CONFIG.updated({"cache": cache}, "the test")
    sampler = CropSampler(store(write_labelled(tmp_path / "a"), config), config, 0)
    for position in range(12):
        crop, labels = sampler.crop(position), sampler.labels(position)
        assert labels.shape == crop.shape[:2] == (16, 16)
        nearest = np.abs(crop[:, :, None].astype(int) - COLOURS.astype(int)).sum(-1).argmin(-1)
        assert np.mean(nearest == labels) > 0.85  # the rest are mixed pixels of borders


def test_batches_carry_the_labels_of_both_domains(tmp_path: Path) -> None:
    a, b = (store(write_labelled(tmp_path / name)) for name in "ab")
    with stream_batches(a, b, CONFIG, 0, 2, range(2), pinned=False) as batches:
        for batch in batches:
            assert batch.labels is not None
            for labels in batch.labels:
                assert (labels.shape, labels.dtype) == ((2, 16, 16), torch.uint8)
                assert int(labels.max()) < 4


def test_batches_without_classes_have_none(tmp_path: Path) -> None:
    pictures = store(write_labelled(tmp_path / "a"))
    config = replace(CONFIG, label_classes=0)
    with stream_batches(pictures, pictures, config, 0, 1, range(2), pinned=False) as batches:
        assert next(batches).labels is None


def test_palettes_and_smaller_maps_are_read(tmp_path: Path) -> None:
    folder = write_labelled(tmp_path / "a", 1)
    path = label_folder(folder) / "nested" / "0.png"
    expected = store(folder).labels(0)
    with Image.open(path) as image:
        indexed = image.convert("L")
    indexed.putpalette(list(range(255, 255 - 12, -1)))
    indexed.save(path)
    with Image.open(path) as image:
        assert image.mode == "P"
    assert np.array_equal(store(folder).labels(0), expected)
    indexed.resize((30, 24), Image.Resampling.NEAREST).save(path)
    assert np.mean(store(folder).labels(0) == expected) > 0.9


def test_a_mask_of_one_bit_has_two_classes(tmp_path: Path) -> None:
    folder = write_labelled(tmp_path / "a", 1)
    mask = np.zeros((48, 60), bool)
    mask[:, 30:] = True
    Image.fromarray(mask).save(label_folder(folder) / "nested" / "0.png")
    labels = store(folder).labels(0)
    assert (labels[:, 0].tolist(), labels[:, -1].tolist()) == ([0] * 32, [1] * 32)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_greys_of_few_bits_are_the_numbers_that_are_stored(tmp_path: Path, bits: int) -> None:
    folder = write_labelled(tmp_path / "a", 1)
    path = label_folder(folder) / "nested" / "0.png"
    numbers = np.tile(np.arange(2 ** min(bits, 2), dtype=np.uint8), (48, 15))
    path.write_bytes(grey_png(numbers[:, :60] if numbers.shape[1] > 60 else numbers, bits))
    maps = LabelMaps(label_folder(folder))
    maps.add("nested/0.png", 48, numbers.shape[1])
    assert np.array_equal(maps.of("nested/0.png"), numbers)


def grey_png(numbers: NDArray[np.uint8], bits: int) -> bytes:
    """A PNG file of one grey channel, its numbers stored as they are."""
    rows = [np.unpackbits(row[:, None], axis=1)[:, 8 - bits :].ravel() for row in numbers]
    lines = b"".join(b"\0" + np.packbits(row).tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", numbers.shape[1], numbers.shape[0], bits, 0, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def too_large(path: Path) -> None:
    whole = grey_png(np.zeros((1, 1), np.uint8), 8)
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    path.write_bytes(whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:])


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def in_colour(path: Path) -> None:
    Image.new("RGB", (60, 48)).save(path)


def of_16_bits(path: Path) -> None:
    Image.fromarray(np.zeros((48, 60), np.uint16)).save(path)


def of_another_shape(path: Path) -> None:
    Image.new("L", (48, 60)).save(path)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (Path.unlink, "no label map of 'nested/1.png'"),
        (torn, "cannot be read"),
        (too_large, "cannot be read: .*size"),
        (a_pipe, "not a regular file"),
        (a_folder, "a folder"),
        (in_colour, "RGB"),
        (of_16_bits, "I;16"),
        (of_another_shape, "48x60 px"),
    ],
)
def test_a_label_map_that_does_not_serve_is_named(
    tmp_path: Path, spoil: object, problem: str
) -> None:
    folder = write_labelled(tmp_path / "a")
    path = label_folder(folder) / "nested" / "1.png"
    assert callable(spoil)
    spoil(path)
    with pytest.raises(InputError, match=problem) as caught:
        store(folder)
    assert str(path) in str(caught.value)
    assert caught.value.remedy


def test_two_pictures_of_one_map_are_refused(tmp_path: Path) -> None:
    folder = write_labelled(tmp_path / "a")
    Image.new("RGB", (60, 48)).save(folder / "nested" / "1.jpg")
    with pytest.raises(InputError, match=r"two pictures, 'nested/1.jpg' and 'nested/1.png'"):
        store(folder)


def test_maps_are_beside_the_folder_that_is_named_even_if_it_is_a_link(tmp_path: Path) -> None:
    write_labelled(tmp_path / "elsewhere")
    (tmp_path / "trainA").symlink_to("elsewhere")
    label_folder(tmp_path / "elsewhere").rename(tmp_path / "trainA_labels")
    assert len(store(tmp_path / "trainA")) == 3
    assert label_folder(Path("trainA/..")).name.endswith("_labels")


def opened(tmp_path: Path, classes: int) -> str:
    """What opening two labelled domains says."""
    said: list[str] = []
    folders = Folders(("a", "b"), *(write_labelled(tmp_path / name) for name in "ab"))
    config = replace(CONFIG, label_classes=classes)
    open_dataset(folders, config, tmp_path / "cache", said.append)
    return "\n".join(said)


def test_what_the_maps_know_is_said(tmp_path: Path) -> None:
    assert "a: the class of 100 % of the pixels is known, none is of class 4, 5" in opened(
        tmp_path, 6
    )
    assert re.search(
        r"b: the class of [4-6]\d % of the pixels is known$", opened(tmp_path, 2), re.M
    )


def test_maps_without_any_class_are_refused(tmp_path: Path) -> None:
    folders = Folders(("a", "b"), *(write_labelled(tmp_path / name) for name in "ab"))
    for path in (label_folder(tmp_path / "b") / "nested").iterdir():
        Image.new("L", (60, 48), 200).save(path)
    with pytest.raises(InputError, match="from 0 to 3; there are 200") as caught:
        open_dataset(folders, CONFIG, tmp_path / "cache", print)
    assert "b_labels" in str(caught.value)


def test_the_listing_tells_other_labels(tmp_path: Path) -> None:
    folder = write_labelled(tmp_path / "a")
    before = store(folder).listing()
    Image.new("L", (60, 48), 2).save(label_folder(folder) / "nested" / "1.png")
    after = store(folder).listing()
    assert [x == y for x, y in zip(before, after, strict=True)] == [True, False, True]
