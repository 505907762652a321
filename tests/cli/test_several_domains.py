"""Several --to in one call: where each domain's outputs go, and what is refused."""

import json
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from tests.media_files import write_clip, write_picture
from tests.pairs import identity, write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")

TO_BOTH = ["--to", "night", "--to", "dusk"]


@pytest.fixture
def two(pair: Path) -> Path:
    """A second pair beside `day2night`, which leaves pictures as they are."""
    return write_pair(
        Path("models"), "noon2dusk", ("noon", "dusk"), forward=identity(), back=identity()
    )


def test_each_domain_gets_a_file_beside_the_input(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("a.png"))
    write_clip(Path("b.mkv"), frames=3)
    words = ["convert", "a.png", "b.mkv", *TO_BOTH, "--json", "--report", "r.json"]
    assert run([*words, "--to", "NIGHT"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["output"] for row in rows] == [
        *("a-night.png", "b-night.mkv"),
        *("a-dusk.png", "b-dusk.mkv"),
    ]
    assert json.loads(Path("r-night.json").read_text())["model"] == "day2night"
    assert json.loads(Path("r-dusk.json").read_text())["model"] == "noon2dusk"
    assert not Path("r.json").exists()


@pytest.mark.parametrize("given", ["in", "in/a.png", "in/b.mkv"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_has_a_folder_for_each_domain(
    two: Path, capsys: pytest.CaptureFixture[str], given: str, exists: bool
) -> None:
    write_picture(Path("in/a.png"))
    write_clip(Path("in/b.mkv"), frames=3)
    if exists:
        Path("out").mkdir()
    names = ["a.png", "b.mkv"] if given == "in" else [Path(given).name]
    expected = [f"out/{domain}/{name}" for domain in ("night", "dusk") for name in names]
    words = ["convert", given, *TO_BOTH, "-o", "out"]
    assert run([*words, "--dry-run", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["output"] for row in rows] == expected
    assert Path("out").exists() == exists
    assert run(words) == 0
    assert all(Path(path).is_file() for path in expected)
    capsys.readouterr()
    assert run([*words, "--preview", "2", "--dry-run", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    previews = {row["output"] for row in rows if row["kind"] == "video"}
    assert not previews & set(expected)  # they replace no whole video


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-", *TO_BOTH, "-o", "out"], 2),
        (["a.png", *TO_BOTH, "-o", "-"], 2),
        (["a.png", *TO_BOTH, "-o", "b.png"], 2),
        (["a.png", "--to", "night", "--to", "dawn"], 4),
        (["a.png", *TO_BOTH, "--model", "day2night"], 4),
        (["a.png", "missing.png", *TO_BOTH], 3),
    ],
)
def test_what_several_domains_cannot_do(two: Path, words: list[str], code: int) -> None:
    write_picture(Path("a.png"))
    assert run(["convert", *words]) == code
    assert Path("a-night.png").exists() == (code == 3)
