"""What is said of videos that an interruption leaves unfinished."""

from pathlib import Path

import pytest

from mediatrans.cli.convert_progress import ConvertProgress
from mediatrans.cli.main import run
from mediatrans.cli.unfinished import Unfinished
from mediatrans.conversion.job import Job
from mediatrans.media.frames import Segment
from mediatrans.media.write.segments.work_folder import WorkFolder
from tests.media.clips import write_clip

WORDS = "convert in.mp4 --to night --device cpu --stabilise 0 --check-every 0".split()


def keep(output: Path, ends: list[int]) -> Path:
    """The work folder of an interrupted video whose segments end at these frames."""
    with WorkFolder(output, {"made": "here"}) as work:
        for first, end in zip([0, *ends], ends, strict=False):
            work.add(Segment(first, end - first, 1, 1, first, (), None, None))
    return work.path


def test_how_many_frames_are_kept_and_where_a_video_goes_on(here: Path) -> None:
    unfinished = Unfinished()
    jobs = {name: Job(Path(name), Path(f"w-{name}"), "video") for name in ("a.mkv", "b.mkv")}
    for job in jobs.values():
        unfinished.begun(job, None)
    unfinished.begun(Job(Path("c.png"), Path("w-c.png"), "image"), 1)
    assert unfinished.sentences() == (
        "No frames of a.mkv are kept, and it will begin again. "
        "No frames of b.mkv are kept, and it will begin again."
    )
    unfinished.begun(jobs["a.mkv"], 120)
    unfinished.kept(jobs["a.mkv"], keep(Path("w-a.mkv"), [50, 100]))
    unfinished.kept(jobs["b.mkv"], keep(Path("w-b.mkv"), [50]))
    assert unfinished.sentences() == (
        "100 of about 120 frames of a.mkv are kept in w-a.mkv.mediatrans, and it will go on at "
        "frame 101. 50 frames of b.mkv are kept in w-b.mkv.mediatrans, and it will go on at "
        "frame 51."
    )
    assert "frame 101" in unfinished.ended(Path("a.mkv"))
    assert "a.mkv" not in unfinished.sentences()


@pytest.mark.parametrize(
    ("frames", "at", "said"),
    [
        (3, 1, "No frames of in.mp4 are kept, and it will begin again."),
        (
            502,
            300,
            "250 of about 502 frames of in.mp4 are kept in in-night.mp4.mediatrans, and it will go "
            "on at frame 251.",
        ),
    ],
)
def test_an_interruption_says_so(
    pair: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    frames: int,
    at: int,
    said: str,
) -> None:
    def stop(self: ConvertProgress, job: Job, frames: int, total: int | None) -> None:
        if frames >= at:
            raise KeyboardInterrupt

    monkeypatch.setattr(ConvertProgress, "translated", stop)
    write_clip(Path("in.mp4"), [40 * n for n in range(frames)], size=(16, 16))
    assert run(WORDS) == 130
    shown = capsys.readouterr().err
    assert f"interrupted. {said} Resume with: mediatrans {' '.join(WORDS)}" in shown
