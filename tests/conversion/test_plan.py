"""The plan: names of outputs, and everything that can be known to fail before work starts."""

import os
from fractions import Fraction
from pathlib import Path

import pytest

from mediatrans.conversion.job import Job
from mediatrans.conversion.options import ConvertOptions
from mediatrans.conversion.plan import plan
from mediatrans.errors import ExitCode, UsageError
from mediatrans.files.walk import LeftOut


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def outputs(jobs: list[Job]) -> list[str | None]:
    return [None if job.output is None else str(job.output) for job in jobs]


def only_error(jobs: list[Job]) -> str:
    (job,) = [job for job in jobs if job.error]
    return str(job.error)


def test_names_are_derived(here: Path) -> None:
    touch(Path("a/summer.mp4"), Path("old.avi"), Path("x.JPG"), Path("photos/in/1.png"))
    inputs = [Path("a/summer.mp4"), Path("old.avi"), Path("x.JPG"), Path("photos")]
    jobs = plan(inputs, "winter", ConvertOptions())
    assert outputs(jobs) == [
        "a/summer-winter.mp4",
        "old-winter.mkv",
        "x-winter.JPG",
        "photos-winter/in/1.png",
    ]
    assert [job.kind for job in jobs] == ["video", "video", "image", "image"]


def test_output_names_a_file_or_a_folder(here: Path) -> None:
    touch(Path("a.png"), Path("b.png"), Path("photos/1.png"))
    assert outputs(plan([Path("a.png")], "w", ConvertOptions(output=Path("o.jpg")))) == ["o.jpg"]
    many = plan([Path("a.png"), Path("photos")], "w", ConvertOptions(output=Path("out")))
    assert outputs(many) == ["out/a.png", "out/photos/1.png"]
    one = plan([Path("photos")], "w", ConvertOptions(output=Path("out")))
    assert outputs(one) == ["out/1.png"]
    for inputs in ([Path("photos")], [Path("a.png"), Path("b.png")]):
        with pytest.raises(UsageError, match=r"o\.mp4 cannot hold several outputs"):
            plan(inputs, "w", ConvertOptions(output=Path("o.mp4")))
    Path("there").mkdir()
    assert outputs(plan([Path("a.png")], "w", ConvertOptions(output=Path("there")))) == [
        "there/a.png"
    ]


@pytest.mark.parametrize("name", [".", "..", "photos/", "./photos"])
def test_folder_names_that_need_resolving(here: Path, name: str) -> None:
    folder = here / "photos"
    touch(folder / "1.png", folder / "sub" / "2.png")
    place = {"..": folder / "sub"}.get(name, folder if name == "." else here)
    os.chdir(place)
    jobs = plan([Path(name)], "w", ConvertOptions())
    made = {str(job.output.resolve().relative_to(here)) for job in jobs if job.output}
    assert made == {"photos-w/1.png", "photos-w/sub/2.png"}
    assert all(job.ready for job in jobs)


def test_a_picture_cannot_become_a_video(here: Path) -> None:
    touch(Path("a.png"))
    with pytest.raises(UsageError, match="no suffix of a picture"):
        plan([Path("a.png")], "w", ConvertOptions(output=Path("a.mp4")))


def test_bad_inputs_do_not_stop_good_ones(here: Path) -> None:
    touch(Path("good.png"), Path("notes.txt"))
    Path("empty").mkdir()
    inputs = [Path(name) for name in ("missing.png", "notes.txt", "empty", "good.png")]
    jobs = plan(inputs, "w", ConvertOptions())
    assert [job.ready for job in jobs] == [False, False, False, True]
    assert {job.error.exit_code for job in jobs if job.error} == {ExitCode.INPUT}
    for job in jobs[:3]:
        assert str(job.input) in str(job.error)


def test_other_files_in_a_folder_are_left_out(here: Path) -> None:
    touch(Path("p/1.png"), Path("p/Thumbs.db"), Path("p/readme.txt"))
    assert outputs(plan([Path("p")], "w", ConvertOptions())) == ["p-w/1.png"]


