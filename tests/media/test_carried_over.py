"""Chapters, empty tracks, tags and codec tags: carried over, or named where they are lost."""

import logging
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition

from mediatrans.media.write.codecs import Encoding
from mediatrans.media.write.copied_metadata import warn_of_lost_tags
from tests.media.clips import frames_of, times_of, translate, write_clip
from tests.media.ffmpeg_clips import ffmpeg, picture, shown_frames, sound

CHAPTERS = (
    ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=800\ntitle=One\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=800\nEND=2000\ntitle=Two\n"
)
QUICKTIME = {
    "com.apple.quicktime.location.ISO6709": "+48.1372+011.5755/",
    "com.apple.quicktime.make": "Apple",
    "com.apple.quicktime.model": "iPhone",
    "com.apple.quicktime.creationdate": "2024-01-02T03:04:05+0200",
    "album": "Summer",
}


def titles(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [chapter["metadata"]["title"] for chapter in container.chapters()]


@pytest.mark.parametrize("timecode", [(), ("-timecode", "01:02:03:04")], ids=["", "timecode"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4v", ".mkv"])
def test_chapters_of_quicktime_are_copied(
    tmp_path: Path, suffix: str, timecode: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    chapters, source = tmp_path / "c.txt", tmp_path / "in.mov"
    chapters.write_text(CHAPTERS)
    ffmpeg(
        *picture(2), *sound(2), "-i", chapters, "-map_metadata", "2", "-c:v", "libx264", *timecode,
        source,
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / f"out{suffix}", verification="full")
    assert caplog.text == ""
    assert titles(output) == titles(source) == ["One", "Two"]
    if suffix != ".mkv":  # and again, from a file that this program has written
        assert titles(translate(output, tmp_path / f"again{suffix}")) == ["One", "Two"]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("empty_first", [True, False])
def test_a_track_without_packets_is_no_obstacle(
    tmp_path: Path, suffix: str, empty_first: bool
) -> None:
    source = tmp_path / "in.mkv"
    order = ("[e]", "0:v", "2:a") if empty_first else ("0:v", "[e]", "2:a")
    mapped = [word for name in order for word in ("-map", name)]
    ffmpeg(
        *picture(2), *sound(2), *sound(2), "-filter_complex", "[1:a]atrim=end=0[e]", *mapped,
        "-c:v", "libx264", "-c:a", "aac", source,
    )  # fmt: skip
    output = translate(source, tmp_path / f"out{suffix}", verification="full")
    assert shown_frames(output) == 50
    with av.open(str(output)) as container:
        assert len(container.streams.audio) == (2 if suffix == ".mkv" else 1)


@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_tags_of_quicktime_are_kept(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in.mov"
    tags = [word for key, value in QUICKTIME.items() for word in ("-metadata", f"{key}={value}")]
    ffmpeg(*picture(), "-c:v", "libx264", "-movflags", "use_metadata_tags", *tags, source)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / f"out{suffix}")
    assert caplog.text == ""
    with av.open(str(output)) as container:
        assert QUICKTIME.items() <= container.metadata.items()


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".gif"])
def test_tags_that_a_format_cannot_hold_are_named(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in.mkv"
    ffmpeg(
        *picture(0.4), "-c:v", "libx264", "-metadata", "title=Summer", "-metadata",
        "director_of_photography=Ada", "-metadata", "mood=calm", source,
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        translate(source, tmp_path / f"out{suffix}")
    assert "tags that its format cannot hold are dropped: " in caplog.text
    assert "DIRECTOR_OF_PHOTOGRAPHY" in caplog.text
    assert "MOOD" in caplog.text
    assert ("title" in caplog.text) == (suffix == ".gif")


@pytest.mark.parametrize("source_suffix", [".mkv", ".mov", ".mp4"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_titles_of_streams_are_kept_and_their_other_tags_named(
    tmp_path: Path, source_suffix: str, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / f"in{source_suffix}"
    ffmpeg(
        *picture(0.4), *sound(0.4), "-c:v", "libx264", "-c:a", "aac", "-metadata:s:v", "title=Main",
        "-metadata:s:a", "title=Comments", "-metadata:s:a", "mood=calm", source,
    )  # fmt: skip
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / f"out{suffix}")
    with av.open(str(output)) as container:
        tags = [stream.metadata for stream in container.streams]
    assert [tag.get("title", tag.get("name")) for tag in tags] == ["Main", "Comments"]
    is_lost = source_suffix == ".mkv" and suffix != ".mkv"
    assert ("dropped: MOOD of stream 1" in caplog.text) == is_lost
    assert caplog.text.count("WARNING") == is_lost


@pytest.mark.parametrize(
    ("source_suffix", "flag", "lost_in"),
    [
        (".mkv", "comment", {".mov"}),
        (".mkv", "hearing_impaired", {".mov"}),
        (".mkv", "original", {".mov", ".mp4"}),
        (".mkv", "forced", {".mov"}),
        (".mp4", "dub", {".mov"}),
        (".nut", "lyrics", {".mov", ".mp4", ".mkv"}),
        (".nut", "karaoke", {".mov", ".mp4", ".mkv"}),
    ],
)
@pytest.mark.parametrize("suffix", [".mov", ".mp4", ".mkv"])
def test_flags_of_streams_are_kept_or_named(
    tmp_path: Path,
    source_suffix: str,
    flag: str,
    lost_in: set[str],
    suffix: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = tmp_path / f"in{source_suffix}"
    ffmpeg(
        *picture(0.4), *sound(0.4), *sound(0.4), "-map", "0", "-map", "1", "-map", "2",
        "-c:v", "libx264", "-c:a", "aac", "-disposition:v", "default",
        "-disposition:a:0", "default", "-disposition:a:1", flag, source,
    )  # fmt: skip
    with av.open(str(source)) as container:
        assert container.streams[2].disposition & Disposition[flag]
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / f"out{suffix}")
    with av.open(str(output)) as container:
        found = container.streams[2].disposition
    words = flag.replace("_", " ")
    assert bool(found & Disposition[flag]) == (suffix not in lost_in)
    assert (f"cannot hold are dropped: {words} of stream 2" in caplog.text) == (suffix in lost_in)
    assert caplog.text.count("WARNING") == (suffix in lost_in)


def test_a_date_that_stands_for_none_is_not_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ffmpeg(*picture(0.4), "-c:v", "libx264", tmp_path / "a.mp4")
    never = {"creation_time": "1970-01-01T00:00:00.000000Z"}
    warn_of_lost_tags(tmp_path / "a.mp4", tmp_path / "a.mp4", never, [never])
    assert caplog.text == ""


@pytest.mark.parametrize("suffix", [".webp", ".gif", ".apng"])
def test_animations_name_tags_and_chapters(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    chapters, source = tmp_path / "c.txt", tmp_path / "in.mkv"
    chapters.write_text(CHAPTERS.replace("METADATA1\n", "METADATA1\ntitle=Summer\n"))
    ffmpeg(*picture(2), "-i", chapters, "-map_metadata", "1", "-c:v", "libx264", source)
    with caplog.at_level(logging.WARNING):
        translate(source, tmp_path / f"out{suffix}")
    assert "its 2 chapters are dropped" in caplog.text
    assert "title" in caplog.text


def test_a_file_that_does_not_open_names_no_tags(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    warn_of_lost_tags(tmp_path / "a.mp4", tmp_path / "a.mp4", {"title": "a"})


def codec_tags(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [stream.codec_context.codec_tag for stream in container.streams.video]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_hevc_has_the_tag_that_quicktime_plays(tmp_path: Path, suffix: str) -> None:
    source = write_clip(tmp_path / "in.mp4", range(0, 400, 40))
    output = translate(source, tmp_path / f"out{suffix}", encoding=Encoding("libx265"))
    assert codec_tags(output) == ["hvc1"]


@pytest.mark.parametrize("tag", ["hvc1", "hev1"])
def test_a_copied_hevc_track_keeps_tag_and_aspect(tmp_path: Path, tag: str) -> None:
    source = tmp_path / "in.mp4"
    ffmpeg(
        *picture(0.4), *picture(0.4, "64x48"), "-map", "0", "-map", "1", "-c:v:0", "libx264",
        "-c:v:1", "libx265", "-x265-params", "log-level=error", "-tag:v:1", tag, "-aspect:v:1",
        "2:1", source,
    )  # fmt: skip
    output = translate(source, tmp_path / "out.mp4")
    assert codec_tags(output) == ["avc1", "hvc1"]
    with av.open(str(output)) as container:
        assert container.streams.video[1].sample_aspect_ratio == Fraction(3, 2)


@pytest.mark.parametrize("codec", ["mpeg4", "mpeg2video", "mpeg1video"])
def test_an_encoder_with_a_coarse_clock_is_given_one(
    tmp_path: Path, codec: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = write_clip(
        tmp_path / "in.mp4", [3600 * index for index in range(25)], time_base=Fraction(1, 90000)
    )
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mkv", encoding=Encoding(codec))
    assert times_of(output) == times_of(source)
    assert f"{codec} takes no clock of 1/90000 s; timestamps are rounded to 1/" in caplog.text


def test_a_coarse_clock_keeps_every_time_distinct(tmp_path: Path) -> None:
    uneven = [0, 1, 2, 4000, 4001, 9000, 12000, 12001, 20000]
    source = write_clip(tmp_path / "in.mkv", uneven, time_base=Fraction(1, 1000))
    fine = tmp_path / "in.mp4"
    ffmpeg("-i", source, "-c", "copy", "-video_track_timescale", "1000000", fine)
    output = translate(fine, tmp_path / "out.mp4", encoding=Encoding("mpeg4"))
    times = times_of(output)
    assert len(set(times)) == len(uneven)
    assert max(abs(a - b) for a, b in zip(times, times_of(fine), strict=True)) < Fraction(1, 20000)


def test_dropped_streams_are_named_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in.mkv"
    fonts: list[str | Path] = []
    for number in range(12):
        (tmp_path / f"{number}.ttf").write_bytes(b"a font, so to say")
        fonts += ["-attach", tmp_path / f"{number}.ttf"]
    types = [word for n in range(12) for word in (f"-metadata:s:t:{n}", "mimetype=font/ttf")]
    ffmpeg(*picture(0.4), *fonts, *types, "-c:v", "libx264", source)
    with caplog.at_level(logging.WARNING):
        translate(source, tmp_path / "out.mp4")
    dropped = [record.message for record in caplog.records if "dropped; mp4" in record.message]
    assert len(dropped) == 1
    assert "stream 1 (attachment" in dropped[0]
    assert "4 more are dropped; mp4 cannot hold them" in dropped[0]


def test_a_tag_of_transparency_without_any_is_not_mentioned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in.webm"
    ffmpeg(*picture(0.4), "-c:v", "libvpx-vp9", "-metadata:s:v", "alpha_mode=1", source)
    with caplog.at_level(logging.WARNING):
        translate(source, tmp_path / "out.webm")
    assert "transparen" not in caplog.text


def test_transparency_that_is_lost_names_the_way_to_keep_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in.mov"
    clear = "format=yuva444p10le,colorchannelmixer=aa=0.5"
    ffmpeg(*picture(0.2), "-vf", clear, "-c:v", "prores_ks", "-profile:v", "4444", source)
    with caplog.at_level(logging.WARNING):
        translate(source, tmp_path / "out.mp4")
    assert "--vcodec prores_ks in .mov" in caplog.text
    caplog.clear()
    output = translate(source, tmp_path / "kept.mov", encoding=Encoding("prores_ks"))
    assert "opaque" not in caplog.text
    alpha = frames_of(output)[0].alpha
    assert alpha is not None
    assert alpha.mean() == pytest.approx(128, abs=3)
