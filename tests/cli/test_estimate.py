"""What `convert` says of long jobs: where they are resumed, and how long they take."""

import re
from pathlib import Path

import pytest

from mediatrans import convert
from mediatrans.cli import estimate
from mediatrans.cli.convert_progress import ConvertProgress
from mediatrans.cli.estimate import Estimates
from mediatrans.cli.main import run
from mediatrans.conversion.job import Job
from tests.conversion.long_videos import SEGMENT
from tests.conversion.stopping import interrupt, options
from tests.media.clips import write_clip
from tests.media_files import write_picture

VIDEO = Job(Path("a.mp4"), Path("b.mp4"), "video")
PICTURES = [Job(Path(f"{index}.png"), Path(f"{index}-b.png"), "image") for index in range(1000)]


def test_a_long_video_is_estimated_once_without_its_slow_beginning() -> None:
    estimates = Estimates([VIDEO])
    estimates.begun(VIDEO, (1920, 1080))
    said = [
        estimates.translated(VIDEO, 500 + frame, 4500, 100.0 + frame / 2) for frame in range(1, 40)
    ]
    (line,) = [text for text in said if text is not None]
    assert said.index(line) == 10  # the first after 5 seconds
    assert line == "4500 frames of 1920x1080, 2.1 megapixels: about 33 min left"


def test_short_videos_and_unknown_lengths_have_no_estimate() -> None:
    for total in (130, None):
        estimates = Estimates([VIDEO])
        estimates.begun(VIDEO, None)
        said = [estimates.translated(VIDEO, frame, total, frame / 2) for frame in range(1, 100)]
        assert said == [None] * 99


def test_pictures_are_estimated_together() -> None:
    estimates = Estimates(PICTURES)
    said = []
    for index, job in enumerate(PICTURES[:20]):
        estimates.begun(job, (4000, 2000 + 2000 * (index % 2)))
        said.append(estimates.translated(job, 1, 1, 7.0 * index))
    (line,) = [text for text in said if text is not None]
    assert line == "1000 pictures of 12.0 megapixels on average: about 1.9 h left"
    mixed = Estimates([VIDEO, *PICTURES])
    assert {mixed.translated(job, 1, 1, 7.0 * at) for at, job in enumerate(PICTURES)} == {None}


def test_convert_prints_the_estimate(
    pair: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(estimate, "ENOUGH_S", 0.0)
    monkeypatch.setattr(estimate, "LONG_S", 0.0)
    write_clip(Path("a.mkv"), range(0, 480, 40), size=(48, 32))
    for name in "bcd":
        write_picture(Path(f"in/{name}.png"))
    assert run(["convert", "a.mkv", "--to", "night"]) == 0
    shown = capsys.readouterr().err
    said = r"^a.mkv: 12 frames of 48x32, 0.0 megapixels: about \d+ s left$"
    assert re.search(said, shown, re.MULTILINE)
    assert run(["convert", "in", "--to", "night"]) == 0
    assert re.search(
        r"^3 pictures of .* megapixels on average: about", capsys.readouterr().err, re.M
    )
    assert run(["convert", "in", "a.mkv", "--to", "night", "-y", "--quiet"]) == 0
    assert "about" not in capsys.readouterr().err


def test_a_resumed_video_says_where(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = write_clip(Path("clip.mkv"), range(0, 2000, 40))
    interrupt(clip, options("made.mkv"), 2 * SEGMENT + 2)
    with ConvertProgress({}) as progress:
        convert(clip, "night", options("made.mkv"), progress)
    shown = capsys.readouterr().err
    assert shown.count("resumed") == 1
    assert f"clip.mkv: resumed at frame {2 * SEGMENT + 1} of about 50\n" in shown
