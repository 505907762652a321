"""Run folders: made, emptied, found again and read."""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from mediatrans.errors import InputError, OutputError
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.folders import Folders, parse_domains

__all__ = [
    "CACHE",
    "CHECKPOINTS",
    "EVALUATIONS",
    "RunSettings",
    "create_run",
    "is_run",
    "newest_run",
    "read_run",
    "refuse_existing_run",
    "run_of",
    "write_settings",
]

CHECKPOINTS = "checkpoints"
CACHE = "cache"
EVALUATIONS = "evaluation.csv"
_SETTINGS = "config.toml"
_FOLDERS = (CHECKPOINTS, "samples", "tensorboard")
_FILES = (_SETTINGS, "metrics.csv", "metrics.csv.part", "losses.png", EVALUATIONS, "evaluation.png")
_SPLITS = ("train_a", "train_b", "test_a", "test_b")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run was started with.

    Attributes:
        config: Its configuration.
        folders: Where its pictures were.
    """

    config: TrainConfig
    folders: Folders


def refuse_existing_run(folder: Path, overwrite: bool) -> None:
    """Stop before anything is done where a run would be replaced unasked.

    Raises:
        OutputError: A run is in the folder.
    """
    if is_run(folder) and not overwrite:
        raise OutputError(
            "a run is here already",
            path=folder,
            remedy="go on with --resume, replace it with --overwrite, or choose another --out",
        )


def create_run(folder: Path) -> None:
    """Make a run folder; an earlier run's files in it are deleted, all others kept.

    Raises:
        OutputError: The folder cannot be made.
    """
    try:
        for name in _FOLDERS:
            if (folder / name).exists():
                shutil.rmtree(folder / name)
        for name in _FILES:
            (folder / name).unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make the run folder ({error.strerror})", path=folder, remedy="choose --out"
        ) from error


def is_run(folder: Path) -> bool:
    """Whether a training run has begun in a folder."""
    return (folder / _SETTINGS).exists() or (folder / CHECKPOINTS).is_dir()


def write_settings(folder: Path, settings: RunSettings, mode: str) -> None:
    """Write a run's `config.toml`, which is a recipe as well.

    Args:
        folder: The run folder.
        settings: What it was started with.
        mode: How the step is computed: "eager" or "compiled".
    """
    folders = settings.folders
    sources = {split: getattr(folders, split) for split in _SPLITS}
    table = {
        "domains": list(folders.domains),
        **settings.config.to_table(),
        "run": {
            "mode": mode,
            **{split: str(path.resolve()) for split, path in sources.items() if path is not None},
        },
    }
    part = folder / f"{_SETTINGS}.part"
    part.write_text(tomli_w.dumps(table), encoding="utf-8")
    part.replace(folder / _SETTINGS)


def read_run(folder: Path) -> RunSettings:
    """Read back what a run was started with.

    Raises:
        InputError: There is no run, or its config.toml is damaged.
        UsageError: A setting is unknown to this version.
    """
    path = folder / _SETTINGS
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        about = table.pop("run")
        domains = parse_domains(table.pop("domains"))
        paths = [Path(about[split]) if split in about else None for split in _SPLITS]
        train_a, train_b, test_a, test_b = paths
        if train_a is None or train_b is None:
            raise KeyError("train_a, train_b")
    except FileNotFoundError as error:
        raise InputError("no training run here", path=folder, remedy="train first") from error
    except (OSError, RecursionError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"the run's settings are damaged ({error!r})", path=path) from error
    config = TrainConfig.from_table(table, str(path))
    return RunSettings(config, Folders(domains, train_a, train_b, test_a, test_b))


def newest_run(root: Path) -> Path:
    """The run folder under `root` whose checkpoint was written last.

    Raises:
        InputError: There is no run with a checkpoint.
    """
    found = {
        checkpoint.parent.parent: checkpoint.stat().st_mtime
        for checkpoint in root.glob(f"*/{CHECKPOINTS}/*.pt")
    }
    if not found:
        raise InputError(
            "no run with a checkpoint here", path=root, remedy="train first, or name a run"
        )
    return max(found, key=lambda folder: found[folder])


def run_of(source: Path) -> Path:
    """The run folder that a run folder or one of its checkpoints belongs to."""
    return source.resolve().parent.parent if source.is_file() else source
