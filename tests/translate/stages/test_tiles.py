"""Pictures in tiles: where they are cut, and how near they come to the picture in one piece."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from mediatrans.errors import ModelError, UsageError
from mediatrans.quality import metrics
from mediatrans.translate.engines.agreement import photograph_like
from mediatrans.translate.stages.reduce import overview
from mediatrans.translate.stages.tiles import MEASURED_PIXELS, TileSize, windows
from mediatrans.translate.translator import Translator
from tests.pairs import identity, inverting, recolouring, write_pair
from tests.translate.engines.graphs import network

SHIPPED = Path(__file__).parents[3] / "models" / "summer2winter"
SIZES = [TileSize(64, 8, 4), TileSize(512, 68, 4), TileSize(40, 0, 1)]
Pixels = NDArray[np.uint8]


def photograph(height: int, width: int) -> Pixels:
    return photograph_like(np.random.default_rng(4), height, width)


def seams(picture: Pixels, borders: list[int]) -> float:
    """The gradient across the borders of tiles over the gradient elsewhere, for columns."""
    steps = np.abs(np.diff(picture.astype(int), axis=1)).mean(axis=(0, 2))
    across = [border - 1 for border in borders]
    return float(steps[across].mean() / np.delete(steps, across).mean())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("length", [1, 39, 64, 65, 127, 512, 514, 2048, 12001])
def test_windows_cover_each_pixel_once(length: int, size: TileSize) -> None:
    found = windows(length, size)
    kept = [pixel for window in found for pixel in range(window.keep, window.keep_end)]
    assert kept == list(range(length))
    for window in found:
        assert window.first % size.multiple == 0
        assert window.first == 0 or window.keep - window.first >= size.margin
        assert window.end == length or window.end - window.keep_end >= size.margin
        assert window.end == length or window.end - window.first == size.side
    assert found[-1].end - found[-1].first > size.side - size.multiple or length <= size.side


@pytest.mark.parametrize("shape", [(600, 400), (3, 90000), (1, 5000), (1, 1)])
def test_an_overview_has_few_pixels(shape: tuple[int, int]) -> None:
    made = overview(np.zeros((*shape, 3), np.uint8), 10_000)
    assert made.shape[0] * made.shape[1] <= 20_000
    assert made.shape[0] >= 1


@pytest.mark.parametrize("model", [identity(), inverting(), recolouring()])
@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_graph_without_statistics_gives_the_same_picture(
    tmp_path: Path, model: onnx.ModelProto, device: str
) -> None:
    folder = write_pair(tmp_path, forward=model)
    picture = photograph(150, 203)
    whole, tiled = (
        Translator.load("night", model=str(folder), work_size="full", tile=tile, device=device)
        for tile in (None, 48)
    )
    difference = np.abs(tiled(picture).astype(int) - whole(picture))
    assert difference.max() <= (0 if device == "cpu" else 3)


def test_statistics_are_those_of_the_whole_picture(tmp_path: Path) -> None:
    folder = write_pair(tmp_path, forward=network())
    picture = photograph(150, 202)
    picture[:, 100:] //= 4
    whole, tiled = (
        Translator.load("night", model=str(folder), work_size="full", tile=tile, device="cpu")
        for tile in (None, 32)
    )
    assert picture[..., 0].size < MEASURED_PIXELS
    expected, made = whole(picture), tiled(picture)
    assert np.abs(made.astype(int) - expected).max() <= 1
    assert metrics.psnr(np.concatenate([whole(picture[:, :101]), whole(picture[:, 101:])], 1),
                        expected) < 30  # fmt: skip
    assert tiled.identity != whole.identity
    np.testing.assert_array_equal(tiled(picture[:30, :32]), whole(picture[:30, :32]))


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_picture_larger_than_what_is_measured(tmp_path: Path, device: str) -> None:
    folder = write_pair(tmp_path, forward=network(gain=0.2))
    picture = photograph(900, 1300)
    whole, tiled = (
        Translator.load("night", model=str(folder), work_size="full", tile=tile, device=device)
        for tile in (None, 256)
    )
    expected, made = whole(picture), tiled(picture)
    assert metrics.psnr(made, expected) >= 35
    borders = [window.keep for window in windows(1300, TileSize(256, 4, 4))[1:]]
    assert seams(made, borders) <= 1.05 * seams(expected, borders)


def test_frames_of_a_batch_have_their_own_statistics(tmp_path: Path) -> None:
    folder = write_pair(tmp_path, forward=network())
    translator = Translator.load("night", model=str(folder), tile=40, device="cpu")
    frames = [photograph(60, 70), photograph(60, 70) // 3]
    for frame, made in zip(frames, translator(np.stack(frames)), strict=True):
        np.testing.assert_array_equal(made, translator(frame))
    assert translator.batch_sizes(60, 70) == (1,)


@pytest.mark.parametrize("contrast", [0, 5, 12])
def test_a_frame_next_to_without_contrast_keeps_its_colour(contrast: int) -> None:
    picture = np.full((300, 400, 3), 120, np.uint8)
    picture[100:200, 100:200] += np.uint8(contrast)
    whole, tiled = (
        Translator.load("winter", model=str(SHIPPED), work_size="full", tile=tile, device="cpu")
        for tile in (None, 320)
    )
    assert np.abs(tiled(picture).astype(int) - whole(picture)).max() <= 1


@pytest.mark.parametrize(
    ("tile", "work_size", "says"),
    [
        (7, "auto", "from 8 to 65536; use for example --tile 512"),
        (64, 360, "--work-size 360 at another one; drop one of them"),
    ],
)
def test_values_that_are_refused(tmp_path: Path, tile: int, work_size: int, says: str) -> None:
    folder = write_pair(tmp_path)
    with pytest.raises(UsageError, match=says):
        Translator.load("night", model=str(folder), tile=tile, work_size=work_size)


def test_tiles_smaller_than_the_model_looks() -> None:
    with pytest.raises(UsageError, match="overlap by 160 pixels; use --tile 512, and at least 320"):
        Translator.load("winter", model=str(SHIPPED), tile=316)


def test_a_card_may_forbid_tiles(tmp_path: Path) -> None:
    folder = write_pair(tmp_path)
    card = folder / "card.toml"
    card.write_text(card.read_text().replace("opset", "may_be_tiled = false\nopset"))
    Translator.load("night", model=str(folder))
    with pytest.raises(ModelError, match="the model's card forbids it; drop --tile"):
        Translator.load("night", model=str(folder), tile=64)


@pytest.mark.slow
@pytest.mark.parametrize("to", ["winter", "summer"])
def test_the_shipped_pair_at_2048_pixels(to: str) -> None:
    """35 dB, and no seams that the picture in one piece has not."""
    random = np.random.default_rng(4)
    picture = photograph(2048, 2048)
    leaves = random.normal(0, 12, picture.shape) * (photograph(2048, 2048)[..., :1] > 127)
    picture = (picture + leaves).clip(0, 255).astype(np.uint8)
    whole, tiled = (
        Translator.load(to, model=str(SHIPPED), work_size="full", tile=tile, device="cpu")
        for tile in (None, 512)
    )
    expected, made = whole(picture), tiled(picture)
    assert metrics.psnr(made, expected) >= 35
    borders = [window.keep for window in windows(2048, TileSize(512, 68, 4))[1:]]
    assert seams(made, borders) <= 1.05 * seams(expected, borders)
