"""Checkpoints: everything a run needs to go on bit for bit, in one file that is whole or absent."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mediatrans.errors import InputError, OutputError
from mediatrans.files.publish import sync_folder
from mediatrans.training.config import TrainConfig
from mediatrans.zoo.graph import is_plain_name

__all__ = [
    "BEST",
    "LATEST",
    "PREVIOUS",
    "Checkpoint",
    "load_checkpoint",
    "save_best",
    "save_checkpoint",
]

LATEST = "latest.pt"
PREVIOUS = "previous.pt"
BEST = "best.pt"

_FORMAT = "mediatrans checkpoint"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A run, stopped after a step.

    Attributes:
        config: The run's configuration.
        domains: Names of domain a and domain b.
        step: Steps made; with the seed it is also the position in the data's order.
        data: A line a training picture of either domain, to recognise other data by.
        environment: What else bit-exactness hangs on: versions, threads, device, mode.
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
        OutputError: It cannot be written, a full disk say; the earlier checkpoints are untouched.
    """
    return _write(folder / LATEST, checkpoint, earlier=folder / PREVIOUS)


def save_best(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write `best.pt`, as `save_checkpoint` does, in place of the one before."""
    return _write(folder / BEST, checkpoint)


def _write(path: Path, checkpoint: Checkpoint, earlier: Path | None = None) -> Path:
    part = path.with_name(f"{path.name}.part")
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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        if earlier is not None and path.exists():
            path.replace(earlier)
        part.replace(path)
        sync_folder(path.parent)
    except (OSError, RuntimeError) as error:  # torch turns a short write into a RuntimeError
        _discard(part)
        raise OutputError(
            f"cannot write the checkpoint ({_reason(error)})",
            path=path,
            remedy="free some space, then go on with --resume from the checkpoint before",
        ) from error
    return path


def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> Checkpoint:
    """Read a checkpoint; a stranger's file runs no code.

    Args:
        path: The file, or a run folder or its `checkpoints` folder, whose newest one is taken.
        device: Where its tensors go.

    Raises:
        InputError: There is none, it is torn, or it is not a checkpoint of this program.
    """
    path = _newest(path) if path.is_dir() else path
    try:
        with zipfile.ZipFile(path) as archive:
            torn = archive.testzip()  # torch itself does not compare the checksums
        if torn is not None:
            raise zipfile.BadZipFile(torn)
        content = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError as error:
        raise InputError("no checkpoint here", path=path, remedy="train first") from error
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
    if content["version"] != _VERSION:
        raise InputError(
            f"a checkpoint of version {content['version']}, this program reads {_VERSION}",
            path=path,
            remedy="use the mediatrans that wrote it",
        )
    try:
        first, second = content["domains"]
        if not is_plain_name(first) or not is_plain_name(second):
            raise ValueError(f"domains {first!r} and {second!r}")
        return Checkpoint(
            config=TrainConfig.from_table(content["config"], str(path)),
            domains=(first, second),
            step=content["step"],
            data=content["data"],
            environment=content["environment"],
            model=content["model"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"the checkpoint lacks a part ({error!r})", path=path, remedy=_other_than(path)
        ) from error


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


def _reason(error: OSError | RuntimeError) -> str:
    cause = error if isinstance(error, OSError) else error.__context__
    return str(getattr(cause, "strerror", None) or error).splitlines()[0]


def _discard(part: Path) -> None:
    # Beside an error that says more.
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return
