"""EXIF blocks stay as the camera wrote them, and the tags of TIFF files stay tags."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.write.picture_writer import write_picture
from tests.media.blocks import (
    ASCII,
    BEHIND_THE_NOTE,
    LONG,
    MAKER_NOTE,
    SHORT,
    SRATIONAL,
    UNDEFINED,
    Entry,
    camera_exif,
    directory,
    number,
    values,
    write_tiff,
)
from tests.media.profiles import rgb_profile

SCENE = np.random.default_rng(3).integers(0, 256, (32, 48, 3)).astype(np.uint8)


def passed_through(path: Path, suffix: str | None = None) -> Path:
    """A picture, read and written again."""
    output = path.with_name(f"out{suffix or path.suffix}")
    write_picture(read_picture(path), output)
    return output


def block_of(path: Path) -> bytes:
    """The EXIF block of a file as another reader finds it; a TIFF is its own block."""
    if path.suffix == ".tif":
        return path.read_bytes()
    with Image.open(path) as image:
        image.load()
        block: bytes = image.info["exif"]
    return block.removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
def test_types_and_maker_notes_stay(tmp_path: Path, suffix: str, order: str) -> None:
    Image.fromarray(SCENE).save(tmp_path / "in.jpg", exif=b"Exif\0\0" + camera_exif(order))
    block = block_of(passed_through(tmp_path / "in.jpg", suffix))
    main = values(block)
    assert main[0x010F] == (ASCII, 9, b"a camera\0")
    if suffix not in (".avif", ".tif"):
        assert number(main[0x0112], order) == 1
    shot = values(block, number(main[0x8769], order))
    assert shot[0x9204] == (SRATIONAL, 1, struct.pack(f"{order}ii", 0, 1))
    assert shot[0x9286] == (UNDEFINED, 9, b"ASCII\0\0\0x")
    assert (number(shot[0xA002], order), number(shot[0xA003], order)) == (32, 48)
    note = shot[0x927C][2]
    assert note.startswith(MAKER_NOTE)
    pointed = struct.unpack(f"{order}I", note[len(MAKER_NOTE) :])[0]
    assert block[pointed:].startswith(BEHIND_THE_NOTE)
    assert b"THUMBNAIL" not in block


def test_only_what_changes_is_changed(tmp_path: Path) -> None:
    before = camera_exif(orientation=1)
    Image.fromarray(SCENE).save(tmp_path / "in.jpg", exif=b"Exif\0\0" + before)
    after = block_of(passed_through(tmp_path / "in.jpg"))
    assert len(after) == len(before) - len(b"THUMBNAIL")
    changed = [at for at in range(len(after)) if after[at] != before[at]]
    next_at = before.index(b"\x69\x87\4\0") + 12  # the pointer to the thumbnail's directory
    assert changed
    assert set(changed) <= set(range(next_at, next_at + 4))


def test_a_turned_picture_has_its_resolutions_exchanged(tmp_path: Path) -> None:
    Image.fromarray(SCENE).save(tmp_path / "in.jpg", exif=b"Exif\0\0" + camera_exif())
    main = values(block_of(passed_through(tmp_path / "in.jpg")))
    assert struct.unpack("<II", main[0x011A][2]) == (150, 1)
    assert struct.unpack("<II", main[0x011B][2]) == (300, 1)


def test_converted_colours_are_told(tmp_path: Path) -> None:
    block = camera_exif().replace(b"R98\0", b"R03\0")
    Image.fromarray(SCENE).save(
        tmp_path / "in.jpg", exif=b"Exif\0\0" + block, icc_profile=rgb_profile("wide")
    )
    assert b"R98\0" in block_of(passed_through(tmp_path / "in.jpg"))


@pytest.mark.parametrize(
    "damage", [b"II*\0\xff\xff\xff\xff", b"garbage", b"", b"MM\0*\0\0\0\x08\xff\xff"]
)
def test_a_damaged_block_is_named_and_dropped(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    Image.fromarray(SCENE).save(tmp_path / "in.webp", exif=b"Exif\0\0" + damage)
    with Image.open(passed_through(tmp_path / "in.webp")) as image:
        assert "exif" not in image.info
    assert not damage or "in.webp: not carried over: damaged EXIF" in caplog.text


@pytest.mark.filterwarnings("ignore:Metadata Warning")  # by Pillow
@pytest.mark.parametrize("tag", [b"\x1a\1", b"\x12\1"])
def test_values_that_lie_in_the_directory_are_not_patched(tmp_path: Path, tag: bytes) -> None:
    block = bytearray(camera_exif())
    first = struct.unpack_from("<I", block, 4)[0]
    at = block.index(tag, first)
    block[at + 2 : at + 12] = struct.pack("<HII", 4, 8, first)  # 8 numbers, the directory itself
    Image.fromarray(SCENE).save(tmp_path / "in.webp", exif=b"Exif\0\0" + bytes(block))
    for suffix in (".tif", ".jpg"):
        assert read_picture(passed_through(tmp_path / "in.webp", suffix)).pixels.size


def test_impossible_resolutions_are_passed_over(tmp_path: Path) -> None:
    pair = [(tag, 5, 1, struct.pack("<II", 2**32 - 1, 1)) for tag in (282, 283)]
    path = write_tiff(
        tmp_path / "in.tif", SCENE.tobytes(), (48, 32), (8, 8, 8), pair, photometric=2
    )
    for suffix in (".tif", ".jpg", ".png"):
        assert read_picture(passed_through(path, suffix)).pixels.shape == (32, 48, 3)


DESCRIBED: list[Entry] = [
    (270, ASCII, 7, b"a road\0"),
    (305, ASCII, 8, b"scanner\0"),
    (306, ASCII, 20, b"2020:01:02 03:04:05\0"),
    (315, ASCII, 8, b"Wint\xc3\xa9r\0"),
    (33432, ASCII, 8, b"(c) me \0"),
    (40091, 1, 6, "Wä\0".encode("utf-16-le")),
    (42112, ASCII, 8, b"<GDAL/>\0"),
]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("suffix", [".tif", ".jpg", ".png"])
def test_the_tags_of_a_tiff_are_kept(
    tmp_path: Path, suffix: str, orientation: int, order: str
) -> None:
    turned = (274, SHORT, 1, struct.pack(f"{order}H", orientation))
    path = write_tiff(
        tmp_path / "in.tif", SCENE.tobytes(), (48, 32), (8, 8, 8), [*DESCRIBED, turned], order, 2
    )
    found = values(block_of(passed_through(path, suffix)))
    for tag, kind, count, data in DESCRIBED:
        assert found[tag] == (kind, count, data)
    with Image.open(path.with_name(f"out{suffix}")) as image:
        assert image.size == ((48, 32) if orientation == 1 else (32, 48))


def test_the_exif_of_a_tiff_is_kept_and_its_maker_notes_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shot = [
        (0x9204, SRATIONAL, 1, struct.pack("<ii", -1, 3)),
        (0x927C, UNDEFINED, 6, MAKER_NOTE),
    ]
    samples = SCENE.tobytes() + directory(shot, 8 + SCENE.size, "<")
    pointer = (0x8769, LONG, 1, struct.pack("<I", 8 + SCENE.size))
    path = write_tiff(tmp_path / "in.tif", samples, (48, 32), (8, 8, 8), [pointer], photometric=2)
    frame = read_picture(path)
    assert frame.still is not None
    assert frame.still.notes == ("not carried over: maker notes",)
    block = block_of(passed_through(path))
    assert "maker notes" in caplog.text
    found = values(block, number(values(block)[0x8769], "<"))
    assert found == {0x9204: (SRATIONAL, 1, struct.pack("<ii", -1, 3))}


def test_a_tiff_by_pillow_keeps_its_tags(tmp_path: Path) -> None:
    told = {270: "a road", 315: "me", 33432: "(c) me", 305: "scanner"}
    Image.fromarray(SCENE).save(tmp_path / "in.tif", tiffinfo=told, compression="tiff_lzw")
    with Image.open(passed_through(tmp_path / "in.tif")) as image:
        assert isinstance(image.format, str)
        assert {tag: image.getexif()[tag] for tag in told} == told
