"""Where a resumed video goes on: exactly where it stopped, whatever its times are."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mediatrans import ExitCode, convert
from mediatrans.media.read.video_source import VideoSource
from tests.conversion.long_videos import packets, same
from tests.conversion.stopping import interrupt, options
from tests.media.clips import times_of, write_clip

pytestmark = pytest.mark.usefixtures("auto_is_cpu")


def untimed(source: Path) -> Path:
    """A raw stream: nothing can be sought in it, and no frame has a time."""
    with av.open(str(source)) as read, av.open("raw.h264", "w", format="h264") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    return Path("raw.h264")


def repeating(source: Path) -> Path:
    """Times that start over, as in a recording that was joined from two."""
    stamps = [*range(0, 1000, 40), *range(0, 1000, 40)]
    parts = [write_clip(Path(f"{n}.ts"), stamps[:25], options={"g": "7"}) for n in (1, 2)]
    Path("joined.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    return Path("joined.ts")


@pytest.mark.parametrize("make", [untimed, repeating])
def test_where_seeking_does_not_help(clip: Path, make: Callable[[Path], Path]) -> None:
    source = make(clip)
    reference = convert(source, "night", options("whole.mkv"))
    assert reference.jobs[0].frames == 50
    interrupt(source, options("made.mkv"), 40)
    assert same(convert(source, "night", options("made.mkv")), reference)
    assert packets(Path("made.mkv")) == packets(Path("whole.mkv"))


def test_a_place_that_decodes_differently_is_not_trusted(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = convert(clip, "night", options("whole.mp4"))
    interrupt(clip, options("made.mp4"), 40)
    restart = VideoSource.restart
    restarts: list[Fraction | None] = []

    def restart_inexactly(self: VideoSource, time_s: Fraction | None) -> None:
        restarts.append(time_s)
        restart(self, time_s if time_s is None else Fraction(10))

    monkeypatch.setattr(VideoSource, "restart", restart_inexactly)
    assert same(convert(clip, "night", options("made.mp4")), reference)
    assert packets(Path("made.mp4")) == packets(Path("whole.mp4"))
    assert restarts[0] is not None
    assert restarts[1:] == [None]


def test_a_picture_that_stands_still_does_not_lead_a_joined_recording_astray(clip: Path) -> None:
    still = np.full((48, 64, 3), 100, np.uint8)
    for name, count in (("one.ts", 30), ("two.ts", 80)):
        write_clip(
            Path(name), [40 * i for i in range(count)], options={"g": "7"}, draw=lambda *_: still
        )
    joined = Path("joined.ts")
    joined.write_bytes(Path("one.ts").read_bytes() + Path("two.ts").read_bytes())
    convert(joined, "night", options("whole.mkv"))
    interrupt(joined, options("made.mkv"), 60)
    assert convert(joined, "night", options("made.mkv")).exit_code == ExitCode.OK
    assert len(times_of(Path("whole.mkv"))) == 110
    assert times_of(Path("made.mkv")) == times_of(Path("whole.mkv"))
