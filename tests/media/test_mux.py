"""Streams, chapters and tags beside the picture come out as they went in."""

import logging
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition

from mediatrans.errors import InputError
from mediatrans.media.ffmpeg import run_ffmpeg
from mediatrans.media.video import VideoSource
from mediatrans.media.video_sink import VideoSink
from tests.media.clips import packets_of, times_of, translate, write_clip

SUBTITLES = "1\n00:00:00,200 --> 00:00:00,900\nHello\n\n2\n00:00:01,100 --> 00:00:01,700\nagain\n"
CHAPTERS = (
    ";FFMETADATA1\ntitle=Summer\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=800\ntitle=One\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=800\nEND=2000\ntitle=Two\n"
)


def ffmpeg(*arguments: str | Path) -> None:
    code, _, log = run_ffmpeg(["-y", *map(str, arguments)], timeout_s=60)
    assert code == 0, log


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """Matroska: sound before and after the picture, subtitles, a font, chapters, tags."""
    subtitles, chapters, font = (tmp_path / name for name in ("s.srt", "c.txt", "f.ttf"))
    subtitles.write_text(SUBTITLES)
    chapters.write_text(CHAPTERS)
    font.write_bytes(b"a font, so to say" * 20)
    path = tmp_path / "rich.mkv"
    ffmpeg(
        "-f", "lavfi", "-i", "sine=frequency=300:duration=2",
        "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=2",
        "-f", "lavfi", "-i", "sine=frequency=500:duration=2",
        "-i", subtitles, "-i", chapters, "-attach", font,
        "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_metadata", "4",
        "-c:a:0", "aac", "-c:a:1", "libopus", "-c:s", "srt", "-metadata:s:a:0", "language=fra",
        "-metadata:s:a:1", "language=deu", "-metadata:s:a:1", "title=Kommentar",
        "-metadata:s:t", "mimetype=font/ttf", "-disposition:a:1", "comment",
        path,
    )  # fmt: skip
    return path


def layout(path: Path) -> list[tuple[str, str | None, Disposition]]:
    with av.open(str(path)) as container:
        return [(s.type, s.language, s.disposition) for s in container.streams]


def test_matroska_keeps_every_stream(rich: Path, tmp_path: Path) -> None:
    output = translate(rich, tmp_path / "out.mkv")
    assert layout(output) == layout(rich)
    assert [kind for kind, _, _ in layout(output)] == [
        "audio", "video", "audio", "subtitle", "attachment",
    ]  # fmt: skip
    for kind in ("audio", "subtitle"):
        assert packets_of(output, kind) == packets_of(rich, kind)
    with av.open(str(rich)) as before, av.open(str(output)) as after:
        assert after.streams.attachments[0].data == before.streams.attachments[0].data
        assert after.streams.attachments[0].mimetype == "font/ttf"
        assert after.streams.audio[1].metadata["title"] == "Kommentar"
        assert after.metadata["title"] == "Summer"
        assert [(c["start"], c["end"], c["metadata"]) for c in after.chapters()] == [
            (c["start"], c["end"], c["metadata"]) for c in before.chapters()
        ]
        assert len(after.chapters()) == 2


def test_what_mp4_cannot_hold_is_dropped_and_named(
    rich: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        output = translate(rich, tmp_path / "out.mp4")
    kinds = [kind for kind, _, _ in layout(output)]
    assert kinds.count("audio") == 2
    assert kinds.count("subtitle") == 1
    assert "stream 3 (subtitle, srt) becomes mov_text in mp4" in caplog.text
    assert "stream 4 (attachment" in caplog.text
    with av.open(str(output)) as container:
        assert container.metadata["title"] == "Summer"
        assert len(container.chapters()) == 2
        assert container.streams.audio[0].language == "fra"


def test_a_transport_stream_becomes_matroska_with_its_sound(tmp_path: Path) -> None:
    source = write_clip(
        tmp_path / "in.ts", [index * 3600 for index in range(30)],
        time_base=Fraction(1, 90000), sound_s=1.2,
    )  # fmt: skip
    output = translate(source, tmp_path / "out.mkv")
    before, after = packets_of(source, "audio"), packets_of(output, "audio")
    assert len(after) == len(before)
    # Matroska holds AAC without the seven-byte header that a transport stream puts before it.
    assert [data for _, data in after] == [data[7:] for _, data in before]
    offsets = [(times_of(path)[0] - packets_of(path, "audio")[0][0]) for path in (source, output)]
    assert abs(offsets[0] - offsets[1]) <= Fraction(1, 1000)


def test_cover_pictures_and_second_videos_are_copied(tmp_path: Path) -> None:
    cover = tmp_path / "cover.jpg"
    ffmpeg("-f", "lavfi", "-i", "color=red:size=32x32", "-frames:v", "1", cover)
    source = tmp_path / "in.mp4"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=1", "-i", cover,
        "-map", "0", "-map", "1", "-c:v:1", "copy", "-disposition:v:1", "attached_pic", source,
    )  # fmt: skip
    output = translate(source, tmp_path / "out.mp4")
    assert layout(output) == layout(source)
    with av.open(str(source)) as before, av.open(str(output)) as after:
        pictures = [
            bytes(next(p for p in container.demux(video=1) if p.size))
            for container in (before, after)
        ]
    assert pictures[0] == pictures[1]
    assert len(times_of(output)) == 25


def test_sound_that_goes_on_after_the_picture_is_whole(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", [0, 40, 80], sound_s=3)
    output = translate(source, tmp_path / "out.mp4")
    assert packets_of(output, "audio") == packets_of(source, "audio")


def test_an_input_that_vanishes_midway_is_an_input_error(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", [0, 40, 80], sound_s=1)
    with VideoSource(source) as frames:
        source.unlink()
        with pytest.raises(InputError), VideoSink(tmp_path / "out.mp4", frames.info):
            pass
    assert list(tmp_path.iterdir()) == []
