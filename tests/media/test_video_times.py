"""Every frame once, at its own time; sound beside it as it was."""

import logging
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from mediatrans.media.ffmpeg import run_ffmpeg
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.times import SteadyClock
from mediatrans.media.write.destination import PublishedFile
from mediatrans.media.write.video_sink import VideoSink
from tests.media.clips import (
    MILLISECOND,
    largest_difference,
    packets_of,
    times_of,
    translate,
    write_clip,
)

CONSTANT = [index * 40 for index in range(40)]
VARIABLE = [0, 7, 40, 41, 130, 400, 401, 950, 1000, 1033, 1500, 2400]
LATE = [333 + index * 40 for index in range(20)]
TIMES = {"constant": CONSTANT, "variable": VARIABLE, "late": LATE}


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES.keys())
def test_times_are_exact(tmp_path: Path, suffix: str, times: Sequence[int]) -> None:
    codec = "libvpx-vp9" if suffix == ".webm" else "libx264"
    source = write_clip(tmp_path / f"in{suffix}", times, codec=codec, sound_s=1)
    output = translate(source, tmp_path / f"out{suffix}")
    assert len(times_of(source)) == len(times)
    assert largest_difference(times_of(source), times_of(output)) == 0


@pytest.mark.parametrize(
    "time_base",
    [Fraction(1, 90000), Fraction(1, 15360), Fraction(1001, 30000), Fraction(1, 29)],
    ids=str,
)
def test_mp4_keeps_the_sources_clock(tmp_path: Path, time_base: Fraction) -> None:
    step = max(1, round(Fraction(1, 25) / time_base))
    times = [index * step + step // 3 for index in range(2, 30)]
    source = write_clip(tmp_path / "in.mp4", times, time_base=time_base)
    output = translate(source, tmp_path / "out.mp4")
    assert largest_difference(times_of(source), times_of(output)) == 0


def test_matroska_rounds_a_finer_clock_to_its_millisecond(tmp_path: Path) -> None:
    source = write_clip(
        tmp_path / "in.ts", [index * 3003 for index in range(30)], time_base=Fraction(1, 90000)
    )
    output = translate(source, tmp_path / "out.mkv")
    assert largest_difference(times_of(source), times_of(output)) <= Fraction(1, 2000)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
@pytest.mark.parametrize("first", [0, 500])
def test_sound_packets_are_identical(tmp_path: Path, suffix: str, first: int) -> None:
    codec = "libvpx-vp9" if suffix == ".webm" else "libx264"
    times = [first + time for time in CONSTANT]
    source = write_clip(tmp_path / f"in{suffix}", times, codec=codec, sound_s=2.5)
    output = translate(source, tmp_path / f"out{suffix}")
    packets = packets_of(source, "audio")
    assert len(packets) > 50
    assert packets_of(output, "audio") == packets
    assert times_of(output)[0] - packets_of(output, "audio")[0][0] == (
        times_of(source)[0] - packets[0][0]
    )


def test_the_last_frames_duration_is_kept(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", VARIABLE)
    output = translate(source, tmp_path / "out.mp4")
    with VideoSource(source) as before, VideoSource(output) as after:
        last = [list(frames)[-1] for frames in (before, after)]
    durations = [
        frame.duration * frame.time_base for frame in last if frame.duration and frame.time_base
    ]
    assert len(durations) == 2
    assert durations[0] == durations[1]


def test_a_trimmed_clip_begins_at_nought_with_its_sound(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", CONSTANT, sound_s=1.6, options={"g": "10"})
    output = tmp_path / "out.mp4"
    with (
        VideoSource(source, start_s=Fraction(1, 2), end_s=1.0) as frames,
        VideoSink(PublishedFile(output), frames.info) as sink,
    ):
        for frame in frames:
            sink.write(frame)
    assert times_of(output) == [Fraction(t, 1000) - Fraction(1, 2) for t in range(520, 1000, 40)]
    begin = Fraction(1, 2)
    kept = [
        (time - begin, data)
        for time, data in packets_of(source, "audio")
        if begin <= time < Fraction(1)
    ]
    assert packets_of(output, "audio") == kept


def test_a_limit_stops_the_sound_with_the_last_frame(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", CONSTANT, sound_s=1.6)
    output = translate(source, tmp_path / "out.mp4", limit=10)
    assert len(times_of(output)) == 10
    sound = packets_of(output, "audio")
    assert sound == packets_of(source, "audio")[: len(sound)]
    assert Fraction(36, 100) < sound[-1][0] <= Fraction(4, 10)


@pytest.mark.parametrize(("start", "end"), [(10, None), (None, 0)])
def test_a_trim_to_nothing_is_said(tmp_path: Path, start: float | None, end: float | None) -> None:
    source = write_clip(tmp_path / "in.mp4", CONSTANT)
    with (
        pytest.raises(Exception, match="no frame"),
        VideoSource(source, start_s=start, end_s=end),
    ):
        pass


def test_the_frame_count_is_foreseen(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", CONSTANT)
    with VideoSource(source) as whole, VideoSource(source, limit=7) as preview:
        assert whole.info.frame_count == len(CONSTANT)
        assert preview.info.frame_count == 7
        assert whole.info.time_base < MILLISECOND


def stamped(path: Path, times: Sequence[int]) -> Path:
    """A Matroska file of pictures that each stand alone, whose packets bear the given times."""
    whole = write_clip(
        path.with_name("whole.mkv"), range(len(times)), codec="mjpeg", pixel_format="yuvj420p"
    )
    with av.open(str(whole)) as source, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        packets = (packet for packet in source.demux(video=0) if packet.size)
        for packet, time in zip(packets, times, strict=True):
            packet.pts, packet.dts = time, None
            packet.stream = stream
            output.mux(packet)
    return path


@pytest.mark.parametrize(
    ("given", "repaired"),
    [
        ([0, 40, 80, 80, 160, 200], [0, 40, 80, 81, 160, 200]),
        ([0, 40, 80, 60, 160, 200], [0, 40, 80, 81, 160, 200]),
        ([0, 0, 0, 40], [0, 1, 2, 40]),
        # Two recordings joined: the second goes on where the first has ended.
        ([960, 1000, 1040, 0, 40, 80], [960, 1000, 1040, 1080, 1120, 1160]),
    ],
)
def test_times_that_repeat_or_go_back_are_repaired_and_said(
    tmp_path: Path, given: list[int], repaired: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    clock = SteadyClock("a.mkv", MILLISECOND)
    with caplog.at_level(logging.WARNING):
        assert [clock.tick(time, 40) for time in given] == repaired
    assert caplog.text.count("repaired") == 1


def test_repeated_times_come_through_the_whole_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = stamped(tmp_path / "in.mkv", [0, 40, 80, 80, 160, 200])
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mkv")
    assert [1000 * time for time in times_of(output)] == [0, 40, 80, 81, 160, 200]
    assert "some timestamps repeat or go back; repaired" in caplog.text


@pytest.mark.parametrize("name", ["raw.h264", "raw.y4m", "live.mkv", "fragments.mp4", "a.avi"])
def test_streams_that_state_no_length_come_out_whole(tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    options = {
        "raw.h264": ["-c:v", "libx264", "-bf", "2"],
        "raw.y4m": [],
        "live.mkv": ["-c:v", "libx264", "-live", "1", "-flush_packets", "1"],
        "fragments.mp4": ["-c:v", "libx264", "-movflags", "frag_keyframe+empty_moov"],
        "a.avi": ["-c:v", "mpeg4", "-bf", "2"],
    }
    run_ffmpeg(
        [
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=96x64:rate=25:duration=1",
            *options[name],
            str(source),
        ],
        timeout_s=60,
    )
    output = translate(source, tmp_path / "out.mkv")
    times = times_of(output)
    assert len(times) == 25
    assert {round(1000 * (b - a)) for a, b in pairwise(times)} == {40}


def test_edit_lists_are_kept_to(tmp_path: Path) -> None:
    whole = write_clip(
        tmp_path / "whole.mp4", [index * 40 for index in range(75)], sound_s=3, options={"g": "250"}
    )
    source = tmp_path / "in.mp4"
    run_ffmpeg(["-ss", "1.1", "-i", str(whole), "-c", "copy", str(source)], timeout_s=60)
    output = translate(source, tmp_path / "out.mp4")
    assert len(times_of(source)) < 75
    assert largest_difference(times_of(source), times_of(output)) == 0
    assert packets_of(output, "audio") == packets_of(source, "audio")
