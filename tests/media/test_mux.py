"""Streams, chapters and tags beside the picture come out as they went in."""

import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av import Packet
from av.stream import Disposition, Stream
from av.subtitles.subtitle import AssSubtitle

from mediatrans.errors import InputError
from mediatrans.media.ffmpeg import run_ffmpeg
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.write.destination import PublishedFile
from mediatrans.media.write.video_sink import VideoSink
from tests.media.clips import MILLISECOND, packets_of, times_of, translate, write_clip

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
    assert "stream 3 (subtitle, srt) is converted to mov_text for mp4" in caplog.text
    assert "stream 4 (attachment" in caplog.text
    with av.open(str(output)) as container:
        assert container.metadata["title"] == "Summer"
        assert len(container.chapters()) == 2
        assert container.streams.audio[0].language == "fra"


def subtitle_texts(path: Path) -> list[tuple[Fraction, str]]:
    with av.open(str(path)) as container:
        return [
            (packet.pts * packet.time_base, subtitle.dialogue.decode())
            for packet in container.demux(subtitles=0)
            if packet.pts is not None
            for subtitle in packet.decode()
            if isinstance(subtitle, AssSubtitle)
        ]


@pytest.mark.parametrize(
    ("first", "second"), [("mp4", "mov_text"), ("mov", "mov_text"), ("webm", "webvtt")]
)
def test_subtitles_are_converted_there_and_back(
    tmp_path: Path, first: str, second: str, caplog: pytest.LogCaptureFixture
) -> None:
    subtitles, source = tmp_path / "s.srt", tmp_path / "in.mkv"
    subtitles.write_text(SUBTITLES.replace("Hello", "<i>Hello</i>\nto all"))
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=2", "-i", subtitles,
        "-i", subtitles, "-map", "0", "-map", "1", "-map", "2", "-metadata:s:s:1", "language=fra",
        "-disposition:s:1", "forced", source,
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        there = translate(source, tmp_path / f"out.{first}")
    assert f"is converted to {second} for {first}" in caplog.text
    with av.open(str(there)) as container:
        tracks = container.streams.subtitles
        assert [track.codec_context.codec.name for track in tracks] == [second] * 2
        assert tracks[1].language == "fra"
        if first != "mov":  # which knows of no such thing
            assert tracks[1].disposition & Disposition.forced
    back = translate(there, tmp_path / "back.mkv")
    times, texts = zip(*subtitle_texts(source), strict=True)
    assert times == (Fraction(1, 5), Fraction(11, 10))
    assert "Hello" in texts[0]
    assert "to all" in texts[0]
    for path in (there, back):
        found, said = zip(*subtitle_texts(path), strict=True)
        assert found == times
        assert [text.replace(r"{\r}", r"{\i0}") for text in said] == list(texts)


@pytest.mark.parametrize(
    ("name", "sound", "output", "codec"),
    [
        ("in.mp4", ("aac", "-ac", "2"), "out.webm", "opus"),
        ("in.mkv", ("ac3", "-ac", "6"), "out.webm", "opus"),
        ("in.mkv", ("wmav2",), "out.mp4", "aac"),
    ],
)
def test_sound_is_converted_where_it_cannot_be_held(
    tmp_path: Path,
    name: str,
    sound: tuple[str, ...],
    output: str,
    codec: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = tmp_path / name
    click = "aevalsrc=exprs='if(between(t,0.5,0.51),0.9*sin(2*PI*1000*t),0)':s=44100:d=2"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=2", "-f", "lavfi", "-i", click,
        "-c:v", "libx264", "-c:a", *sound, "-metadata:s:a", "language=fra", source,
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        made = translate(source, tmp_path / output, verification="full")
    assert f"is converted to {'libopus' if codec == 'opus' else codec} for" in caplog.text
    with av.open(str(source)) as before, av.open(str(made)) as after:
        old, new = before.streams.audio[0], after.streams.audio[0]
        assert new.codec_context.codec.canonical_name == codec
        assert new.language == "fra"
        assert new.codec_context.layout.nb_channels == old.codec_context.layout.nb_channels
    assert abs(click_time(made) - click_time(source)) < 0.003


def click_time(path: Path) -> float:
    """When the loudest sample sounds, in seconds after the first frame is shown."""
    loudest, at = 0.0, 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray().astype(float)).max(axis=0)
            if samples.max() > loudest and frame.pts is not None and frame.time_base is not None:
                loudest = samples.max()
                heard = np.flatnonzero(samples > 0.5 * loudest)[0]
                at = float(frame.pts * frame.time_base) + heard / frame.sample_rate
    return at - float(times_of(path)[0])


