"""Damaged files of every kind: no traceback, no hang, no death, no wrong exit code, nothing left.

The cases are the same in every run. They go through the command line in a child process, because a
native decoder that crashes takes its process along.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mediatrans.conversion.manifest import MANIFEST_NAME
from tests.fuzz import seeds
from tests.fuzz.harness import Harness
from tests.fuzz.mutations import Case, damaged
from tests.media_files import write_picture
from tests.pairs import identity, write_pair

pytestmark = pytest.mark.slow

READ = {0, 3}
LOADED = {0, 3, 4}


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    write_pair(tmp_path / "models", forward=identity(), back=identity())
    with Harness(tmp_path) as harness:
        yield harness


def run(
    judge: Callable[[Case], None], cases: int, files: Mapping[str, bytes], *, text: bool = False
) -> None:
    """Have so many damaged files judged, the same in every run."""

    # No shrinking: a finding is a file, and the next ones are wanted as well.
    @settings(
        max_examples=cases,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(files, text=text))
    def one(case: Case) -> None:
        judge(case)

    one()


def convert_all(harness: Harness, folder: Path, cases: int, files: Mapping[str, bytes]) -> None:
    """Convert damaged media; each leaves its output or nothing, and none a part of one."""
    out = folder / "out"

    def judge(case: Case) -> None:
        out.mkdir()
        path = folder / f"case{case.suffix}"
        path.write_bytes(case.content)
        words = [
            "convert",
            path.name,
            "--to",
            "night",
            "-o",
            "out/",
            "--overwrite",
            "--threads",
            "1",
        ]
        harness.judge({"kind": "cli", "words": words}, case.made, READ)
        left = sorted(file.name for file in out.iterdir() if file.name != MANIFEST_NAME)
        if len(left) > 1 or any(".part" in name for name in left):
            harness.findings.append(f"{case.made}: left {left}")
        shutil.rmtree(out)
        path.unlink()

    run(judge, cases, files)
    assert not harness.findings, report(harness)
    # Damage that nothing survives, or that nothing notices, would prove little.
    assert min(harness.codes[0], harness.codes[3]) > cases // 20, harness.codes


def report(harness: Harness) -> str:
    return f"{len(harness.findings)} of {harness.cases} cases:\n" + "\n\n".join(harness.findings)


def test_clips(harness: Harness, tmp_path: Path) -> None:
    convert_all(harness, tmp_path, 900, seeds.clips(tmp_path))


def test_pictures(harness: Harness, tmp_path: Path) -> None:
    convert_all(harness, tmp_path, 600, seeds.pictures())


def judge_model(harness: Harness, folder: Path, file: Path, model: Path) -> Callable[[Case], None]:
    """A judge that writes the case over a file of a model, and converts a picture with it."""
    write_picture(folder / "picture.png")

    def judge(case: Case) -> None:
        file.write_bytes(case.content)
        words = ["convert", "picture.png", "--to", "night", "-o", "out.png", "--overwrite"]
        words += ["--model", str(model), "--threads", "1"]
        harness.judge({"kind": "cli", "words": words}, case.made, LOADED)

    return judge


def test_graphs(harness: Harness, tmp_path: Path) -> None:
    file = tmp_path / "case.onnx"
    run(judge_model(harness, tmp_path, file, file), 300, {".onnx": seeds.model(tmp_path)})
    assert not harness.findings, report(harness)
    assert min(harness.codes[0], harness.codes[4]) > 15, harness.codes


def test_cards(harness: Harness, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "day2night"
    card = folder / "card.toml"
    judge = judge_model(harness, tmp_path, card, folder)
    run(judge, 100, {".toml": card.read_bytes()}, text=True)
    assert not harness.findings, report(harness)
    assert min(harness.codes[0], harness.codes[4]) > 5, harness.codes


def test_recipes(harness: Harness, tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"

    def judge(case: Case) -> None:
        file.write_bytes(case.content)
        harness.judge({"kind": "recipe", "path": str(file)}, case.made, {0, 2})

    run(judge, 100, {".toml": seeds.RECIPE.encode()}, text=True)
    assert not harness.findings, report(harness)
    assert min(harness.codes[0], harness.codes[2]) > 5, harness.codes
