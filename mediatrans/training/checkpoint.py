"""Checkpoints: everything that a run needs for an exact resume, in one file written atomically."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mediatrans.errors import InputError
from mediatrans.files.publish import publishing
from mediatrans.files.records import RecordError, from_table
from mediatrans.files.regular import check_regular
from mediatrans.training.config import TrainConfig
from mediatrans.zoo.graph import is_plain_name

__all__ = [
    "BEST",
    "LATEST",
    "PREVIOUS",
    "Checkpoint",
    "load_checkpoint",
    "loading_model",
    "save_best",
    "save_checkpoint",
]

LATEST = "latest.pt"
PREVIOUS = "previous.pt"
BEST = "best.pt"

_FORMAT = "mediatrans checkpoint"
_VERSION = 1
_STEPS_END = 2**63

_WRITE_REMEDY = (
    "free some space or allow writing there, then resume with --resume from the checkpoint before"
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A run, stopped after a step.

    Attributes:
        config: The run's configuration.
        domains: Names of domain a and domain b.
        step: Steps made; with the seed it is also the position in the data's order.
        data: One line per training picture, by domain, to recognise other data.
        environment: What else an exact resume depends on: versions, threads, device, mode.
        model: `CycleGAN.state_dict()`: networks, averages, optimisers, pools and their randomness.
    """

    config: TrainConfig
    domains: tuple[str, str]
    step: int
    data: dict[str, list[str]]
    environment: dict[str, str]
    model: dict[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write `latest.pt`; the one that had that name becomes `previous.pt`.

    The file is complete and on the disk before it gets its name.

    Returns:
        The checkpoint's path.

    Raises:
        OutputError: It cannot be written; the earlier checkpoints are kept.
    """
    return _write(folder / LATEST, checkpoint, earlier=folder / PREVIOUS)


def save_best(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write `best.pt`, as `save_checkpoint` does, in place of the one before.

    Returns:
        The checkpoint's path.

    Raises:
        OutputError: As for `save_checkpoint`.
    """
    return _write(folder / BEST, checkpoint)


def _write(path: Path, checkpoint: Checkpoint, earlier: Path | None = None) -> Path:
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        "config": checkpoint.config.to_table(),
        "domains": list(checkpoint.domains),
        "step": checkpoint.step,
        "data": checkpoint.data,
        "environment": checkpoint.environment,
        "model": checkpoint.model,
    }
    with publishing(path, earlier=earlier, what="the checkpoint", remedy=_WRITE_REMEDY) as part:
        _save(content, part)
    return path


def _save(content: dict[str, Any], path: Path) -> None:
    try:
        with path.open("wb") as file:
            torch.save(content, file)
    except RuntimeError as error:  # torch turns a short write into a RuntimeError
        cause = error.__context__
        if isinstance(cause, OSError):
            raise cause from error
        raise OSError(str(error).splitlines()[0]) from error


def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Read a checkpoint; an untrusted file runs no code.

    Args:
        path: The file, or a run folder or its `checkpoints` folder, whose newest one is taken.
        device: Where its tensors go.

    Raises:
        InputError: There is none, it is damaged, or it is not a checkpoint of this program.
        UsageError: It was made with a setting that this version does not know.
    """
    path = _newest(path) if path.is_dir() else path
    content = _read(path, device)
    try:
        header = from_table(_Header, {k: v for k, v in content.items() if k != "model"})
        config = TrainConfig.from_table(header.config, str(path))
        model = _checked_model(content.get("model"))
    except RecordError as error:
        raise InputError(
            f"the checkpoint is damaged ({error})", path=path, remedy=_other_than(path)
        ) from error
    return Checkpoint(
        config=config,
        domains=header.domains,
        step=header.step,
        data=header.data,
        environment=header.environment,
        model=model,
    )


@contextmanager
def loading_model(path: Path) -> Iterator[None]:
    """Turn what `CycleGAN` raises on a damaged checkpoint's model state into an error of the file.

    Args:
        path: The checkpoint, or the folder whose newest one was loaded.

    Raises:
        InputError: The state does not fit the networks, the optimisers or the pools.
    """
    try:
        yield
    except Exception as error:  # torch, its optimisers and random each raise their own
        path = _newest(path) if path.is_dir() else path
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        if isinstance(error, KeyError):
            reason = f"{reason} is missing"
        raise InputError(
            f"the checkpoint's model does not fit its settings ({reason})",
            path=path,
            remedy=_other_than(path),
        ) from error


@dataclass(frozen=True, slots=True)
class _Header:
    """What a checkpoint's file holds beside the model."""

    format: str
    version: int
    config: dict[str, Any]
    domains: tuple[str, str]
    step: int
    data: dict[str, list[str]]
    environment: dict[str, str]

    def __post_init__(self) -> None:
        if not all(is_plain_name(domain) for domain in self.domains):
            raise ValueError(f"domains: {list(self.domains)} are not names of files")
        if not 0 <= self.step < _STEPS_END:
            raise ValueError(f"step: {self.step} is not a number of steps")
        if self.data.keys() != {"a", "b"}:
            raise ValueError(f"data: of {sorted(self.data)}, not of a and b")


def _read(path: Path, device: torch.device | str) -> dict[str, Any]:
    try:
        check_regular(path.stat(), path)
        with zipfile.ZipFile(path) as archive:
            torn = archive.testzip()  # torch itself does not compare the checksums
        if torn is not None:
            raise zipfile.BadZipFile(torn)
        content = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError as error:
        raise InputError("no checkpoint here", path=path, remedy="train first") from error
    except OSError as error:
        raise InputError(
            f"the checkpoint cannot be read ({error.strerror or error})",
            path=path,
            remedy="allow reading",
        ) from error
    except Exception as error:  # zip, pickle and torch each raise their own
        raise InputError(
            f"the checkpoint is damaged or not one ({type(error).__name__})",
            path=path,
            remedy=_other_than(path),
        ) from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise InputError(
            "not a checkpoint of mediatrans train", path=path, remedy="give a run folder"
        )
    version = content.get("version", _VERSION)
    if isinstance(version, int) and version != _VERSION:
        raise InputError(
            f"a checkpoint of version {version}, this program reads {_VERSION}",
            path=path,
            remedy="use the mediatrans that wrote it",
        )
    return content


def _checked_model(model: object) -> dict[str, Any]:
    """The model's state: one table per part, and the number of steps."""
    if not isinstance(model, dict):
        raise RecordError("missing" if model is None else "expected a table", "model")
    for name, part in model.items():
        if name == "steps":
            if type(part) is not int or not 0 <= part < _STEPS_END:
                raise RecordError("expected a number of steps", "model.steps")
        elif not isinstance(part, dict):
            raise RecordError("expected a table", f"model.{name}")
    return model


def _newest(folder: Path) -> Path:
    places = (folder, folder / "checkpoints")
    # A kill between the two renames leaves the previous one alone.
    found = [place / name for name in (LATEST, PREVIOUS) for place in places]
    for path in found:
        if path.exists():
            return path
    raise InputError(
        "no checkpoint here", path=folder, remedy="train first, or start again with --overwrite"
    )


def _other_than(path: Path) -> str:
    previous = path.with_name(PREVIOUS)
    if path.name != PREVIOUS and previous.exists():
        return f"delete it to go on from {previous}"
    return "give another one, or start again with --overwrite"
