"""Animations stay animations: delays, plays, transparency and what else their files hold."""

import logging
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from mediatrans.errors import InputError, OutputError
from mediatrans.media.animation import animation_of
from mediatrans.media.formats import kind_of
from mediatrans.media.read.webp_source import WebpSource
from mediatrans.media.write import webp_sink as webp
from mediatrans.media.write_options import Verification
from tests.media.blocks import chunk
from tests.media.clips import (
    frames_of,
    open_video,
    times_of,
    translate,
    write_animation,
    write_clip,
)
from tests.media.ffmpeg_clips import ffmpeg, picture

DELAYS_MS = [70, 200, 500, 130]
SUFFIXES = [".gif", ".png", ".apng", ".webp"]


def delays_ms(path: Path) -> list[float]:
    """What an independent reader makes of an animation."""
    delays = []
    with Image.open(path) as picture:
        for index in range(getattr(picture, "n_frames", 1)):
            picture.seek(index)
            picture.load()
            delays.append(float(picture.info["duration"]))
    return delays


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("plays", [0, 1, 3])
def test_delays_and_plays_are_kept(tmp_path: Path, suffix: str, plays: int) -> None:
    source = write_animation(tmp_path / f"in{suffix}", DELAYS_MS, plays=plays)
    assert kind_of(source) == "video"
    output = translate(source, tmp_path / f"out{suffix}")
    assert delays_ms(output) == delays_ms(source) == DELAYS_MS
    before, after = animation_of(source), animation_of(output)
    assert before is not None
    assert after == before
    assert before.plays == plays


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("transparent", [True, False])
def test_pictures_are_kept(tmp_path: Path, suffix: str, transparent: bool) -> None:
    source = write_animation(tmp_path / f"in{suffix}", DELAYS_MS, transparent=transparent)
    output = translate(source, tmp_path / f"out{suffix}")
    before, after = frames_of(source), frames_of(output)
    assert len(after) == len(before) == len(DELAYS_MS)
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        assert (old.pixels[8, 6 + 4 * index] == (200, 40, 30)).all()
        shown = np.full(old.pixels.shape[:2], True)
        if transparent or suffix == ".gif":  # a GIF can always be transparent
            assert old.alpha is not None
            assert new.alpha is not None
            assert (new.alpha == old.alpha).all()
            assert (old.alpha.min() == 0) == transparent
            shown = old.alpha > 0
        tolerance = 8 if suffix == ".gif" else 0
        assert np.abs(old.pixels[shown].astype(int) - new.pixels[shown]).max() <= tolerance


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_picture_is_no_animation(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    Image.new("RGB", (9, 7), (80, 0, 0)).save(path)
    assert kind_of(path) == "image"


def test_a_webps_profile_and_metadata_are_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a walk"
    source = write_animation(
        tmp_path / "in.webp",
        DELAYS_MS,
        exif=exif.tobytes(),
        xmp=b"<x/>",
        icc_profile=b"profile" * 9,
    )
    output = translate(source, tmp_path / "out.webp")
    with Image.open(source) as before, Image.open(output) as after:
        for name in ("exif", "xmp", "icc_profile"):
            assert after.info[name] == before.info[name]


def test_a_lossy_webp_stays_lossy(tmp_path: Path) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    pictures = [Image.fromarray(np.roll(noise, 8 * shift, 0)) for shift in range(3)]
    source = tmp_path / "in.webp"
    pictures[0].save(source, save_all=True, append_images=pictures[1:], duration=40, quality=70)
    output = translate(source, tmp_path / "out.webp")
    assert b"VP8 " in output.read_bytes()
    assert b"VP8L" not in output.read_bytes()
    for old, new in zip(frames_of(source), frames_of(output), strict=True):
        assert np.abs(old.pixels.astype(int) - new.pixels).mean() < 20


@pytest.mark.parametrize("suffix", [".webp", ".apng", ".gif"])
def test_a_video_becomes_an_animation_and_its_sound_is_named(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = write_clip(tmp_path / "in.mp4", [500, 540, 700, 740], sound_s=1)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / f"out{suffix}")
    assert f"stream 1 (audio, aac, fra) is dropped; {suffix[1:]} cannot hold it" in caplog.text
    assert delays_ms(output)[:3] == [40, 160, 40]


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_an_animated_webp_becomes_a_video(tmp_path: Path, suffix: str) -> None:
    source = write_animation(tmp_path / "in.webp", DELAYS_MS, transparent=suffix == ".webm")
    output = translate(source, tmp_path / f"out{suffix}")
    assert [float(time) for time in times_of(output)] == [0, 0.07, 0.27, 0.77]
    assert (frames_of(output)[0].alpha is not None) == (suffix == ".webm")


def test_a_part_of_an_animated_webp(tmp_path: Path) -> None:
    source = write_animation(tmp_path / "in.webp", DELAYS_MS)
    with WebpSource(source, start_s=Fraction(7, 100), end_s=Fraction(77, 100)) as part:
        assert [frame.pts for frame in part] == [0, 200]
    with WebpSource(source, limit=3) as part:
        assert part.info.frame_count == 3
        assert [frame.index for frame in part] == [0, 1, 2]


def test_a_damaged_webp_is_an_input_error(tmp_path: Path) -> None:
    whole = write_animation(tmp_path / "in.webp", DELAYS_MS).read_bytes()
    for name, content in (("cut", whole[: len(whole) * 2 // 3]), ("still", whole[:40])):
        path = tmp_path / f"{name}.webp"
        path.write_bytes(content)
        with pytest.raises(InputError, match=name):
            frames_of(path)
    with pytest.raises(InputError, match="no such file"):
        frames_of(tmp_path / "absent.webp")


def test_a_finished_webp_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, output = write_animation(tmp_path / "in.webp", DELAYS_MS), tmp_path / "out.webp"
    chunk = webp._chunk

    def lose(name: bytes, content: bytes) -> bytes:
        if name == b"ANMF" and int.from_bytes(content[12:15], "little") == lost_ms:
            return b""
        return chunk(name, content)

    def damage(name: bytes, content: bytes) -> bytes:
        return chunk(name, content[:28] + bytes(len(content) - 28) if name == b"ANMF" else content)

    lost_ms = 500
    faults: list[tuple[Callable[[bytes, bytes], bytes], Verification, str]] = [
        (lose, "fast", "3 of 4 frames"),
        (damage, "full", "decode"),
    ]
    for fault, how, said in faults:
        monkeypatch.setattr(webp, "_chunk", fault)
        with pytest.raises(OutputError, match=said):
            translate(source, output, verification=how)
        assert not output.exists()


@pytest.mark.parametrize(
    ("name", "output", "named"),
    [
        ("in.png", "out.png", "colour profile, text"),
        ("in.png", "out.webp", "colour profile, text"),
        ("in.webp", "out.gif", "EXIF, XMP, colour profile"),
        ("in.webp", "out.mp4", "EXIF, XMP, colour profile"),
        ("in.webp", "out.webp", None),
        ("in.gif", "out.png", None),
    ],
)
def test_metadata_that_animations_lose_is_named(
    tmp_path: Path, name: str, output: str, named: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = [Image.new("RGB", (32, 24), (60 * index, 10, 10)) for index in range(3)]
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif, texts = Image.Exif(), PngImagePlugin.PngInfo()
    exif[0x010F] = "a camera"
    texts.add_text("Author", "me")
    told = {
        "in.png": {"pnginfo": texts, "icc_profile": profile},
        "in.webp": {"exif": exif, "xmp": b"<a/>", "icc_profile": profile},
        "in.gif": {},
    }[name]
    pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], **told)  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        translate(tmp_path / name, tmp_path / output)
    assert (f"{name}: not carried over: {named}" in caplog.text) == bool(named)
    assert caplog.text.count("not carried over") == bool(named)


def write_deep_apng(path: Path, pixel_format: str) -> Path:
    ffmpeg(*picture(0.4), "-vf", f"format={pixel_format}", "-c:v", "apng", "-f", "apng", path)
    return path


def with_picture_before(data: bytes) -> bytes:
    """An animated PNG with its first picture once more, for programs that know no animations."""
    parts, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        parts.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    first = b"".join(body for name, body in parts if name == b"IDAT")
    made, number, is_first = data[:8], 0, True
    for name, body in parts:
        if name == b"fcTL":
            made += chunk(b"IDAT", first) if is_first else b""
            is_first = False
            body = number.to_bytes(4) + body[4:]
        elif name in (b"IDAT", b"fdAT"):
            name, body = b"fdAT", number.to_bytes(4) + (body if name == b"IDAT" else body[4:])
        number += name in (b"fcTL", b"fdAT")
        made += chunk(name, body)
    return made


@pytest.mark.parametrize("pixel_format", ["rgba64be", "ya16be"])
@pytest.mark.parametrize("suffix", [".png", ".apng", ".mp4"])
def test_an_animated_png_with_16_bits_and_transparency_is_read(
    tmp_path: Path, suffix: str, pixel_format: str, caplog: pytest.LogCaptureFixture
) -> None:
    """FFmpeg does not compose it; its frames are those of the one with 8 bits."""
    source = write_deep_apng(tmp_path / "deep.png", pixel_format)
    to_8_bits = f"{pixel_format},format={'rgba' if 'rgb' in pixel_format else 'ya8'}"
    flat = write_deep_apng(tmp_path / "flat.png", to_8_bits)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / f"out{suffix}")
    assert "deep.png: 16 bits per channel; converted with 8" in caplog.text
    assert times_of(output) == times_of(flat)
    expected, found = frames_of(translate(flat, tmp_path / f"out-flat{suffix}")), frames_of(output)
    assert len(found) == len(expected) == 10
    for old, new in zip(expected, found, strict=True):
        assert np.abs(old.pixels.astype(int) - new.pixels).mean() < 2
        assert (old.alpha is None) == (new.alpha is None)


def test_a_picture_before_an_animated_png_is_not_part_of_it(tmp_path: Path) -> None:
    source = write_deep_apng(tmp_path / "deep.png", "rgba64be")
    source.write_bytes(with_picture_before(source.read_bytes()))
    with open_video(source) as frames:
        assert frames.info.frame_count == 10
        assert len(list(frames)) == 10


def test_a_damaged_animated_png_with_16_bits_is_an_input_error(tmp_path: Path) -> None:
    source = write_deep_apng(tmp_path / "deep.png", "rgba64be")
    source.write_bytes(source.read_bytes()[:-400])
    with pytest.raises(InputError, match=r"cut short|truncated"):
        frames_of(source)
