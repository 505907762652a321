"""Interlaced video comes out progressive, frame for frame."""

import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mediatrans.media.read.deinterlace import deinterlaced
from tests.media.clips import frames_of, times_of, translate, write_clip
from tests.media.test_mux import ffmpeg


def comb(path: Path) -> float:
    """How much neighbouring lines differ more than lines two apart do: the mark of two fields."""
    energies = []
    for frame in frames_of(path):
        lines = frame.pixels.astype(int).mean(axis=2)
        beside = np.abs(lines[1:-1] - lines[:-2]).mean()
        beyond = np.abs(lines[2:] - lines[:-2]).mean()
        energies.append(beside - beyond)
    return float(np.mean(energies))


def interlaced(path: Path, *, field_order: str = "tff", rotate: bool = False) -> Path:
    """A picture that pans fast, its two fields a fiftieth of a second apart."""
    top = field_order == "tff"
    weave = f"tinterlace=interleave_{'top' if top else 'bottom'},setfield={field_order}"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=160x96:rate=50:duration=1",
        "-vf", f"scroll=horizontal=0.05,{weave}", "-c:v", "libx264", "-qp", "4",
        "-flags", "+ilme+ildct", "-x264opts", f"{field_order}=1", path,
    )  # fmt: skip
    return path


@pytest.mark.parametrize("field_order", ["tff", "bff"])
def test_fields_are_taken_apart(
    tmp_path: Path, field_order: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = interlaced(tmp_path / "in.mkv", field_order=field_order)
    with av.open(str(source)) as container:
        raw = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mp4")
    assert caplog.text.count("interlaced; deinterlaced") == 1
    assert times_of(output) == times_of(source) == [Fraction(n, 25) for n in range(25)]
    woven = np.mean(
        [np.abs(np.diff(p.astype(int), axis=0)).mean() - np.abs(p[2:].astype(int) - p[:-2]).mean()
         for p in raw]
    )  # fmt: skip
    assert woven > 5
    assert comb(output) < 0
    with av.open(str(output)) as container:
        assert not any(frame.interlaced_frame for frame in container.decode(video=0))


def test_a_single_interlaced_frame_comes_out_once(tmp_path: Path) -> None:
    source = interlaced(tmp_path / "in.mkv")
    assert len(times_of(translate(source, tmp_path / "out.mkv", limit=1))) == 1


def test_progressive_frames_are_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_clip(tmp_path / "in.mp4", [0, 40, 80])
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    passed = list(deinterlaced(frames, path))
    assert [id(frame) for frame in passed] == [id(frame) for frame in frames]
    assert caplog.text == ""


def test_a_part_that_is_interlaced_is_found_and_nothing_lost(tmp_path: Path) -> None:
    parts = []
    for path in (write_clip(tmp_path / "a.mkv", range(0, 240, 40), size=(160, 96)),
                 interlaced(tmp_path / "b.mkv"),
                 write_clip(tmp_path / "c.mkv", range(0, 240, 40), size=(64, 48))):  # fmt: skip
        with av.open(str(path)) as container:
            parts += list(container.decode(video=0))
    times = [(frame.pts, frame.time_base) for frame in parts]
    passed = list(deinterlaced(parts, tmp_path))
    assert [(frame.pts, frame.time_base) for frame in passed] == times
    assert not any(frame.interlaced_frame for frame in passed)
