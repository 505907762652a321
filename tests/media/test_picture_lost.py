"""What cannot be part of a translation is dropped, and its descriptions with it."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mediatrans.media.frames import StillInfo
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.media.read.xmp_packet import cut_down
from mediatrans.media.write.picture_writer import write_picture
from tests.media.blocks import chunk, segment, write_jpeg

XMP = b"http://ns.adobe.com/xap/1.0/\0"
MOTION = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
 xmlns:Container="http://ns.google.com/photos/1.0/container/" xmlns:dc="http://purl.org/dc/1.1/"
 xmlns:Item="http://ns.google.com/photos/1.0/container/item/" GCamera:MotionPhoto="1"
 GCamera:MotionPhotoVersion = '1' GCamera:BurstID="b" dc:format="image/jpeg">
<dc:rights>(c) me</dc:rights>
<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item
 Item:Mime="video/mp4" Item:Semantic="MotionPhoto" Item:Length="9"/></rdf:li></rdf:Seq>
</Container:Directory></rdf:Description></rdf:RDF></x:xmpmeta>"""
GAIN_MAP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><r xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"
 xmlns:dc="http://purl.org/dc/1.1/" hdrgm:Version="1.0" dc:format="image/jpeg">
<hdrgm:GainMapMax><s><l>1</l></s></hdrgm:GainMapMax><hdrgm:Gamma/><dc:rights>(c) me</dc:rights></r>
</x:xmpmeta>"""
PREVIEW = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><r xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:g="http://ns.adobe.com/xap/1.0/g/img/" xmp:Rating="3">
<xmp:Thumbnails><l g:format="JPEG"><g:image>QUJD</g:image></l></xmp:Thumbnails></r></x:xmpmeta>"""
EXTENDED = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><r xmlns:n="http://ns.adobe.com/xmp/note/"
 xmlns:d="http://ns.google.com/photos/dd/1.0/device/" n:HasExtendedXMP="AB" a="b">
