"""A watcher of training runs, and comparisons of what they leave."""

import csv
import signal
from pathlib import Path

import torch
from torch import Tensor

from mediatrans.training.checkpoint import load_checkpoint
from mediatrans.training.run.progress import Progress


class Watcher:
    """Remembers what it is told; sends a signal after a step."""

    def __init__(self, signal_after: int | None = None, signum: int = signal.SIGINT) -> None:
        self.messages: list[str] = []
        self.steps: list[Progress] = []
        self._signal_after = signal_after
        self._signum = signum

    def message(self, text: str) -> None:
        self.messages.append(text)

    def progress(self, progress: Progress) -> None:
        self.steps.append(progress)
        if progress.step == self._signal_after:
            signal.raise_signal(self._signum)

    @property
    def text(self) -> str:
        return "\n".join(self.messages)


def flat(state: object, at: str = "") -> dict[str, Tensor | object]:
    """Every leaf of nested dicts and lists under its path."""
    if isinstance(state, dict):
        items = [(str(key), value) for key, value in state.items()]
    elif isinstance(state, list | tuple):
        items = [(str(i), value) for i, value in enumerate(state)]
    else:
        return {at: state}
    return {k: v for key, value in items for k, v in flat(value, f"{at}/{key}").items()}


def assert_same_model(first: Path, second: Path) -> None:
    one, two = (flat(load_checkpoint(path).model) for path in (first, second))
    assert one.keys() == two.keys()
    for key, value in one.items():
        other = two[key]
        same = (
            torch.equal(value, other)
            if isinstance(value, Tensor) and isinstance(other, Tensor)
            else value == other
        )
        assert same, key


def metrics(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))
