"""`mediatrans convert` with every name that a file system holds, and with pipes in odd places."""

import json
import os
import sys
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from mediatrans.errors import ExitCode
from tests.media_files import write_clip, write_picture

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has other names"),
    pytest.mark.usefixtures("auto_is_cpu"),
]

NAMES = [
    "\udcff\udcfe.png",
    "v\udcff.mp4",
    "\x1b[31mred\n.jpg",
    "[red]x[bold].png",
    "ü" * 100 + ".png",
]


def write_all(folder: Path, names: list[str]) -> None:
    write_picture(Path("p.png"))
    write_clip(Path("v.mp4"))
    folder.mkdir()
    for name in names:
        source = Path("v.mp4" if name.endswith(".mp4") else "p.png")
        (folder / name).write_bytes(source.read_bytes())


@pytest.mark.parametrize("folder", ["in", "in\udcff", "[red]in"])
def test_every_name_is_converted_resumed_and_reported(pair: Path, folder: str) -> None:
    write_all(Path(folder), NAMES)
    words = ["convert", folder, "--to", "night", "--report", "r.json"]
    for status in ("ok", "skipped"):
        assert run(words) == 0
        rows = json.loads(Path("r.json").read_text())["jobs"]
        assert {row["input"] for row in rows} == {f"{folder}/{name}" for name in NAMES}
        assert {row["status"] for row in rows} == {status}
    made = {path.name for path in Path(f"{folder}-night").iterdir()}
    assert made == {*NAMES, ".mediatrans.jsonl"}


def test_names_up_to_the_limit_are_converted(pair: Path) -> None:
    names = [
        f"{'x' * (length - 4)}{suffix}" for length in range(250, 256) for suffix in (".png", ".mp4")
    ]
    write_all(Path("in"), names)
    assert run(["convert", "in", "--to", "night"]) == 0
    assert {path.name for path in Path("in-night").iterdir()} == {*names, ".mediatrans.jsonl"}


@pytest.mark.parametrize("name", ["x" * 250 + ".png", "ü" * 124 + ".mp4", "\udcff" * 248 + ".png"])
def test_what_cannot_be_named_fails_alone(
    pair: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_all(Path("in"), [name])
    assert run(["convert", f"in/{name}", "p.png", "--to", "night"]) == ExitCode.OUTPUT
    assert Path("p-night.png").exists()
    err = capsys.readouterr().err
    assert "the name of the output is too long for the file system; name a shorter one" in err
    assert run(["convert", f"in/{name}", "--to", "night", "-o", f"short{Path(name).suffix}"]) == 0


def test_a_folder_whose_output_cannot_be_named(pair: Path) -> None:
    folder = Path("x" * 252)
    write_all(folder, ["a.png"])
    assert run(["convert", str(folder), "p.png", "--to", "night"]) == ExitCode.OUTPUT
    assert Path("p-night.png").exists()
    assert run(["convert", str(folder), "--to", "night", "-o", "out"]) == 0


@pytest.mark.parametrize(
    "words", [["-o", "y" * 300], ["-o", "y" * 300 + ".png"], ["--report", "y" * 300]]
)
def test_names_that_are_given_and_too_long(
    pair: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", "--to", "night", *words]) == ExitCode.OUTPUT
    assert "too long for the file system" in capsys.readouterr().err
    assert not list(Path().glob("a-night*"))


@pytest.mark.parametrize(
    ("pipe", "words", "code", "said"),
    [
        ("a.jpg", ["a.jpg"], 3, "a.jpg: not a regular file"),
        ("a.gif", ["a.gif"], 3, "a.gif: not a regular file"),
        ("m.onnx", ["p.png", "--model", "m.onnx"], 4, "m.onnx: cannot be read (not a regular"),
        ("m/card.toml", ["p.png", "--model", "m"], 4, "holds no file card.toml"),
        ("models/m/card.toml", ["p.png"], 0, "card.toml: the card cannot be read (not a regular"),
        ("r.json", ["p.png", "--report", "r.json"], 6, "r.json: exists already and is not a reg"),
        ("o/.mediatrans.jsonl", ["in", "-o", "o"], 6, ".mediatrans.jsonl beside it is not a reg"),
        ("p-night.png", ["p.png"], 6, "p-night.png: the output exists already"),
    ],
)  # fmt: skip
@pytest.mark.timeout(60)  # it waits for no pipe
def test_pipes_are_told_before_they_are_opened(
    pair: Path, pipe: str, words: list[str], code: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    write_all(Path("in"), ["a.png"])
    Path(pipe).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(pipe)
    run(["convert", *words, "--to", "night", "--dry-run"])  # comes back
    capfd.readouterr()
    assert run(["convert", *words, "--to", "night"]) == code
    assert said in "".join(capfd.readouterr())


@pytest.mark.timeout(60)
def test_a_manifest_that_is_a_pipe_is_not_read(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_all(Path("in"), ["a.png"])
    assert run(["convert", "in", "--to", "night"]) == 0
    Path("in-night/.mediatrans.jsonl").unlink()
    os.mkfifo("in-night/.mediatrans.jsonl")
    assert run(["convert", "in", "--to", "night"]) == ExitCode.OUTPUT
    said = capsys.readouterr().err
    assert "the manifest of the output folder cannot be read: not a regular file" in said


@pytest.mark.timeout(60)
def test_a_generator_or_a_recipe_that_is_a_pipe(pair: Path) -> None:
    write_picture(Path("p.png"))
    (pair / "to_night.onnx").unlink()
    os.mkfifo(pair / "to_night.onnx")
    for more in ([], ["--dry-run"]):
        assert run(["convert", "p.png", "--to", "night", *more]) == ExitCode.MODEL
    os.mkfifo("r.toml")
    assert run(["train", ".", ".", "--recipe", "r.toml"]) == ExitCode.USAGE


@pytest.mark.parametrize(
    ("source", "name"),
    [("p.png", "new/"), ("p.png", "new/deep//"), ("p.png", "out.png/"), ("v.mp4", "v.mkv/")],
)
def test_a_separator_at_the_end_of_o_makes_a_folder(pair: Path, source: str, name: str) -> None:
    write_all(Path("in"), [])
    words = ["convert", source, "--to", "night", "-o", name, "--check-every", "0"]
    assert run([*words, "-n"]) == 0
    assert not Path(name).exists()
    assert run(words) == 0
    assert {path.name for path in Path(name).iterdir()} == {source, ".mediatrans.jsonl"}
    # As in any output folder: what is up to date is skipped.
    assert run(words) == 0


def test_a_separator_in_settings_makes_a_folder_as_well(
    pair: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("a.png"))
    words = ["convert", "a.png", "--to", "night", "--check-every", "0"]
    assert run([*words, "-o", "plain"]) == 2
    assert "write plain/ for a new folder" in capsys.readouterr().err
    Path("mediatrans.toml").write_text('[convert]\noutput = "by-file/"\n')
    assert run(words) == 0
    monkeypatch.setenv("MEDIATRANS_CONVERT_OUTPUT", "by-variable/")
    assert run(words) == 0
    Path("file").touch()
    assert run([*words, "-o", "file/"]) == 6
    assert Path("by-file/a.png").exists()
    assert Path("by-variable/a.png").exists()
