"""The command `export-onnx`: the files it writes and what it refuses."""

import os
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mediatrans.cli.main import run
from mediatrans.training.export.pair import DataNote
from tests.training.export.test_model_folder import write_run
from tests.training.tiny import TINY

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning"),
    pytest.mark.usefixtures("graphs_once"),
]


def test_the_newest_run_becomes_a_model(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(here / "runs" / "other")
    earlier = str(here / "runs" / "other")
    begun = replace(TINY, size=32, load_size=36, lambda_projected=1.0, start_from=earlier)
    newest = write_run(here / "runs" / "red2blue", begun)
    os.utime(here / "runs" / "other" / "checkpoints" / "latest.pt", (1, 1))
    assert run(["export-onnx", "--data-licence", "CC0"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert str(newest.relative_to(here)) in err
    assert "of 255 over 9 inputs" in err
    card = (here / "models" / "red2blue" / "card.toml").read_text()
    assert str(here) not in card
    assert tomllib.loads(card)["quality"] == {"trained_with": ["efficientnet-lite0"]}
    assert run(["export-onnx"]) == 6
    assert "--overwrite" in capsys.readouterr().err


def test_a_checkpoint_and_a_folder_by_name(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is handed to the export, which the test above runs."""
    handed: dict[str, Any] = {}

    def trained(source: Path, note: DataNote, on_message: object) -> str:
        handed.update(source=source, note=note)
        return "the pair"

    def publish(pair: str, out: Path, **how: Any) -> Path:
        handed.update(how, pair=pair, out=out)
        return out

    place = "mediatrans.training.export.model_folder"
    monkeypatch.setattr(f"{place}.trained_pair", trained)
    monkeypatch.setattr(f"{place}.publish_pair", publish)
    checkpoint = write_run(here / "somewhere") / "checkpoints" / "latest.pt"
    words = ["export-onnx", str(checkpoint), "-o", "mine", "-y", "--precision", "float16"]
    assert run([*words, "--no-evaluate", "--data-source", "painted"]) == 0
    assert handed["source"] == checkpoint
    assert handed["pair"] == "the pair"
    assert handed["out"] == Path("mine")
    assert handed["overwrite"]
    assert handed["precision"] == "float16"
    assert handed["note"].source == "painted"
    assert "model: mine" in capsys.readouterr().err


def test_an_export_that_is_ended_leaves_no_model(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mediatrans.training.run_folder.read_run", ended)
    write_run(here / "runs" / "red2blue")
    assert run(["export-onnx"]) == 130
    assert "No model was written" in capsys.readouterr().err
    assert list((here / "models").iterdir()) == []
    assert run(["export-onnx", "--no-evaluate"]) == 0
    monkeypatch.setattr("mediatrans.training.evaluation.domain_file.write_kept_classifier", ended)
    assert run(["export-onnx", "--no-evaluate", "-y"]) == 130
    assert "--no-evaluate" not in capsys.readouterr().err
    card = (here / "models" / "red2blue" / "card.toml").read_bytes()
    assert run(["export-onnx", "-y"]) == 130
    (model,) = (here / "models").iterdir()
    assert (model / "card.toml").read_bytes() == card


def test_what_bad_input_gets(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export-onnx"]) == 3
    assert "train first" in capsys.readouterr().err
    assert run(["export-onnx", "nowhere"]) == 3
    (here / "torn.pt").write_bytes(b"PK\3\4")
    assert run(["export-onnx", "torn.pt"]) == 3
    assert "torn.pt" in capsys.readouterr().err


def test_without_onnxscript_the_extra_is_named(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert run(["export-onnx"]) == 2
    assert 'pip install "mediatrans[train]"' in capsys.readouterr().err
