"""Every frame once, at its own time; sound beside it as it was."""

import logging
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest

from mediatrans.media.video import VideoSource
from mediatrans.media.video_sink import VideoSink
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
        VideoSink(output, frames.info) as sink,
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
        pytest.raises(Exception, match="no picture"),
        VideoSource(source, start_s=start, end_s=end),
    ):
        pass


def test_the_frame_count_is_foreseen(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", CONSTANT)
    with VideoSource(source) as whole, VideoSource(source, limit=7) as preview:
        assert whole.info.frame_count == len(CONSTANT)
        assert preview.info.frame_count == 7
        assert whole.info.time_base < MILLISECOND


def test_times_that_repeat_are_repaired_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = write_clip(tmp_path / "in.mkv", CONSTANT[:6], codec="mjpeg", pixel_format="yuvj420p")
    repeating = tmp_path / "repeating.mkv"
    with av.open(str(source)) as whole, av.open(str(repeating), "w") as output:
        stream = output.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.pts is not None:
                packet.pts = packet.dts = min(packet.pts, 80) if packet.pts < 160 else packet.pts
                packet.stream = stream
                output.mux(packet)
    source = repeating
    with caplog.at_level(logging.WARNING), VideoSource(source) as frames:
        times = [frame.pts for frame in frames]
    assert times == [0, 40, 80, 81, 160, 200]
    assert "repaired" in caplog.text
