"""Results of earlier runs beside inputs are not translated again."""

import json
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mediatrans.cli.main import run
from mediatrans.conversion.earlier_results import EarlierResults
from mediatrans.conversion.options import ConvertOptions
from mediatrans.conversion.plan import plan
from mediatrans.conversion.run_options import read_shard
from mediatrans.files.journal import Journal
from mediatrans.files.walk import LeftOut, count_left_out
from tests.media_files import write_clip, write_picture

pytestmark = pytest.mark.usefixtures("auto_is_cpu")

CONVERT = ["convert", "--to", "night", "--device", "cpu", "--check-every", "0"]


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def skipped(*inputs: str, **options: object) -> list[str]:
    """The inputs that are skipped, of a plan to the domain `w`."""
    jobs = plan([Path(name) for name in inputs], "w", ConvertOptions(**options))  # type: ignore[arg-type]
    assert not [job.error for job in jobs if job.error and job.skip]
    return [str(job.input) for job in jobs if job.skip]


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("a.jpg", "a-w.jpg"),
        ("a.heic", "a-w.jpg"),
        ("a.jpg", "a-w.webp"),  # --format webp
        ("a.b.png", "a.b-w.png"),
        ("a-w.png", "a-w-w.png"),
        ("a.avi", "a-w.mkv"),
        ("a.mp4", "a-w-preview.mp4"),
        ("a.gif", "a-w.mp4"),
        ("sub/a.mov", "sub/a-w.mov"),
        ("frames/1.png", "frames-w.mp4"),  # --fps
    ],
)
def test_a_file_with_the_name_of_a_result_is_skipped(here: Path, source: str, result: str) -> None:
    touch(f"p/{source}", f"p/{result}")
    assert skipped("p") == [f"p/{result}"]


@pytest.mark.parametrize(
    "names",
    [
        ("a-w.jpg",),  # no source
        ("a.jpg", "b-w.jpg"),
        ("a.jpg", "sub/a-w.jpg"),
        ("a.jpg", "a-v.jpg"),  # another domain
        ("a.jpg", "a_w.jpg", "aw.jpg", "a-w-2.jpg"),
        ("a.jpg", "a-w.mp4"),  # a still picture becomes no video
        ("-w.jpg", "b.jpg"),
        ("a.txt", "a-w.jpg"),
        (".a.jpg", ".jpg", "a-w.jpg"),
        ("a.jpg", "a-w-preview.jpg"),  # pictures have no previews
        ("trip/notes.txt", "trip-w.mp4"),  # no pictures that may have made it
    ],
)
def test_other_names_are_translated(here: Path, names: tuple[str, ...]) -> None:
    touch(*(f"p/{name}" for name in names))
    assert skipped("p") == []


def make_older(*names: str) -> None:
    for name in names:
        os.utime(name, (1e9, 1e9))


def test_a_result_that_is_named_is_translated_unless_its_source_is_named_as_well(
    here: Path,
) -> None:
    touch("a.jpg", "a-w.jpg", "b.mp4", "c-w.jpg")
    assert skipped("a-w.jpg") == []
    assert skipped("a-w.jpg", "b.mp4", "c-w.jpg") == []
    assert "a-w.jpg" in skipped("a-w.jpg", "a.jpg")
    # Elsewhere this run gives no such name: it is a picture like others.
    assert skipped("a-w.jpg", "a.jpg", output=Path("out")) == []
    # Nothing that is named is ever replaced: the name might be a coincidence.
    inputs = [Path(name) for name in ("a-w.jpg", "a.jpg", "b.mp4", "c-w.jpg")]
    result, source, *others = plan(inputs, "w", ConvertOptions(overwrite=True))
    assert "the result of a.jpg" in str(result.skip)
    assert "also an input" in str(source.error)
    assert all(job.ready for job in others)
    assert all(job.ready for job in plan(inputs[1:], "w", ConvertOptions(output=Path("out"))))


