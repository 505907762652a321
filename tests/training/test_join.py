"""The recipe's script that joins runs."""

import subprocess
import sys
from pathlib import Path

import torch

SCRIPT = Path(__file__).parents[2] / "train" / "summer2winter" / "join.py"


def write_run(path: Path, weight: float, pictures: list[str]) -> Path:
    model = {name: {"w": torch.tensor([weight])} for name in ("G", "F", "average_G", "average_F")}
    torch.save({"model": model, "config": {"ema": 0.9}, "data": {"a": pictures, "b": []}}, path)
    return path


def test_f_is_the_mean_of_the_others_and_a_copy_counts_once(tmp_path: Path) -> None:
    once, copy = "x y.jpg 0a1b2c3d labels 4e5f6a7b", "x y-again1.jpg 0a1b2c3d labels 4e5f6a7b"
    other = "z.jpg 0a1b2c3d labels 00000000"
    first = write_run(tmp_path / "first.pt", 1.0, [once, copy, other])
    grey, last = (write_run(tmp_path / f"{w}.pt", w, []) for w in (2.0, 5.0))
    joined = tmp_path / "joined.pt"
    subprocess.run([sys.executable, SCRIPT, first, grey, grey, last, joined], check=True)
    found = torch.load(joined, weights_only=True)
    assert {name: w["w"].item() for name, w in found["model"].items()} == {
        "G": 1.0,
        "average_G": 1.0,
        "F": 3.0,
        "average_F": 3.0,
    }
    assert found["data"]["a"] == [once, other]
    assert found["config"] == {"ema": 0.9}
