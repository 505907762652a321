"""Run folders: made, emptied, found again and read."""

import shutil
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from mediatrans.errors import InputError, OutputError, UsageError
from mediatrans.files.publish import output_errors, publishing
from mediatrans.files.records import from_toml, to_toml
from mediatrans.files.regular import read_regular
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.folders import Folders, parse_domains

__all__ = [
    "CHECKPOINTS",
    "CLASSIFIER",
    "EVALUATIONS",
    "RunSettings",
    "cache_folder",
    "create_run",
    "is_run",
    "newest_run",
    "read_run",
    "refuse_existing_run",
    "refuse_unwritable_settings",
    "run_of",
    "write_settings",
]

CHECKPOINTS = "checkpoints"
EVALUATIONS = "evaluation.csv"
CLASSIFIER = "domain.pt"
"""The classifier of the two domains, trained when the run has ended."""
_SETTINGS = "config.toml"
_FOLDERS = (CHECKPOINTS, "samples", "tensorboard")
_FILES = (_SETTINGS, "metrics.csv", EVALUATIONS, CLASSIFIER)
_REMEDY = "free some space or allow writing there, or choose another folder with --output"


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
    """Stop before anything is done where a run would be replaced without --overwrite.

    Raises:
        OutputError: A run is in the folder.
    """
    if is_run(folder) and not overwrite:
        raise OutputError(
            "a run is here already",
            path=folder,
            remedy="resume it with --resume, replace it with --overwrite, or choose another -o",
        )


def create_run(folder: Path) -> None:
    """Make a run folder; an earlier run's files in it are deleted, all others kept.

    Raises:
        OutputError: The folder cannot be made, or a file in it cannot be deleted.
    """
    with output_errors(folder, what="the run folder", remedy=_REMEDY):
        for name in _FOLDERS:
            if (folder / name).exists():
                shutil.rmtree(folder / name)
        for name in _FILES:
            (folder / name).unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)


def cache_folder(folder: Path, rank: int) -> Path:
    """Where a process of a run keeps its disk cache: no file is written by two of them."""
    cache = folder / "cache"
    return cache if rank == 0 else cache / f"process{rank}"


def is_run(folder: Path) -> bool:
    """Whether a training run has begun in a folder."""
    return (folder / _SETTINGS).exists() or (folder / CHECKPOINTS).is_dir()


def refuse_unwritable_settings(settings: RunSettings) -> None:
    """Stop before anything is done where `config.toml` cannot hold a path.

    Raises:
        UsageError: A path is not UTF-8, as TOML is.
    """
    _content(settings, "eager")


def write_settings(folder: Path, settings: RunSettings, mode: str) -> None:
    """Write a run's `config.toml`, which is a recipe as well.

    Args:
        folder: The run folder.
        settings: What it was started with.
        mode: How the step is computed: "eager" or "compiled".

    Raises:
        OutputError: It cannot be written; the settings that were there are kept.
        UsageError: A path is not UTF-8.
    """
    content = _content(settings, mode)
    with publishing(folder / _SETTINGS, what="the settings", remedy=_REMEDY) as part:
        part.write_bytes(content)


def _content(settings: RunSettings, mode: str) -> bytes:
    folders = settings.folders
    sources = _Sources(
        mode,
        folders.train_a.resolve(),
        folders.train_b.resolve(),
        None if folders.test_a is None else folders.test_a.resolve(),
        None if folders.test_b is None else folders.test_b.resolve(),
    )
    saved = {"domains": list(folders.domains), **settings.config.to_table()}
    text = f"{tomli_w.dumps(saved)}\n[run]\n{to_toml(sources)}"
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        line = text[: error.start].count("\n")
        raise UsageError(
            f"{text.splitlines()[line]}: the path is not UTF-8, and {_SETTINGS} cannot hold it",
            remedy="rename the file or folder",
        ) from error


def read_run(folder: Path) -> RunSettings:
    """Read back what a run was started with.

    Raises:
        InputError: There is no run, or its config.toml is damaged.
        UsageError: A setting is unknown to this version.
    """
    path = folder / _SETTINGS
    try:
        text = read_regular(path).decode()
        saved = from_toml(_Saved, text, extra_fields=True)
        table = tomllib.loads(text)
    except FileNotFoundError as error:
        raise InputError("no training run here", path=folder, remedy="train first") from error
    except OSError as error:
        raise InputError(
            f"the run's settings cannot be read ({error.strerror})",
            path=path,
            remedy="allow reading",
        ) from error
    except ValueError as error:  # a RecordError, or bytes that are no text
        raise InputError(
            f"the run's settings are damaged ({error})",
            path=path,
            remedy="restore the file, or start again with --overwrite",
        ) from error
    del table["domains"], table["run"]
    run = saved.run
    folders = Folders(
        parse_domains(saved.domains), run.train_a, run.train_b, run.test_a, run.test_b
    )
    return RunSettings(TrainConfig.from_table(table, str(path)), folders)


@dataclass(frozen=True, slots=True)
class _Sources:
    """The table `run` of `config.toml`: how the step is computed and where the pictures were."""

    mode: str
    train_a: Path
    train_b: Path
    test_a: Path | None = None
    test_b: Path | None = None


@dataclass(frozen=True, slots=True)
class _Saved:
    """What `config.toml` holds beside the settings."""

    domains: tuple[str, str]
    run: _Sources


def newest_run(root: Path) -> Path:
    """The run folder under `root` whose checkpoint was written last.

    Raises:
        InputError: There is no run with a checkpoint.
    """
    found: dict[Path, float] = {}
    for checkpoint in root.glob(f"*/{CHECKPOINTS}/*.pt"):
        with suppress(OSError):  # a link that leads nowhere
            found[checkpoint.parent.parent] = checkpoint.stat().st_mtime
    if not found:
        raise InputError(
            "no run with a checkpoint here", path=root, remedy="train first, or name a run"
        )
    return max(found, key=lambda folder: found[folder])


def run_of(source: Path) -> Path:
    """The run folder that a run folder or one of its checkpoints belongs to."""
    return source.resolve().parent.parent if source.is_file() else source