def test_existing_output(here: Path) -> None:
    touch(Path("a.png"), Path("a-w.png"))
    (job,) = plan([Path("a.png")], "w", ConvertOptions())
    assert job.error is not None
    assert job.error.exit_code == ExitCode.OUTPUT
    assert "--overwrite" in str(job.error)
    (job,) = plan([Path("a.png")], "w", ConvertOptions(overwrite=True))
    assert job.ready


def test_an_input_is_never_its_own_output(here: Path) -> None:
    touch(Path("a.png"))
    options = ConvertOptions(output=Path("../") / here.name / "a.png", overwrite=True)
    assert "input of this run" in only_error(plan([Path("a.png")], "w", options))


def test_two_inputs_for_one_output(here: Path) -> None:
    touch(Path("x/a.png"), Path("y/a.png"), Path("z.png"))
    jobs = plan(
        [Path("x/a.png"), Path("y/a.png"), Path("z.png")], "w", ConvertOptions(output=Path("out"))
    )
    assert [job.ready for job in jobs] == [False, False, True]
    assert "same output" in str(jobs[0].error)


def test_output_folder_inside_the_input_folder(here: Path) -> None:
    touch(Path("p/1.png"), Path("z.png"))
    options = ConvertOptions(output=Path("p/out"))
    assert "inside the input folder" in only_error(plan([Path("p")], "w", options))
    assert "inside" in only_error(plan([Path("p")], "w", ConvertOptions(output=Path("p"))))


def test_unwritable_place(here: Path) -> None:
    touch(Path("a.png"), Path("file"))
    (job,) = plan([Path("a.png")], "w", ConvertOptions(output=Path("file/b.png")))
    assert job.error is not None
    assert job.error.exit_code == ExitCode.OUTPUT


def test_links(here: Path) -> None:
    touch(Path("p/1.png"), Path("elsewhere/2.png"))
    Path("p/more").symlink_to(here / "elsewhere")
    Path("p/loop").symlink_to(here / "p")
    Path("p/dead.png").symlink_to(here / "nothing.png")
    Path("self.png").symlink_to("self.png")
    jobs = plan([Path("p"), Path("self.png")], "w", ConvertOptions())
    assert [str(job.input) for job in jobs if job.ready] == ["p/1.png", "p/more/2.png"]
    failed = {str(job.input): str(job.error) for job in jobs if job.error}
    assert set(failed) == {"p/loop", "p/dead.png", "self.png"}
    assert "remove the link" in failed["p/loop"]


def test_preview_skips_the_rest_of_a_folder(here: Path) -> None:
    touch(*(Path(f"p/{index}.png") for index in range(4)))
    jobs = plan([Path("p")], "w", ConvertOptions(preview=2))
    assert [job.skip for job in jobs] == [None, None, "beyond --preview 2", "beyond --preview 2"]


def test_a_preview_leaves_the_videos_own_name_free(here: Path) -> None:
    touch(Path("a.mp4"), Path("b.png"), Path("p/1.png"))
    inputs = [Path("a.mp4"), Path("b.png")]
    jobs = plan(inputs, "w", ConvertOptions(preview=2))
    assert outputs(jobs) == ["a-w-preview.mp4", "b-w.png"]
    jobs = plan([Path("p")], "w", ConvertOptions(preview=2, fps=Fraction(24)))
    assert outputs(jobs) == ["p-w-preview.mp4"]


def test_a_preview_of_a_folder_is_kept_apart_from_full_results(here: Path) -> None:
    touch(Path("a.mp4"), Path("p/1.png"), Path("p/x/b.mp4"))
    preview = ConvertOptions(preview=2)
    assert outputs(plan([Path("p")], "w", preview)) == [
        "p-w-preview/1.png",
        "p-w-preview/x/b-preview.mp4",
    ]
    named = ConvertOptions(preview=2, output=Path("o"))
    assert outputs(plan([Path("p"), Path("a.mp4")], "w", named)) == [
        "o/p/1.png",
        "o/p/x/b-preview.mp4",
        "o/a-preview.mp4",
    ]
    frames = ConvertOptions(preview=2, output=Path("o"), fps=Fraction(24))
    Path("o").mkdir()
    assert outputs(plan([Path("p")], "w", frames)) == ["o/p-preview.mp4"]


