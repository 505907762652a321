"""Joins two runs of one architecture: the first one, with F (to summer) of the second.

python train/summer2winter/join.py FIRST.pt SECOND.pt JOINED.pt
"""

import sys
from pathlib import Path

import torch


def main(first: Path, second: Path, joined: Path) -> None:
    """Write a checkpoint that `export-onnx` takes; it is not meant to be trained on."""
    run, other = (torch.load(path, weights_only=True) for path in (first, second))
    for name in ("F", "average_F"):
        run["model"][name] = other["model"][name]
    torch.save(run, joined)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
