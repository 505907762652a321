"""The chroma subsampling of a source is that of its translation where the format has it."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, features

from mediatrans.media.frames import Frame, StillInfo
from mediatrans.media.read.picture_metadata import jpeg_coding
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.write.picture_writer import write_picture
from tests.media.blocks import segment
from tests.media.test_picture_texts import comments

SCENE = cv2.resize(np.random.default_rng(6).integers(0, 256, (5, 6, 3)).astype(np.uint8), (48, 40))
FACTORS = {"411": [(4, 1), (1, 1), (1, 1)], "440": [(1, 2), (1, 1), (1, 1)]}


def write_source(path: Path, sampling: str, quality: int, progressive: bool = False) -> Path:
    factor = getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{sampling}")
    options = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor, cv2.IMWRITE_JPEG_QUALITY, quality]
    options += [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    cv2.imwrite(str(path), SCENE[..., ::-1], options)
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    data = path.read_bytes()
    more = segment(0xE1, exif.tobytes()) + segment(0xFE, b"by me")
    path.write_bytes(data[:2] + more + data[2:])
    return path


def coding(path: Path) -> tuple[list[tuple[int, int]], dict[int, list[int]], bool]:
    """Sampling factors, quantisation tables, and whether it is progressive."""
    with Image.open(path) as image:
        factors = [layer[1:3] for layer in image.layer]  # type: ignore[attr-defined]
        return factors, image.quantization, "progressive" in image.info  # type: ignore[attr-defined]


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("sampling", ["411", "440"])
def test_a_jpeg_keeps_an_uncommon_subsampling(
    tmp_path: Path, sampling: str, quality: int, progressive: bool
) -> None:
    path = write_source(tmp_path / "in.jpg", sampling, quality, progressive)
    assert coding(path)[0] == FACTORS[sampling]
    frame = read_picture(path)
    write_picture(frame, tmp_path / "out.jpg")
    assert coding(tmp_path / "out.jpg") == coding(path)
    again = read_picture(tmp_path / "out.jpg")
    assert np.abs(again.pixels.astype(int) - frame.pixels).mean() < 4
    assert comments(tmp_path / "out.jpg") == [b"by me"]
    with Image.open(tmp_path / "out.jpg") as image:
        assert image.getexif()[0x010F] == "a camera"


def test_a_quality_leaves_an_uncommon_subsampling(tmp_path: Path) -> None:
    write_picture(
        read_picture(write_source(tmp_path / "in.jpg", "411", 90)), tmp_path / "out.jpg", quality=40
    )
    factors, tables, _ = coding(tmp_path / "out.jpg")
    assert factors == FACTORS["411"]
    expected = io.BytesIO()
    Image.new("RGB", (8, 8)).save(expected, "JPEG", quality=40)
    with Image.open(expected) as image:
        assert tables == image.quantization  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("multiplied", "factors"),
    [
        ([(2, 2), (1, 2), (1, 2)], [(2, 1), (1, 1), (1, 1)]),
        ([(2, 2), (2, 1), (2, 1)], [(1, 2), (1, 1), (1, 1)]),
        ([(1, 2), (1, 2), (1, 2)], [(1, 1), (1, 1), (1, 1)]),
        ([(4, 2), (2, 1), (2, 1)], [(2, 2), (1, 1), (1, 1)]),
    ],
)
def test_factors_that_are_all_multiplied_mean_the_same(
    tmp_path: Path, multiplied: list[tuple[int, int]], factors: list[tuple[int, int]]
) -> None:
    path = tmp_path / "in.jpg"
    Image.new("RGB", (32, 32)).save(path)
    data = bytearray(path.read_bytes())
    begin = data.index(b"\xff\xc0") + 11
    for index, (across, down) in enumerate(multiplied):
        data[begin + 3 * index] = across << 4 | down
    path.write_bytes(data)
    with Image.open(path) as image:
        still = StillInfo("RGB", jpeg=jpeg_coding(image))
    write_picture(
        Frame(SCENE.astype(np.uint8), 0, "in.jpg", still=still), tmp_path / "out.jpg", quality=75
    )
    assert coding(tmp_path / "out.jpg")[0] == factors


def test_other_tables_are_kept_and_chroma_is_complete(tmp_path: Path) -> None:
    path = write_source(tmp_path / "in.jpg", "440", 75)
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\xdb") + 5
    data[at + 9] += 1  # a step that no quality gives
    path.write_bytes(data)
    write_picture(read_picture(path), tmp_path / "out.jpg")
    factors, tables, _ = coding(tmp_path / "out.jpg")
    assert factors == [(1, 1)] * 3
    assert tables == coding(path)[1]


@pytest.mark.skipif(not features.check("avif"), reason="no AVIF here")
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("sampling", ["4:2:0", "4:2:2", "4:4:4"])
def test_an_avif_keeps_its_subsampling(tmp_path: Path, sampling: str, alpha: bool) -> None:
    image = Image.fromarray(SCENE)
    if alpha:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(tmp_path / "in.avif", subsampling=sampling)
    frame = read_picture(tmp_path / "in.avif")
    assert frame.still is not None
    assert frame.still.avif_subsampling == sampling
    write_picture(frame, tmp_path / "out.avif")
    # The sequence header tells it: av1C, the third byte behind its name.
    data = (tmp_path / "out.avif").read_bytes()
    flags = data[data.index(b"av1C") + 6]
    assert flags >> 2 & 3 == {"4:2:0": 3, "4:2:2": 2, "4:4:4": 0}[sampling]
