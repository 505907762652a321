"""Joins runs of one architecture: the first one, with F (to summer) as the mean of the others'.

python train/summer2winter/join.py FIRST.pt OTHER.pt [ANOTHER.pt ...] JOINED.pt
"""

import re
import sys
from pathlib import Path

import torch

CONTENT = re.compile(r" [0-9a-f]{8}( labels [0-9a-f]{8})?$")
"""How an entry of a run's list of pictures ends: the CRCs of the file and of its label map."""


def main(*paths: Path) -> None:
    """Write a checkpoint for `export-onnx` and `--start-from`; it cannot be resumed.

    The runs need averaged weights (`ema`). A picture that the first run lists several times counts
    once in the card.
    """
    first, *rest, joined = paths
    run, *others = (torch.load(path, weights_only=True) for path in (first, *rest))
    mean = {
        name: sum(other["model"]["average_F"][name].double() for other in others) / len(others)
        for name in run["model"]["F"]
    }
    for name in ("F", "average_F"):
        run["model"][name] = {key: weight.float() for key, weight in mean.items()}
    run["data"] = {domain: distinct(pictures) for domain, pictures in run["data"].items()}
    torch.save(run, joined)


def distinct(pictures: list[str]) -> list[str]:
    """The pictures without those whose file is the same as an earlier one's."""
    of_content: dict[str, str] = {}
    for picture in pictures:
        ending = CONTENT.search(picture)
        of_content.setdefault(ending.group() if ending else picture, picture)
    return list(of_content.values())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
