"""Clocks that start again, roll over, begin before zero, or count decoding: one time for all."""

import logging
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from mediatrans.media.joints import JointClock
from tests.media.clips import largest_difference, packets_of, times_of, translate
from tests.media.ffmpeg_clips import ffmpeg, picture, shown_frames, sound

TS = ("-c:v", "libx264", "-c:a", "aac")
VOB = ("-c:v", "mpeg2video", "-c:a", "mp2", "-f", "vob")


def offset(path: Path, after: Fraction = Fraction(0)) -> Fraction:
    """The first frame's time minus the first sound's, both after a time."""
    first_frame = min(time for time in times_of(path) if time > after)
    return first_frame - min(time for time, _ in packets_of(path, "audio") if time > after)


@pytest.mark.parametrize(("suffix", "coding"), [(".ts", TS), (".vob", VOB), (".mpg", VOB)])
@pytest.mark.parametrize("lengths", [(2, 3.5, 4, 4), (3, 1, 2, 2), (1, 1, 1, 1)], ids=str)
def test_joined_recordings_keep_sound_and_picture_together(
    tmp_path: Path,
    suffix: str,
    coding: tuple[str, ...],
    lengths: tuple[float, float, float, float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    parts = [tmp_path / f"p{number}{suffix}" for number in (1, 2)]
    for part, shown, heard in zip(parts, lengths[::2], lengths[1::2], strict=True):
        ffmpeg(*picture(shown), *sound(heard), *coding, part)
    joined = tmp_path / f"joined{suffix}"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    with caplog.at_level(logging.WARNING):
        output = translate(joined, tmp_path / "out.mkv")
    times = times_of(output)
    assert len(times) == 25 * (lengths[0] + lengths[2])
    assert all(b > a for a, b in pairwise(times))
    first_end = times[25 * int(lengths[0]) - 1]
    # The second recording begins after both streams of the first.
    begin = min(time for time in times if time > first_end)
    second_sound = min(
        time for time, _ in packets_of(output, "audio") if time > begin - Fraction(1, 4)
    )
    wanted = offset(parts[1])
    assert abs((begin - second_sound) - wanted) < Fraction(1, 4)
    assert f"{joined}: recordings were joined at " in caplog.text


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize(
    "coding", [TS, ("-c:v", "mpeg2video", "-c:a", "mp2")], ids=["avc", "mpeg2"]
)
def test_a_joint_without_a_gap_in_the_times_is_not_called_a_loss(
    tmp_path: Path, coding: tuple[str, ...], count: int, caplog: pytest.LogCaptureFixture
) -> None:
    parts = [tmp_path / f"p{number}.ts" for number in range(count)]
    for number, part in enumerate(parts):
        ffmpeg(*picture(2), *sound(2), *coding, "-output_ts_offset", str(2 * number), part)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    with caplog.at_level(logging.WARNING):
        output = translate(joined, tmp_path / "out.mkv")
    assert len(times_of(output)) == 50 * count
    places = "1 place" if count == 2 else "2 places"
    assert f"recordings were joined in {places}; nothing is missing there" in caplog.text
    assert "lost packets" not in caplog.text
    assert "stream 1" not in caplog.text
    assert caplog.text.count("WARNING") <= 2  # and that timestamps of the video repeat, if any do


def test_packets_that_are_lost_at_a_joint_are_still_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(2):
        ffmpeg(*picture(2), *sound(2), *TS, "-output_ts_offset", str(2 * number),
               tmp_path / f"p{number}.ts")  # fmt: skip
    first, second = ((tmp_path / f"p{number}.ts").read_bytes() for number in range(2))
    middle = len(second) // 2 // 188 * 188
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first + second[:middle] + second[middle + 3 * 188 :])
    with caplog.at_level(logging.WARNING):
        translate(joined, tmp_path / "out.mkv")
    assert "lost packets" in caplog.text
    assert "nothing is missing" not in caplog.text


def test_a_joint_is_one_event_for_all_streams() -> None:
    clock, tick = JointClock(Path("a.ts"), is_quiet=True), Fraction(1, 25)

    def shift(stream: int, time: Fraction) -> Fraction:
        return clock.shift(stream, time, time + tick)

    for index in range(50):
        assert shift(0, 10 + index * tick) == 0
        assert shift(1, 10 + 2 * index * tick) == 0
    moved = shift(0, Fraction(10))
    assert moved == 99 * tick
    # A late packet of the first recording stays, the next ones of the second move alike.
    assert shift(1, 10 + 100 * tick) == 0
    assert shift(1, Fraction(10)) == moved
    assert shift(0, 10 + tick) == moved
    assert clock.count == 1


@pytest.mark.parametrize("offset_s", ["95442.7", "95441.9"])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov"])
def test_a_clock_that_rolls_over_is_shown_whole(tmp_path: Path, suffix: str, offset_s: str) -> None:
    whole, wrapped = tmp_path / "whole.mp4", tmp_path / "wrap.ts"
    ffmpeg(*picture(2), *sound(2), *TS, whole)
    ffmpeg(
        "-i", whole, "-c", "copy", "-f", "mpegts", "-output_ts_offset", offset_s,
        "-muxdelay", "0", wrapped,
    )  # fmt: skip
    assert times_of(wrapped)[0] < 0
    output = translate(wrapped, tmp_path / f"out{suffix}", verification="full")
    assert shown_frames(output) == 50
    times = times_of(output)
    assert times[0] == 0
    assert {round(1000 * (b - a)) for a, b in pairwise(times)} == {40}
    assert abs(offset(output) - offset(wrapped)) < Fraction(1, 20)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mjpeg"])
def test_frames_of_an_avi_are_shown_in_their_order(
    tmp_path: Path, codec: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "in.avi"
    ordered = () if codec == "mjpeg" else ("-bf", "2")
    ffmpeg(*picture(2), *sound(2), "-c:v", codec, *ordered, "-c:a", "mp3", source)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mkv")
    assert caplog.text == ""
    with av.open(str(source)) as container:
        decoding = sorted(
            packet.dts * packet.time_base
            for packet in container.demux(video=0)
            if packet.dts is not None and packet.size
        )
    assert largest_difference(times_of(output), decoding) <= Fraction(1, 2000)