def test_a_pattern_may_be_repeated_beside_the_sources(here: Path) -> None:
    touch("a.jpg", "a-w.jpg", "b.mp4", "b-w.mp4", "c.jpg", "d.png", "d-w.jpg")
    make_older("a.jpg", "b.mp4", "d-w.jpg")
    names = sorted(path.name for path in Path().iterdir())
    jobs = {job.input.name: job for job in plan([Path(n) for n in names], "w", ConvertOptions())}
    assert [name for name, job in jobs.items() if job.ready] == ["c.jpg", "d.png"]
    assert all(job.skip for name, job in jobs.items() if not jobs[name].ready)
    assert jobs["a.jpg"].skip == "its result is among the inputs as well, and is not older"
    # A source that has changed since is not passed over in silence.
    make_older("a-w.jpg")
    touch("a.jpg")
    (source,) = [
        job for job in plan([Path("a.jpg"), Path("a-w.jpg")], "w", ConvertOptions()) if job.error
    ]
    assert source.input == Path("a.jpg")


@pytest.mark.parametrize("output", [None, "out/"])
def test_everything_in_a_folder_may_be_named_again(
    pair: Path, capsys: pytest.CaptureFixture[str], output: str | None
) -> None:
    """As `convert *` does, which finds the results of the first run as well."""
    write_picture(Path("p/a.png"))
    write_picture(Path("p/sub/b.png"))
    os.chdir("p")

    def convert() -> list[str]:
        names = sorted(path.name for path in Path().iterdir())
        where = [] if output is None else ["-o", output]
        assert run([*CONVERT, "--model", str(pair), *names, *where]) == 0
        return [line for line in capsys.readouterr().out.splitlines() if "ok " in line]

    assert len(convert()) == 2
    assert convert() == []
    write_picture(Path("c.png"))
    assert len(convert()) == 1
    # Nothing but results: they are what is meant.
    results = ["sub-night"] if output is None else ["out/a.png", "out/c.png"]
    assert run([*CONVERT, "--model", str(pair), *results, "-o", "again/"]) == 0
    assert len(list(Path("again").rglob("*.png"))) == len(results)