def test_what_a_folder_of_frames_leaves_out_is_told(here: Path) -> None:
    touch(Path("p/1.png"), Path("p/a.mp4"), Path("p/b.mkv"), Path("p/out.mp4"), Path("p/c.mp4/x"))
    touch(Path("p/._1.png"), Path("p/Thumbs.db"))
    options = ConvertOptions(fps=Fraction(24), output=Path("p/out.mp4"))
    left_out: list[LeftOut] = []
    (job,) = plan([Path("p")], "w", options, leave=left_out.append)
    assert [file.path.name for file in left_out] == ["a.mp4", "b.mkv"]
    assert [path.name for path in job.frames] == ["1.png"]


@pytest.mark.parametrize(
    "options",
    [
        {"limits": {"psnr": 20.0}, "check_every": 0},
        {"limits": {"mse": 20.0}},
        {"limits": {"ssim": 2.0}},
        {"start_s": 3.0, "end_s": 2.0},
        {"start_s": -1.0},
        {"end_s": float("inf")},
        {"limits": {"psnr": float("nan")}},
        {"limits": {"structure": 0.8}, "output": Path("-")},
        {"batch_size": 0},
        {"batch_size": "fast"},
        {"preview": -1},
        {"threads": 0},
        {"crf": -1},
        {"verification": "twice"},
    ],
)
def test_contradictions_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        ConvertOptions(**options)  # type: ignore[arg-type]


def test_outputs_are_judged_by_their_suffix_alone(here: Path) -> None:
    touch(Path("a.mp4"), Path("a.png"))
    for name in ("b.gif", "b.MKV", "b.webm", "b.webp", "b.apng"):
        assert outputs(plan([Path("a.mp4")], "w", ConvertOptions(output=Path(name)))) == [name]
    assert outputs(plan([Path("a.png")], "w", ConvertOptions(output=Path("b.gif")))) == ["b.gif"]
    for given, name in (("a.mp4", "b.avi"), ("a.mp4", "b.png"), ("a.png", "b.heic")):
        with pytest.raises(UsageError, match="no suffix of a"):
            plan([Path(given)], "w", ConvertOptions(output=Path(name)))


@pytest.mark.parametrize(
    ("file_format", "expected"),
    [
        ("png", ["p-w/a.png", "p-w/b.mp4"]),
        ("gif", ["p-w/a.gif", "p-w/b.mp4"]),
        ("mkv", ["p-w/a.jpg", "p-w/b.mkv"]),
    ],
)
def test_a_format_is_for_the_kind_that_it_is_of(
    here: Path, file_format: str, expected: list[str]
) -> None:
    touch(Path("p/a.jpg"), Path("p/b.mp4"))
    assert outputs(plan([Path("p")], "w", ConvertOptions(file_format=file_format))) == expected


def test_two_inputs_that_one_format_makes_the_same(here: Path) -> None:
    touch(Path("p/a.jpg"), Path("p/a.bmp"))
    jobs = plan([Path("p")], "w", ConvertOptions(file_format="png"))
    assert all("same output" in str(job.error) for job in jobs)


def test_what_is_no_regular_file_is_not_waited_for(here: Path) -> None:
    for name in ("pipe.jpg", "pipe.gif"):
        os.mkfifo(name)
    jobs = plan([Path("pipe.jpg"), Path("pipe.gif")], "w", ConvertOptions())
    assert all("not a regular file" in str(job.error) for job in jobs)


def test_a_loop_of_links_as_output(here: Path) -> None:
    touch(Path("a.png"))
    Path("loop.png").symlink_to("loop.png")
    options = ConvertOptions(output=Path("loop.png"))
    assert "exists already" in only_error(plan([Path("a.png")], "w", options))


@pytest.mark.parametrize("name", ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"])
def test_standard_input_has_one_name(here: Path, name: str) -> None:
    for inputs in ([name], [name, "a.png"]):
        jobs = plan([Path(one) for one in inputs], "w", ConvertOptions(output=Path("out")))
        assert "write - in its place" in str(jobs[0].error)
