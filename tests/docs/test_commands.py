"""Every command line of README and docs runs, and so does every Python example."""

import os
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from mediatrans.cli.main import cli, run
from tests.docs.blocks import Block, blocks, commands, pages
from tests.fork_server import mediatrans_words
from tests.media_files import write_clip, write_picture
from tests.pairs import write_pair

ALL = [block for page in pages() for block in blocks(page)]


def _is_run(block: Block, *languages: str) -> bool:
    return block.reason is None and block.language in languages


LINES = [
    pytest.param(line, id=f"{block.page}:{block.line}: {line}"[:90])
    for block in ALL
    if _is_run(block, "", "sh")
    for line in commands(block)
]

READ_ONLY = ("train", "evaluate", "export-onnx", "benchmark", "doctor", "demo")
"""Commands whose lines are only read: they take minutes, or need a trained run. Their own tests run
them."""

VIDEOS = ("summer.mp4", "long.mp4", "film.mp4", "film-1080p.mp4", "film.mkv", "walk.mov")


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the files that the pages name."""
    root = tmp_path_factory.mktemp("named")
    write_pair(root / "models", "summer2winter", ("summer", "winter"))
    for name in VIDEOS:
        write_clip(root / name, frames=3)
    for name in ("photo.jpg", "large.jpg", "photos/a.jpg", "photos/b.png", "incoming/a.png"):
        write_picture(root / name)
    for index in range(3):
        write_picture(root / f"frames/{index}.png")
    for folder in ("day", "night", "downloads/trainA", "downloads/trainB"):
        for index in range(12):
            write_picture(root / folder / f"{index}.jpg", 80, 70)
    for folder in ("trainA", "trainB", "testA", "testB"):
        for index in range(3):
            write_picture(root / "horse2zebra" / folder / f"{index}.jpg", 80, 70)
    presets = root / "settings/mediatrans/presets/web.toml"
    presets.parent.mkdir(parents=True)
    presets.write_text('format = "webp"\n')
    shutil.copy(presets, root / "web.toml")
    return root


@pytest.fixture
def files(here: Path, named: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the pages name, and settings under which a command ends soon."""
    shutil.copytree(named, here, dirs_exist_ok=True)
    # With "auto", as many workers as cores: a hundred processes elsewhere, for three pictures.
    monkeypatch.setattr("mediatrans.conversion.run_options.cores", lambda: 2)
    for command in ("CONVERT", "WATCH"):
        monkeypatch.setenv(f"MEDIATRANS_{command}_DEVICE", "cpu")
    monkeypatch.setenv("MEDIATRANS_WATCH_SETTLE", "0")
    monkeypatch.setenv("MEDIATRANS_WATCH_UNTIL_IDLE", "0")
    return here


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_runs(files: Path, line: str) -> None:
    if "|" in line or ">" in line:
        script = Path("mediatrans")
        script.write_text(f'#!/bin/sh\nexec {shlex.join(mediatrans_words())} "$@"\n')
        script.chmod(0o755)
        path = f"{files}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return
    words = shlex.split(line[line.index("mediatrans ") :])[1:]
    if words[0] == "check":  # judges what is there
        assert run(["convert", words[1], "--to", "winter"]) == 0
    if words[0] not in READ_ONLY:
        assert run(words) == 0
        return
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None
    with command.make_context(words[0], words[1:], obj=words) as context:
        assert not context.args


def test_what_is_not_run_has_a_reason() -> None:
    assert len(LINES) > 40
    for block in ALL:
        if block.reason is not None:
            assert len(block.reason) > 10
            would_run = commands(block) or block.language == "python"
            assert would_run, f"{block.page}:{block.line} would not be run anyway"


@pytest.mark.parametrize(
    "block",
    [pytest.param(b, id=f"{b.page}:{b.line}") for b in ALL if _is_run(b, "python")],
)
def test_a_python_example_runs_twice(files: Path, block: Block) -> None:
    for _ in range(2):
        exec(compile(block.text, block.page, "exec"), {})


@pytest.mark.parametrize(
    "block",
    [pytest.param(b, id=f"{b.page}:{b.line}") for b in ALL if _is_run(b, "toml")],
)
def test_a_settings_file_is_taken(files: Path, block: Block) -> None:
    table = tomllib.loads(block.text)
    is_preset = not any(isinstance(value, dict) for value in table.values())
    Path("mediatrans.toml").write_text("" if is_preset else block.text)
    Path("preset.toml").write_text(block.text if is_preset else "")
    words = ["convert", "photo.jpg", "--to", "winter", "--dry-run"]
    assert run([*words, "--preset-file", "preset.toml"]) == 0


def test_links_lead_somewhere() -> None:
    for page in pages():
        for name in page.read_text(encoding="utf-8").split("](")[1:]:
            target = name.partition(")")[0].partition("#")[0]
            if target and "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} leads to {target}"
