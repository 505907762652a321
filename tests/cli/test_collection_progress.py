"""The bars of `prepare` and `export-onnx`: on a terminal, and nowhere else."""

import sys
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from tests.terminals import on_a_terminal
from tests.training.data.test_preparation import picture
from tests.training.export.test_model_folder import write_run

needs_terminal = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")


@needs_terminal
def test_prepare_shows_what_it_checks_and_lays_out(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(6):
        picture(here / "day" / f"{index}.png", index)
        picture(here / "night" / f"{index}.png", 100 + index)
    code, shown = on_a_terminal("prepare", "day", "night", "-o", "seen")
    assert code == 0
    for what in ("checking trainA", "checking trainB", "laying out trainA"):
        assert what in shown
    assert "0/6" in shown
    assert run(["prepare", "day", "night", "-o", "unseen"]) == 0
    out, err = capsys.readouterr()
    assert "checking" not in out + err
    assert "laying out" not in out + err
    seen = sorted(path.relative_to("seen") for path in Path("seen").rglob("*"))
    assert seen == sorted(path.relative_to("unseen") for path in Path("unseen").rglob("*"))


@pytest.mark.slow
@needs_terminal
def test_export_shows_how_many_graphs_are_written(here: Path) -> None:
    write_run(here / "runs" / "red2blue")
    code, shown = on_a_terminal("export-onnx", "--no-evaluate")
    assert code == 0
    assert "writing and proving graphs" in shown
    assert "1/2" in shown
    assert "model: models/red2blue" in shown
