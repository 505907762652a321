"""IPTC records, comments, texts and XMP: carried where the format holds them, else named."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.write.picture_writer import write_picture
from tests.media.blocks import NOISE as SCENE
from tests.media.blocks import UNDEFINED, chunk, segment, values, write_jpeg, write_tiff

RECORDS = b"\x1c\x02\x74\0\6(c) me\x1c\x02\x19\0\4road"


def resource(number: int, content: bytes, name: bytes = b"") -> bytes:
    """One of Photoshop's image resources."""
    padded_name = (bytes([len(name)]) + name).ljust((len(name) + 2) // 2 * 2, b"\0")
    padding = bytes(len(content) % 2)
    return b"8BIM" + number.to_bytes(2) + padded_name + len(content).to_bytes(4) + content + padding


RESOURCES = (
    resource(0x03ED, bytes(16))
    + resource(0x0404, RECORDS, b"iptc")
    + resource(0x040A, b"\1")
    + resource(0x040C, b"a preview of the untranslated picture")
)


def passed_through(path: Path, suffix: str | None = None) -> Path:
    output = path.with_name(f"out{suffix or path.suffix}")
    write_picture(read_picture(path), output)
    return output


def comments(path: Path) -> list[bytes]:
    with Image.open(path) as image:
        return [content for name, content in image.applist if name == "COM"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_iptc_is_kept(tmp_path: Path, suffix: str) -> None:
    parts = RESOURCES[:60], RESOURCES[60:]
    path = write_jpeg(
        tmp_path / "in.jpg", *(segment(0xED, b"Photoshop 3.0\0" + part) for part in parts)
    )
    passed_through(path, suffix)
    # Through the other format and back to JPEG, read there by Pillow.
    again = tmp_path / "again.jpg"
    write_picture(read_picture(tmp_path / f"out{suffix}"), again)
    with Image.open(again) as image:
        assert image.info["photoshop"] == {0x0404: RECORDS, 0x040A: b"\1"}
    assert b"preview" not in again.read_bytes()


def test_iptc_of_a_tiff_is_kept(tmp_path: Path) -> None:
    records = RECORDS + bytes(-len(RECORDS) % 4)
    path = write_tiff(
        tmp_path / "in.tif",
        SCENE.tobytes(),
        (30, 20),
        (8, 8, 8),
        [(33723, UNDEFINED, len(records), records)],
        photometric=2,
    )
    assert values(passed_through(path).read_bytes())[33723][2] == records
    with Image.open(passed_through(path, ".jpg")) as image:
        assert image.info["photoshop"] == {0x0404: records}


@pytest.mark.parametrize("content", [b"plain", "Wintér 冬".encode(), b"\xe9 of Latin-1"])
def test_comments_are_kept_byte_by_byte(tmp_path: Path, content: bytes) -> None:
    path = write_jpeg(tmp_path / "in.jpg", segment(0xFE, content), segment(0xFE, b"a second one"))
    assert comments(passed_through(path)) == [content, b"a second one"]
    passed_through(path, ".png")
    write_picture(read_picture(tmp_path / "out.png"), tmp_path / "again.jpg")
    found = comments(tmp_path / "again.jpg")
    assert found[1] == b"a second one"
    assert found[0] in (content, "é of Latin-1".encode())


@pytest.mark.parametrize("suffix", [".gif", ".jp2", ".jpg"])
def test_comments_of_gif_and_jpeg_2000(tmp_path: Path, suffix: str) -> None:
    for source in (".gif", ".jp2"):
        path = tmp_path / f"in{source}"
        Image.fromarray(SCENE).save(path, comment=b"by me")
        assert b"by me" in passed_through(path, suffix).read_bytes()


def write_texts(path: Path, bits: int) -> Path:
    """A PNG with every kind of text, one of them behind the picture."""
    if bits == 16:
        cv2.imwrite(str(path), SCENE.astype(np.uint16) * 257)
    else:
        Image.fromarray(SCENE).save(path)
    data = path.read_bytes()
    info = PngInfo()
    info.add_text("Title", "a road")
    info.add_text("parameters", "steps: 20", zip=True)
    info.add_itxt("Author", "Zoë 冬", lang="de", tkey="Urheber")
    chunks = b"".join(chunk(kind, body) for kind, body, *_ in info.chunks)
    behind = chunk(b"tEXt", b"Title\0a second title")
    end = data.rindex(b"IEND") - 4
    path.write_bytes(data[:33] + chunks + data[33:end] + behind + data[end:])
    return path


@pytest.mark.parametrize("bits", [8, 16])
def test_all_texts_of_a_png_are_kept(tmp_path: Path, bits: int) -> None:
    path = write_texts(tmp_path / "in.png", bits)
    output = passed_through(path)
    with Image.open(output) as image:
        image.load()
        texts = image.text  # type: ignore[attr-defined]
        assert texts["parameters"] == "steps: 20"
        assert texts["Title"] == "a second title"
        assert (texts["Author"], texts["Author"].lang) == ("Zoë 冬", "de")
        assert texts["Author"].tkey == "Urheber"
    assert output.read_bytes().count(b"tEXtTitle\0") == 2


def test_exif_in_a_text_becomes_a_block(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    block = exif.tobytes()
    info = PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n")
    Image.fromarray(SCENE).save(tmp_path / "in.png", pnginfo=info)
    for suffix in (".png", ".jpg"):
        with Image.open(passed_through(tmp_path / "in.png", suffix)) as image:
            assert image.getexif()[0x010F] == "a camera"


@pytest.mark.parametrize(
    ("source", "suffix", "named"),
    [
        ("png", ".jpg", "JPEG cannot hold its text (Title, parameters, Author, Title)"),
        ("png", ".bmp", "BMP cannot hold its text (Title"),
        ("jpg", ".webp", "WEBP cannot hold its IPTC, comment"),
        ("jpg", ".avif", "AVIF cannot hold its IPTC, comment"),
        ("jpg", ".bmp", "BMP cannot hold its EXIF, XMP, IPTC, comment"),
        ("jpg", ".gif", "GIF cannot hold its EXIF, XMP, IPTC"),
        ("jpg", ".tif", "TIFF cannot hold its comment"),
    ],
)
def test_what_a_format_cannot_hold_is_named(
    tmp_path: Path, source: str, suffix: str, named: str, caplog: pytest.LogCaptureFixture
) -> None:
    if source == "png":
        path = write_texts(tmp_path / "in.png", 8)
    else:
        exif = Image.Exif()
        exif[0x010F] = "a camera"
        path = write_jpeg(
            tmp_path / "in.jpg",
            segment(0xE1, exif.tobytes()),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
            segment(0xED, b"Photoshop 3.0\0" + RESOURCES),
            segment(0xFE, b"a comment"),
        )
    passed_through(path, suffix)
    assert named in caplog.text


@pytest.mark.parametrize("source", [".png", ".jpg"])
def test_nothing_is_named_where_nothing_is_lost(
    tmp_path: Path, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"in{source}"
    Image.fromarray(SCENE).save(path)
    for suffix in (".bmp", ".gif", ".webp", ".ppm", ".tif"):
        passed_through(path, suffix)
    assert caplog.text == ""