def test_a_manifest_is_read_again_only_where_it_has_changed(
    pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_picture(Path("p/sub/a.png"))
    write_picture(Path("p/b.png"))
    options = ConvertOptions(output=Path("w"))
    earlier = EarlierResults(Path("p"), "night", "")
    reads: list[Path] = []

    def counted(self: Journal) -> Iterator[dict[str, Any]]:
        reads.append(self.path)
        return read(self)

    read = Journal.read
    monkeypatch.setattr(Journal, "read", counted)

    def result(name: str) -> bool:
        (job,) = plan([Path(name)], "night", options, within=earlier)
        return job.skip is not None

    assert not result("p/b.png")
    assert reads == []
    assert run([*CONVERT, "p/sub"]) == 0  # -> p/sub-night/
    reads.clear()
    assert [result("p/sub-night/a.png") for _ in range(3)] == [True] * 3
    assert reads == [Path("p/sub-night/.mediatrans.jsonl")]
    write_picture(Path("p/sub/c.png"))
    assert run([*CONVERT, "p/sub"]) == 0
    assert result("p/sub-night/c.png")


def test_the_results_of_one_shard_move_no_job_of_another(here: Path) -> None:
    touch("p/a.jpg", "p/b.jpg", "p/c.jpg", "p/d.jpg")

    def part(word: str) -> list[str]:
        jobs = plan([Path("p")], "w", ConvertOptions(shard=read_shard(word)))
        return [job.input.name for job in jobs if job.ready]

    first = part("1/2")
    touch(*(f"p/{name.replace('.', '-w.')}" for name in first))
    assert first == ["a.jpg", "c.jpg"]
    assert part("1/2") == first
    assert part("2/2") == ["b.jpg", "d.jpg"]


def test_a_folder_of_nothing_but_results_is_translated(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("p/a.png"))
    assert run([*CONVERT, "p"]) == 0
    assert run([*CONVERT, "p-night", "-o", "twice"]) == 0
    assert Path("twice/a.png").exists()
    assert "skipped" not in capsys.readouterr().out
    assert run([*CONVERT, "p-night", "--fps", "5", "-o", "twice.mp4"]) == 0


def test_results_are_no_frames_of_a_video_and_no_part_of_a_preview(here: Path) -> None:
    touch("p/1.png", "p/1-w.png", "p/2.png", "p/3.png")
    left_out: list[LeftOut] = []
    options = ConvertOptions(fps=Fraction(24))
    (job,) = plan([Path("p")], "w", options, leave=left_out.append)
    assert [path.name for path in job.frames] == ["1.png", "2.png", "3.png"]
    assert count_left_out(left_out) == {"earlier results": 1}
    jobs = plan([Path("p")], "w", ConvertOptions(preview=2))
    assert [job.input.name for job in jobs if job.ready] == ["1.png", "2.png"]


def test_what_a_manifest_lists_is_skipped_whatever_its_name(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder's results beside it, and results in a folder of another name."""
    write_picture(Path("p/sub/a.png"))
    write_picture(Path("p/b.png"))
    write_clip(Path("p/c.mp4"), frames=3)
    assert run([*CONVERT, "p/sub"]) == 0  # -> p/sub-night/
    assert run([*CONVERT, "p/b.png", "p/c.mp4", "-o", "p/mine"]) == 0
    write_picture(Path("p/mine/own.png"))
    Path("p/mine/b.png").rename("p/mine/moved.png")  # not under the name that is listed
    capsys.readouterr()
    assert run([*CONVERT, "p", "--json"]) == 0
    out = capsys.readouterr().out
    rows = {row["input"]: row for row in map(json.loads, out.splitlines())}
    names = {name for name, row in rows.items() if row["status"] == "skipped"}
    assert names == {"p/mine/c.mp4", "p/sub-night/a.png"}
    assert all("earlier run" in rows[name]["reason"] for name in names)
    made = {path.name for path in Path("p-night").rglob("*.*")}
    assert made == {".mediatrans.jsonl", "a.png", "b.png", "c.mp4", "moved.png", "own.png"}
    # To the other domain, results are inputs.
    assert run(["convert", "p/sub-night", "--to", "day", "--device", "cpu"]) == 0
    assert Path("p/sub-night-day/a.png").exists()


def test_a_result_that_was_edited_is_an_input(pair: Path) -> None:
    write_picture(Path("p/sub/a.png"))
    assert run([*CONVERT, "p/sub"]) == 0
    write_picture(Path("p/sub-night/a.png"), 50, 30)
    assert run([*CONVERT, "p"]) == 0
    assert Path("p-night/sub-night/a.png").exists()


def test_a_manifest_that_cannot_be_read_lists_nothing(pair: Path) -> None:
    write_picture(Path("p/a.png"))
    Path("p/.mediatrans.jsonl").mkdir()
    assert run([*CONVERT, "p"]) == 0
    assert Path("p-night/a.png").exists()


def test_a_line_says_so(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picture(Path("p/a.png"))
    assert run([*CONVERT, "p/a.png"]) == 0
    capsys.readouterr()
    assert run([*CONVERT, "p", "-n"]) == 0
    line = "p/a-night.png: it has the name of the result of a.png, which is beside it"
    assert f"skip  {line}" in capsys.readouterr().out
    assert run([*CONVERT, "p"]) == 0
    captured = capsys.readouterr()
    assert f"skipped {line}" in captured.out
    assert "2 files in 0:00:00: 1 ok, 1 skipped" in captured.err
    assert run(["check", "p", "p-night", "--device", "cpu"]) == 0
    captured = capsys.readouterr()
    assert f"skipped {line}" in captured.out
    assert captured.out.count("ok ") == 1
    watch = ["watch", "p", "w", *CONVERT[1:], "--settle", "0", "--until-idle", "0"]
    assert run(watch) == 0
    captured = capsys.readouterr()
    assert f"skipped {line}" in captured.out
    assert "up to date" not in captured.err
    assert [path.name for path in Path("w").glob("*.png")] == ["a.png"]
