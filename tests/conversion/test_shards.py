"""Shards: parts of one plan that are converted separately, also at the same time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mediatrans import ConvertOptions, convert
from mediatrans.cli.main import run
from mediatrans.conversion.manifest import MANIFEST_NAME, PARTS_NAME
from mediatrans.conversion.run_options import Shard
from mediatrans.errors import ExitCode, UsageError
from mediatrans.quality.report.rows import JobReport
from tests.fork_server import mediatrans_words
from tests.media_files import write_picture


def names(folder: str) -> list[str]:
    files = Path(folder).rglob("*.*")
    return sorted(path.name for path in files if path.suffix in (".png", ".mp4"))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
def test_the_union_of_shards_is_the_whole(inputs: Path, count: int) -> None:
    whole = convert(inputs, "night", ConvertOptions(output=Path("whole"), device="cpu"))
    rows: list[JobReport] = []
    for number in range(1, count + 1):
        options = ConvertOptions(output=Path("out"), device="cpu", shard=Shard(number, count))
        rows += convert(inputs, "night", options).jobs
    assert sorted(row.input for row in rows) == sorted(row.input for row in whole.jobs)
    assert sum(row.status == "ok" for row in rows) == whole.count("ok")
    assert names("out") == names("whole")
    # All together they are the manifest of the folder, for a shard as for the whole.
    for shard in (None, Shard(1, count)):
        again = ConvertOptions(output=Path("out"), device="cpu", shard=shard)
        assert {row.status for row in convert(inputs, "night", again).jobs} <= {"skipped", "failed"}
    assert not Path("out", MANIFEST_NAME).exists()


def test_shards_at_the_same_time(pair: Path) -> None:
    for index in range(12):
        write_picture(Path(f"in/{index % 2}/{index}.png"))
    words = [*mediatrans_words(), "convert", "in", "--to", "night", "-o", "out"]
    running = [
        subprocess.Popen(
            [*words, "--json", "--device", "cpu", "--shard", f"{number}/2"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in (1, 2)
    ]
    rows = []
    for process in running:
        said, _ = process.communicate()
        assert process.returncode == 0
        rows += [json.loads(line) for line in said.splitlines()]
    assert len(names("out")) == 12
    assert sorted(row["input"] for row in rows) == sorted(map(str, Path("in").rglob("*.png")))
    assert {row["status"] for row in rows} == {"ok"}


def test_more_shards_than_files(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picture(Path("in/1.png"))
    words = ["convert", "in", "--to", "night", "--device", "cpu", "--shard", "2/2"]
    assert run(words) == ExitCode.OK
    assert not Path("in-night").exists()


@pytest.mark.parametrize("word", ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2", "1 /2"])
def test_what_is_no_shard(pair: Path, word: str) -> None:
    write_picture(Path("in/1.png"))
    assert run(["convert", "in", "--to", "night", "--shard", word]) == ExitCode.USAGE


def test_values_from_python_are_checked() -> None:
    with pytest.raises(UsageError, match="shard"):
        ConvertOptions(shard=Shard(3, 2))
    with pytest.raises(UsageError, match="workers"):
        ConvertOptions(workers=0)


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_a_link_in_the_place_of_the_parts_is_not_followed(inputs: Path) -> None:
    Path("out").mkdir()
    Path("elsewhere").mkdir()
    Path("out", PARTS_NAME).symlink_to(Path("elsewhere").resolve())
    options = ConvertOptions(output=Path("out"), device="cpu", shard=Shard(1, 1))
    report = convert(inputs, "night", options)
    assert report.exit_code == ExitCode.OUTPUT
    assert not list(Path("elsewhere").iterdir())