def test_a_second_video_is_copied_and_the_first_translated(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=1",
        "-f", "lavfi", "-i", "color=red:size=32x32:rate=10:duration=1",
        "-map", "0", "-map", "1", "-c:v:0", "mpeg4", "-c:v:1", "libx264", "-bf", "2",
        "-disposition:v:1", "0", source,
    )  # fmt: skip
    output = translate(source, tmp_path / "out.mkv")
    assert layout(output) == layout(source)
    with av.open(str(source)) as before, av.open(str(output)) as after:
        copied = [
            [(p.pts, p.dts, bytes(p)) for p in container.demux(video=1) if p.size]
            for container in (before, after)
        ]
        assert after.streams.video[0].codec_context.codec.canonical_name == "h264"
    assert len(copied[0]) == 10
    assert copied[1] == copied[0]


def test_chapters_are_cut_with_the_clip(rich: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    with (
        VideoSource(rich, start_s=0.4, end_s=1.6) as frames,
        VideoSink(PublishedFile(output), frames.info) as sink,
    ):
        for frame in frames:
            sink.write(frame)
    with av.open(str(output)) as container:
        found = [
            (c["start"] * c["time_base"], c["end"] * c["time_base"], c["metadata"]["title"])
            for c in container.chapters()
            if c["time_base"] is not None
        ]
    assert found == [(0, Fraction(2, 5), "One"), (Fraction(2, 5), Fraction(6, 5), "Two")]


def with_telemetry(path: Path) -> Path:
    """A video beside which a camera's telemetry runs, four packets a second."""
    picture, data, tagged = (path.with_name(n) for n in ("v.mp4", "d.ts", "t.mp4"))
    raw = path.with_name("d.bin")
    raw.write_bytes(b"telemetry" * 20)
    drawn = ("-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=1", "-c:v", "libx264")
    ffmpeg(*drawn, picture)
    ffmpeg(*drawn[:4], "-f", "data", "-i", raw, "-map", "0", "-map", "1", "-c:d", "copy", data)
    ffmpeg("-i", data, "-map", "0", "-c", "copy", "-tag:d", "gpmd", tagged)
    with (
        av.open(str(tagged)) as template,
        av.open(str(picture)) as source,
        av.open(str(path), "w") as output,
    ):
        video = output.add_stream_from_template(source.streams.video[0])
        telemetry = output.add_stream_from_template(template.streams.data[0])
        telemetry.time_base = MILLISECOND
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                output.mux_one(packet)
        for index in range(4):
            measured: Packet[Stream] = Packet(bytes([index]) * 40)
            measured.pts = measured.dts = 250 * index
            measured.duration, measured.time_base = 250, MILLISECOND
            measured.stream = telemetry
            output.mux_one(measured)
    return path


def test_a_cameras_telemetry_is_copied_or_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = with_telemetry(tmp_path / "in.mp4")
    with caplog.at_level(logging.WARNING):
        outputs = [translate(source, tmp_path / name) for name in ("out.mp4", "out.mov")]
    assert caplog.text == ""
    packets = packets_of(source, "data")
    assert len(packets) == 4
    for output in outputs:
        assert packets_of(output, "data") == packets
    with caplog.at_level(logging.WARNING):
        translate(source, tmp_path / "out.mkv")
    assert "stream 1 (data" in caplog.text
    assert "is dropped; matroska cannot hold it" in caplog.text


def test_a_timecode_is_kept_without_an_alarm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in.mov"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=1",
        "-c:v", "libx264", "-timecode", "01:02:03:04", source,
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mov")
    assert caplog.text == ""
    with av.open(str(output)) as container:
        assert container.streams.video[0].metadata["timecode"] == "01:02:03:04"


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
        with pytest.raises(InputError), VideoSink(PublishedFile(tmp_path / "out.mp4"), frames.info):
            pass
    assert list(tmp_path.iterdir()) == []
