"""Damage that demuxers skip without an error: it is refused, or said where that is the rule."""

import logging
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image

from mediatrans.conversion.batch import convert
from mediatrans.conversion.options import ConvertOptions
from mediatrans.errors import ExitCode, InputError, OutputError
from mediatrans.media.animation import GIF_PICTURE, gif_blocks
from mediatrans.media.formats import kind_of
from mediatrans.media.wholeness import damage_of, doubt_of
from mediatrans.media.write.verification import Written, verify_video
from tests.media.clips import frames_of, open_video, translate, write_animation
from tests.media.ffmpeg_clips import ffmpeg, picture, sound

CODINGS = {
    ".mp4": ("-c:v", "libx264", "-c:a", "aac"),
    ".mov": ("-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    ".mkv": ("-c:v", "libx264", "-c:a", "aac"),
    ".webm": ("-c:v", "libvpx", "-auto-alt-ref", "0", "-c:a", "libopus"),
    ".avi": ("-c:v", "mpeg4", "-c:a", "mp3"),
    ".ts": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    ".wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    ".flv": ("-c:v", "flv", "-c:a", "mp3"),
    ".ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    ".nut": ("-c:v", "mpeg4", "-c:a", "mp3"),
    ".mxf": ("-c:v", "mpeg2video", "-c:a", "pcm_s16le", "-ar", "48000"),
}
SILENT = {
    ".ivf": ("-c:v", "libvpx-vp9"),
    ".y4m": (),
    ".gif": (),
    ".apng": ("-c:v", "apng", "-f", "apng"),
    ".mjpeg": ("-c:v", "mjpeg"),
    ".obu": ("-c:v", "libaom-av1", "-cpu-used", "8"),
}
SUFFIXES = [*CODINGS, *SILENT, ".webp"]
FRAMES = 10


def whole(folder: Path, suffix: str) -> Path:
    path = folder / f"whole{suffix}"
    if suffix == ".webp":
        return write_animation(path, [40] * FRAMES, size=(80, 20))
    heard = sound(0.4) if suffix in CODINGS else ()
    ffmpeg(*picture(0.4), *heard, "-g", "5", *(CODINGS | SILENT)[suffix], path)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_whole_file_is_read_in_silence(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = whole(tmp_path, suffix)
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(path)) == FRAMES
    assert caplog.text == ""
    assert damage_of(path) is None


@pytest.mark.parametrize("share", [0.5, 0.8])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_end_that_is_missing_is_an_input_error(
    tmp_path: Path, suffix: str, share: float
) -> None:
    content = whole(tmp_path, suffix).read_bytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(content[: int(len(content) * share) // 2 * 2 + 1])
    with pytest.raises(InputError, match=r"truncated|damaged|no frame|not a video"):
        frames_of(path)


@pytest.mark.parametrize("suffix", [".gif", ".y4m", ".nut", ".ts", ".apng", ".flv", ".webm"])
def test_a_partial_file_is_kept_when_asked(pair: Path, suffix: str) -> None:
    content = whole(Path(), suffix).read_bytes()
    path = Path(f"cut{suffix}")
    path.write_bytes(content[: len(content) * 8 // 10 // 2 * 2 + 1])
    (row,) = convert(path, "night").jobs
    assert (row.status, row.exit_code) == ("failed", ExitCode.INPUT)
    (row,) = convert(path, "night", ConvertOptions(keep_partial=True)).jobs
    assert (row.status, row.exit_code) == ("partial", ExitCode.INPUT)
    assert row.output is not None
    assert 0 < row.frames < FRAMES
    assert len(frames_of(row.output)) == row.frames


def overwrite(path: Path, at: int, content: bytes) -> Path:
    data = bytearray(path.read_bytes())
    data[at : at + len(content)] = content
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", [".webm", ".mkv", ".flv", ".wmv", ".gif", ".apng", ".mxf"])
def test_frames_that_a_demuxer_skips_are_damage(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = whole(tmp_path, suffix)
    size = path.stat().st_size
    unsaid = []
    for part in range(4, 10):
        changed = path.with_name(f"{part}{suffix}")
        changed.write_bytes(path.read_bytes())
        overwrite(changed, size * part // 11, bytes(range(1, 41)))
        caplog.clear()
        try:
            frames = len(frames_of(changed))
        except InputError:
            continue
        if frames < FRAMES and not caplog.records:
            unsaid.append(part)
    assert unsaid == []


def test_an_ebml_length_that_is_damaged_is_said_with_its_frame(tmp_path: Path) -> None:
    path = whole(tmp_path, ".webm")
    content = path.read_bytes()
    blocks = [at for at in range(len(content)) if content[at : at + 1] == b"\xa3"]
    found = ""
    for at in blocks[len(blocks) // 2 :]:
        changed = path.with_name("flipped.webm")
        changed.write_bytes(content)
        overwrite(changed, at + 1, b"\x10")
        try:
            frames_of(changed)
        except InputError as error:
            found += error.problem + "\n"
    assert "damaged" in found
    assert "frame 0" not in found
    assert "exceeds containing master element" in found


def test_a_transport_stream_without_some_bytes_is_read_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = whole(tmp_path, ".ts").read_bytes()
    path = tmp_path / "lost.ts"
    path.write_bytes(content[:7000] + content[7000 + 188 + 188 :])
    assert doubt_of(path, "mpegts", FRAMES) is None
    path.write_bytes(content[:7000] + content[7050:] + bytes(50))
    assert doubt_of(path, "mpegts", FRAMES) == "bytes are missing in 2 places"
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(path)) <= FRAMES
    assert "damaged: bytes are missing in 2 places" in caplog.text


def test_a_gif_picture_that_swallows_others_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = whole(tmp_path, ".gif")
    content = path.read_bytes()
    with path.open("rb") as file:
        first = next(at for kind, at in gif_blocks(file) if kind == GIF_PICTURE)
    # One byte more in front of a part: its length is then taken from the middle of the picture.
    flags = content[first + 9]
    at = first + 11 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    path.write_bytes(content[: at + 1] + content[at + 60 :])
    try:
        with caplog.at_level(logging.WARNING):
            assert len(frames_of(path)) <= FRAMES
    except InputError:
        return
    assert "damaged: the picture at byte" in caplog.text


def test_a_gif_whose_pictures_are_hidden_is_still_an_animation(tmp_path: Path) -> None:
    path = whole(tmp_path, ".gif")
    content = path.read_bytes()
    assert kind_of(path) == "video"
    path.write_bytes(content[:139] + content[160:])  # in the palette: all blocks move
    assert kind_of(path) == "video"
    with pytest.raises(InputError, match=r"damaged at byte|not a video"):
        frames_of(path)
    still = tmp_path / "still.gif"
    Image.new("RGB", (200, 200), (9, 90, 200)).save(still)
    assert kind_of(still) == "image"
    still.write_bytes(still.read_bytes()[:-1])
    assert kind_of(still) == "image"


def test_a_raw_jpeg_that_swallows_another_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = whole(tmp_path, ".mjpeg")
    starts = path.read_bytes().split(b"\xff\xd8\xff")
    path.write_bytes(b"\xff\xd8\xff".join(starts[:5]) + b"xyz" + b"\xff\xd8\xff".join(starts[5:]))
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(path)) < FRAMES
    assert f"damaged: it has marks of {FRAMES} pictures" in caplog.text


def multipart(path: Path, *, length: bool = True, closing: bytes = b"--part--\r\n") -> Path:
    """The Motion JPEG of a network camera; another name of the boundary than FFmpeg's."""
    raw = whole(path.parent, ".mjpeg").read_bytes()
    parts = [b"\xff\xd8\xff" + part for part in raw.split(b"\xff\xd8\xff")[1:]]
    assert len(parts) == FRAMES
    content = b""
    for part in parts:
        told = b"\r\nContent-Length: %d" % len(part) if length else b""
        content += b"--part\r\nContent-Type: image/jpeg" + told + b"\r\n\r\n" + part + b"\r\n"
    path.write_bytes(content + closing)
    return path


@pytest.mark.parametrize("closing", [b"--part--\r\n", b"--part\r\n", b""])
@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("suffix", [".mjpg", ".mjpeg"])
def test_motion_jpeg_of_network_cameras_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, suffix: str, length: bool, closing: bytes
) -> None:
    path = multipart(tmp_path / f"camera{suffix}", length=length, closing=closing)
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(path)) == FRAMES
    assert caplog.text == ""


@pytest.mark.parametrize("length", [True, False])
def test_motion_jpeg_of_network_cameras_that_is_cut_is_damaged(
    tmp_path: Path, length: bool
) -> None:
    path = multipart(tmp_path / "camera.mjpg", length=length)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"truncated|cut short"):
        frames_of(path)


def test_a_length_in_motion_jpeg_of_network_cameras_that_is_wrong_is_damage(tmp_path: Path) -> None:
    path = multipart(tmp_path / "camera.mjpg")
    content = path.read_bytes()
    middle = content.index(b"Content-Length", len(content) // 2)
    path.write_bytes(content[:middle] + b"Content-Length: 9\r\nX-" + content[middle:])
    with pytest.raises(InputError, match="damaged at byte"):
        frames_of(path)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mjpeg"])
def test_frames_that_cannot_be_decoded_are_damage(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "in.mp4"
    log = ("-x265-params", "log-level=error") if codec == "libx265" else ()
    ffmpeg(*picture(2), "-c:v", codec, *log, "-g", "10", path)
    with av.open(str(path)) as container:
        packets = [(p.pos or 0, p.size) for p in container.demux(video=0) if p.size]
    first, last = packets[20], packets[29]
    overwrite(path, first[0], bytes(last[0] + last[1] - first[0]))
    with pytest.raises(InputError, match="damaged"):
        frames_of(path)


@pytest.mark.parametrize("suffix", [".ivf", ".webm"])
@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
@pytest.mark.parametrize("lost", [20, -1], ids=["middle", "end"])
def test_a_frame_of_vpx_that_cannot_be_decoded_is_damage(
    tmp_path: Path, codec: str, suffix: str, lost: int
) -> None:
    """Frames that are hidden, which both codecs make with look-ahead, are not missed."""
    path = tmp_path / f"in{suffix}"
    ahead = ("-auto-alt-ref", "1", "-lag-in-frames", "16", "-b:v", "100k", "-arnr-maxframes", "7")
    ffmpeg(*picture(2), "-c:v", codec, *ahead, "-g", "10", path)
    assert len(frames_of(path)) == 50
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    content, packet = path.read_bytes(), packets[lost]
    assert content.count(packet) == 1
    path.write_bytes(content.replace(packet, b"\xff" * len(packet)))
    with pytest.raises(InputError, match=r"damaged|not supported"):
        frames_of(path)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_box_that_is_declared_too_long_misses_nothing(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"in{suffix}"
    ffmpeg(*picture(), *sound(1), "-c:v", "libx264", "-movflags", "+faststart", path)
    content = path.read_bytes()
    at = content.index(b"mdat") - 4
    length = int.from_bytes(content[at : at + 4])
    overwrite(path, at, (length + 8).to_bytes(4))
    assert damage_of(path) is None
    assert len(frames_of(path)) == 25
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"truncated: \d{2,3} bytes are missing"):
        frames_of(path)


def test_numbers_in_messages_can_be_true(tmp_path: Path) -> None:
    path = tmp_path / "in.mkv"
    ffmpeg(*picture(), "-c:v", "libx264", path)
    at = path.read_bytes().index(b"\x18\x53\x80\x67") + 4
    overwrite(path, at, b"\x01\x3f\xbe\x5c\x6c\x9f\x00\x00")
    assert damage_of(path) == "the file is damaged: a size in it leads far beyond its end"


def test_a_declared_duration_that_is_not_reached_is_damage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "in.flv"
    ffmpeg(*picture(4), "-c:v", "flv", path)
    content = path.read_bytes()
    ends, at = [], 13
    while at < len(content):  # tags end where their sizes say
        at += 11 + int.from_bytes(content[at + 1 : at + 4]) + 4
        ends.append(at)
    path.write_bytes(content[: ends[40]])
    assert damage_of(path) is None
    with pytest.raises(InputError, match=r"it ends 2\.\d\d s before the end that its header"):
        frames_of(path)
    path.write_bytes(content[: ends[92]])
    with caplog.at_level(logging.WARNING):
        assert 85 < len(frames_of(path)) < 100
    assert "before the end that its header declares; frames may be missing" in caplog.text


def test_a_part_of_a_file_is_not_measured_by_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "in.mkv"
    ffmpeg(*picture(4), "-c:v", "libx264", "-g", "10", path)
    with caplog.at_level(logging.WARNING):
        for part in ({"limit": 5}, {"end_s": 1.0}, {"start_s": 3.0}):
            with open_video(path, **part) as frames:
                assert 0 < len(list(frames)) <= 25
    assert caplog.text == ""


def test_frames_that_an_edit_list_hides_are_missed(tmp_path: Path) -> None:
    whole_clip, path = tmp_path / "whole.mp4", tmp_path / "in.mp4"
    ffmpeg(*picture(2), "-c:v", "libx264", "-g", "50", whole_clip)
    ffmpeg("-ss", "1.1", "-i", whole_clip, "-c", "copy", path)
    shown = len(frames_of(path))
    assert shown < 30
    written = Written(shown, 96, 64, 0, ["video"], {0: Fraction(shown - 1, 25)})
    verify_video(path, path, written)
    with pytest.raises(OutputError, match=f"shows {shown} of 50 frames"):
        verify_video(path, path, replace(written, frames=50))


def test_an_output_of_a_trimmed_source_shows_all_its_frames(tmp_path: Path) -> None:
    whole_clip, path = tmp_path / "whole.mov", tmp_path / "in.mov"
    ffmpeg(*picture(2), *sound(2), "-c:v", "libx264", "-g", "50", whole_clip)
    ffmpeg("-ss", "0.7", "-i", whole_clip, "-c", "copy", path)
    output = translate(path, tmp_path / "out.mov", verification="full")
    assert len(frames_of(output)) == len(frames_of(path))
