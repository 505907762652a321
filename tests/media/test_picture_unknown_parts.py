"""Parts of a picture's file that no reader knows are kept or named, not lost in silence."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mediatrans.media.frames import StillInfo
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.write.picture_writer import write_picture
from tests.media.blocks import NOISE, chunk, segment, write_jpeg


def still_of(path: Path) -> StillInfo:
    still = read_picture(path).still
    assert still is not None
    return still


@pytest.mark.parametrize(
    ("segments", "named"),
    [
        ([(0xE5, b"RMETA\0\1")], "APP5 RMETA"),
        ([(0xE2, b"FPXR\0\0"), (0xEB, b"HDR_RI ver=11")], "APP11 HDR_RI ver, APP2 FPXR"),
        ([(0xEC, b"[picture info]"), (0xE7, b"\x1b[31m"), (0xEF, b"")], "APP12, APP15, APP7"),
        ([(0xE0, b"CIFF\0")], "APP0 CIFF"),
    ],
)
def test_data_of_applications_in_a_jpeg_is_named(
    tmp_path: Path, segments: list[tuple[int, bytes]], named: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_jpeg(tmp_path / "in.jpg", *(segment(*part) for part in segments))
    frame = read_picture(path)
    assert frame.still is not None
    assert frame.still.lost == (f"data of applications ({named})",)
    write_picture(frame, tmp_path / "out.jpg")
    assert f"data of applications ({named})" in caplog.text


def test_segments_that_describe_the_coding_are_not_named(tmp_path: Path) -> None:
    segments = [(0xE0, b"JFXX\0\x10"), (0xEC, b"Ducky\0"), (0xEE, b"Adobe\0\x64\0\0\0\0\1")]
    path = write_jpeg(tmp_path / "in.jpg", *(segment(*part) for part in segments))
    assert still_of(path).lost == ()


@pytest.mark.parametrize(
    ("name", "named"),
    [(b"prVt", "prVt"), (b"npTc", "npTc"), (b"tIME", None), (b"iDOT", None), (b"hIST", None)],
)
def test_chunks_of_a_png_that_are_not_known_are_named(
    tmp_path: Path, name: bytes, named: str | None
) -> None:
    buffer = io.BytesIO()
    Image.fromarray(NOISE).save(buffer, "PNG")
    data = buffer.getvalue()
    (tmp_path / "in.png").write_bytes(data[:33] + chunk(name, bytes(7)) + data[33:])
    assert still_of(tmp_path / "in.png").lost == ((f"chunks ({named})",) if named else ())


@pytest.mark.parametrize(
    ("name", "named"), [(b"ABCD", "ABCD"), (b"\1\2\3\4", "of an invalid name")]
)
def test_chunks_of_a_webp_that_are_not_known_are_named(
    tmp_path: Path, name: bytes, named: str
) -> None:
    Image.fromarray(NOISE).save(tmp_path / "in.webp", xmp=b"<a/>")
    data = bytearray((tmp_path / "in.webp").read_bytes())
    assert still_of(tmp_path / "in.webp").lost == ()
    data += name + (5).to_bytes(4, "little") + b"abcde\0"
    data[4:8] = (len(data) - 8).to_bytes(4, "little")
    (tmp_path / "in.webp").write_bytes(data)
    assert still_of(tmp_path / "in.webp").lost == (f"chunks ({named})",)


def write_gif(path: Path, extension: bytes) -> Path:
    buffer = io.BytesIO()
    Image.new("P", (8, 6)).save(buffer, "GIF")
    data = buffer.getvalue()
    at = data.rindex(b"\x2c" + bytes(4))
    path.write_bytes(b"GIF89a" + data[6:at] + extension + data[at:])
    return path


def test_the_xmp_of_a_gif_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + b"<a/>" * 300 + b"</x:xmpmeta>"
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    path = write_gif(tmp_path / "in.gif", b"\x21\xff\x0bXMP DataXMP" + packet + trailer)
    frame = read_picture(path)
    assert frame.still is not None
    assert frame.still.xmp == packet
    write_picture(frame, tmp_path / "out.jpg")
    assert packet in (tmp_path / "out.jpg").read_bytes()
    assert caplog.text == ""
    write_picture(frame, tmp_path / "out.gif")
    assert "GIF cannot hold its XMP" in caplog.text


@pytest.mark.parametrize(
    ("extension", "named"),
    [
        (b"\x21\xff\x0bICCRGBG1012\3abc\0", "data of applications (ICCRGBG1012)"),
        (b"\x21\xff\x0bNETSCAPE2.0\3\1\0\0\0", None),
        (b"\x21\x01\x0c" + bytes(12) + b"\2hi\0", "plain text"),
    ],
)
def test_extensions_of_a_gif_that_are_not_known_are_named(
    tmp_path: Path, extension: bytes, named: str | None
) -> None:
    still = still_of(write_gif(tmp_path / "in.gif", extension))
    assert still.lost == ((named,) if named else ())


@pytest.mark.parametrize(
    ("header", "samples", "suffix"),
    [
        (b"P6\n# by me\n2 #wide \n1\n255\n", bytes(6), ".ppm"),
        (b"P5 #by me\r#wide\r\n2 1 65535\n", bytes(4), ".pgm"),
        (b"P4\n#by me\n2 #wide\n1\n", bytes(1), ".pbm"),
        (b"P3\n2 1\n# by me\n# wide\n9\n", b"1 2 3 4 5 6 # not a comment of the header\n", ".pnm"),
    ],
)
def test_the_comments_of_a_pnm_are_kept(
    tmp_path: Path, header: bytes, samples: bytes, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"in{suffix}"
    path.write_bytes(header + samples)
    frame = read_picture(path)
    write_picture(frame, tmp_path / f"out{suffix}")
    data = (tmp_path / f"out{suffix}").read_bytes()
    assert data.startswith(b"P6\n# by me\n# wide\n2 1\n")
    assert np.array_equal(read_picture(tmp_path / f"out{suffix}").pixels, frame.pixels)
    write_picture(frame, tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        assert image.info["Comment"] in ("by me", "wide")
    assert caplog.text == ""
    write_picture(frame, tmp_path / "out.bmp")
    assert "BMP cannot hold its comment" in caplog.text


def test_the_id_of_a_tga_is_named(tmp_path: Path) -> None:
    image = Image.fromarray(NOISE)
    image.save(tmp_path / "plain.tga")
    assert still_of(tmp_path / "plain.tga").lost == ()
    image.save(tmp_path / "in.tga", id_section=b"by me")
    data = (tmp_path / "in.tga").read_bytes()
    footer = data[-26:]
    assert footer.endswith(b"TRUEVISION-XFILE.\0")
    (tmp_path / "in.tga").write_bytes(data[:-26] + (9).to_bytes(4, "little") + footer[4:])
    assert still_of(tmp_path / "in.tga").lost == ("extension area", "image ID")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp"])
@pytest.mark.parametrize(
    ("appended", "is_named"),
    [(b"MORE", True), (bytes(5000) + b"SEFT", True), (bytes(5000), False), (b"\r\n", False)],
)
def test_data_behind_the_end_of_a_picture_is_named(
    tmp_path: Path, suffix: str, appended: bytes, is_named: bool
) -> None:
    path = tmp_path / f"in{suffix}"
    Image.fromarray(NOISE).save(path)
    assert still_of(path).lost == ()
    path.write_bytes(path.read_bytes() + appended)
    assert still_of(path).lost == (("data behind the picture's end",) if is_named else ())


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"restart_marker_blocks": 2}, {"quality": 100}], ids=str
)
def test_the_end_of_a_jpeg_of_any_coding_is_found(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "in.jpg"
    Image.fromarray(NOISE).save(path, **options)
    assert still_of(path).lost == ()
    path.write_bytes(path.read_bytes() + b"MORE")
    assert still_of(path).lost == ("data behind the picture's end",)


@pytest.mark.parametrize(
    ("name", "is_named"),
    [(b"Lake at dawn", True), (b"", False), (b"in", False), (b"in.sgi", False)],
)
def test_the_name_in_an_sgi_picture_is_named(tmp_path: Path, name: bytes, is_named: bool) -> None:
    path = tmp_path / "in.sgi"
    Image.fromarray(NOISE).save(path)
    content = path.read_bytes()
    path.write_bytes(content[:24] + name.ljust(80, b"\0") + content[104:])
    assert still_of(path).lost == (("the name in its header",) if is_named else ())