<d:Container>depth</d:Container></r></x:xmpmeta>"""


def still_of(path: Path) -> StillInfo:
    still = read_picture(path).still
    assert still is not None
    return still


@pytest.mark.parametrize(
    ("packet", "gone", "kept", "named"),
    [
        (
            MOTION,
            [b"MotionPhoto", b"Container:Directory", b"video/mp4"],
            [b'GCamera:BurstID="b"', b"<dc:rights>(c) me</dc:rights>", b"image/jpeg", b"xpacket"],
            {"motion photo's video", "embedded pictures and videos"},
        ),
        (
            GAIN_MAP,
            [b"hdrgm:Version", b"GainMapMax", b"hdrgm:Gamma"],
            [b"<dc:rights>(c) me</dc:rights>", b'dc:format="image/jpeg"'],
            {"HDR gain map"},
        ),
        (PREVIEW, [b"QUJD", b"Thumbnails"], [b'xmp:Rating="3"'], {"preview"}),
        (EXTENDED, [b"HasExtended", b"depth<"], [b'a="b"'], {"extended XMP", "depth map"}),
    ],
    ids=["motion photo", "gain map", "preview", "extended"],
)
def test_descriptions_of_what_is_gone_are_cut_out(
    packet: bytes, gone: list[bytes], kept: list[bytes], named: set[str]
) -> None:
    left, lost = cut_down(packet)
    assert left is not None
    assert lost == named
    assert not [text for text in gone if text in left]
    assert not [text for text in kept if text not in left]
    assert cut_down(left) == (left, frozenset())  # well-formed still


def test_other_packets_stay_byte_by_byte() -> None:
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a  b = "c"/><!-- d --></x:xmpmeta>  '
    assert cut_down(packet) == (packet, frozenset())


@pytest.mark.parametrize(
    "packet", [GAIN_MAP[:-5], b'<!DOCTYPE x [<!ENTITY a "b">]>' + GAIN_MAP, GAIN_MAP + b"<"]
)
def test_a_packet_that_cannot_be_read_is_dropped(packet: bytes) -> None:
    assert cut_down(packet) == (None, frozenset({"HDR gain map"}))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_a_motion_photo_becomes_a_photo(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_jpeg(tmp_path / "in.jpg", segment(0xE1, XMP + MOTION))
    path.write_bytes(path.read_bytes() + b"\0\0\0\x18ftypmp42" + bytes(200))
    frame = read_picture(path)
    assert caplog.text == ""  # training reads it, too
    assert frame.still is not None
    assert frame.still.notes == (
        "not carried over: embedded pictures and videos, motion photo's video",
    )
    write_picture(frame, tmp_path / f"out{suffix}")
    assert caplog.text.count("in.jpg") == 1
    content = (tmp_path / f"out{suffix}").read_bytes()
    assert b"MotionPhoto" not in content
    assert b"(c) me" in content
    assert b"ftypmp42" not in content


def test_a_motion_photo_of_samsung_is_named(tmp_path: Path) -> None:
    path = write_jpeg(tmp_path / "in.jpg")
    path.write_bytes(path.read_bytes() + b"MotionPhoto_Data" + bytes(90_000) + b"SEFH" + b"SEFT")
    assert still_of(path).notes == ("not carried over: motion photo's video",)


def two_pictures(path: Path) -> Path:
    first, second = (Image.new("RGB", (24, 16), colour) for colour in ("red", "blue"))
    first.save(path, "MPO", save_all=True, append_images=[second])
    return path


@pytest.mark.parametrize("name", ["in.mpo", "in.jpg"])
def test_the_second_picture_of_an_mpo_is_named(tmp_path: Path, name: str) -> None:
    path = two_pictures(tmp_path / name)
    still = still_of(path)
    assert still.notes == ("not carried over: further pictures of the file",)
    write_picture(read_picture(path), tmp_path / "out.jpg")
    assert b"MPF\0" not in (tmp_path / "out.jpg").read_bytes()


def test_an_ultra_hdr_picture_loses_its_gain_map(tmp_path: Path) -> None:
    path = two_pictures(tmp_path / "in.jpg")
    data = path.read_bytes()
    told = segment(0xE1, XMP + GAIN_MAP)
    path.write_bytes(data[:2] + told + data[2:])
    still = still_of(path)
    assert still.notes == ("not carried over: HDR gain map",)
    assert still.xmp is not None
    assert b"hdrgm:" not in still.xmp
    assert b"(c) me" in still.xmp


@pytest.mark.parametrize(
    ("marker", "content", "named"),
    [
        (0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0", "HDR gain map"),
        (0xEB, b"JP\0\1\0\0\0\1" + struct.pack(">I4s", 8, b"jumb"), "content credentials"),
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40), "extended XMP"),
    ],
)
def test_segments_that_are_left_out_are_named(
    tmp_path: Path, marker: int, content: bytes, named: str
) -> None:
    path = write_jpeg(tmp_path / "in.jpg", segment(marker, content))
    assert still_of(path).notes == (f"not carried over: {named}",)


def test_the_layers_of_a_tiff_are_named(tmp_path: Path) -> None:
    image = Image.fromarray(np.full((4, 5, 3), 90, np.uint8))
    image.save(tmp_path / "in.tif", tiffinfo={37724: b"8BIMLayr", 34377: b"8BIM"})
    assert still_of(tmp_path / "in.tif").notes == ("not carried over: Photoshop layers",)


def test_further_pages_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pages = [Image.new("L", (4, 4), level) for level in (10, 20)]
    pages[0].save(tmp_path / "in.tif", save_all=True, append_images=pages[1:])
    assert still_of(tmp_path / "in.tif").notes == (
        "not carried over: all pictures or pages but the first",
    )
    write_picture(read_picture(tmp_path / "in.tif"), tmp_path / "out.tif")
    assert "in.tif: not carried over: all pictures or pages but the first" in caplog.text


def test_the_content_credentials_of_a_png_are_named(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "in.png")
    data = (tmp_path / "in.png").read_bytes()
    (tmp_path / "in.png").write_bytes(data[:33] + chunk(b"caBX", b"jumb") + data[33:])
    assert still_of(tmp_path / "in.png").notes == ("not carried over: content credentials",)


@pytest.mark.parametrize("name", [b"uuid", b"xml "])
def test_boxes_of_metadata_in_jpeg_2000_are_named(tmp_path: Path, name: bytes) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "in.jp2")
    data = (tmp_path / "in.jp2").read_bytes()
    at = data.index(b"jp2c") - 4
    box = struct.pack(">I4s", 28, name) + bytes(20)
    (tmp_path / "in.jp2").write_bytes(data[:at] + box + data[at:])
    assert still_of(tmp_path / "in.jp2").notes == ("not carried over: metadata in boxes",)
