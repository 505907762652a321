"""`mediatrans train`: learn a pair from two folders of pictures."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

from mediatrans.cli.command import Command
from mediatrans.cli.flags import settings_flags
from mediatrans.cli.settings_files import settings_from_files
from mediatrans.cli.terminal import echo, stderr_console
from mediatrans.errors import InputError, MissingExtraError, StoppedTogetherError, UsageError
from mediatrans.printable import printable
from mediatrans.training.config import GROUPS, TrainConfig
from mediatrans.training.recipe import load_recipe

if TYPE_CHECKING:
    from rich.progress import TaskID

    from mediatrans.training.data.folders import Folders
    from mediatrans.training.run.progress import Progress

__all__ = ["command"]

_PLAIN_EVERY_S = 10.0
_WIDE = 120

_EXAMPLES = (
    (
        "train summer/ winter/",
        "Train with the defaults of the paper, for a GPU.",
    ),
    (
        "train data/seasons --domains summer,winter --recipe recipe.toml",
        "Train with the settings of a file.",
    ),
    (
        "train --resume -o runs/summer2winter",
        "Go on with a run that was interrupted.",
    ),
    (
        "train summer/ winter/ --size 128 --load-size 143 --ngf 16 --blocks 6 --steps 4000",
        "Train a small pair on a CPU.",
    ),
)


@click.command(
    "train",
    cls=Command,
    examples=_EXAMPLES,
    short_help="Learn to translate between two folders of pictures.",
)
@click.argument("inputs", nargs=-1, type=click.Path(path_type=Path), metavar="[A/ B/ | ROOT]")
@click.option("--domains", metavar="A,B", help="Names of the two domains; else the folders' names.")
@click.option(
    "-o",
    "--output",
    "--out",
    "out",
    type=click.Path(path_type=Path),
    help="Run folder.  [default: runs/<a>2<b>]",
)
@click.option("--recipe", type=click.Path(path_type=Path), help="TOML file of settings; flags win.")
@click.option("--resume", is_flag=True, help="Go on with the run in the run folder.")
@click.option("-y", "--overwrite", is_flag=True, help="Replace the run in the run folder.")
@settings_flags(TrainConfig, keep_unset=True, groups=GROUPS)
@click.pass_context
def command(
    context: click.Context,
    /,
    inputs: tuple[Path, ...],
    domains: str | None,
    out: Path | None,
    recipe: Path | None,
    resume: bool,
    overwrite: bool,
    **settings: Any,
) -> None:
    """Learn to translate between two folders of pictures, both ways, without pairs.

    Give the two folders, or one ROOT that holds trainA, trainB and perhaps testA, testB. The
    defaults are those of the CycleGAN paper (Zhu et al. 2017): 256 px crops, 9 residual blocks,
    100 epochs and 100 more while the learning rate falls. They need a GPU; on a CPU try
    --size 128 --load-size 143 --ngf 16 --ndf 32 --blocks 6 --upsample resize --tone-skip
    --ema 0.998 --steps 4000.
    """
    files = settings_from_files(context)
    given = {key: value for key, value in settings.items() if value is not None}
    options = TrainOptions(
        inputs=inputs,
        domains=domains,
        out=out,
        recipe=recipe,
        resume=resume,
        overwrite=overwrite and not (resume and "overwrite" in files),
        settings={key: value for key, value in given.items() if key not in files},
        defaults={key: value for key, value in given.items() if key in files},
    )
    run_training(options)


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What the command line asked for.

    Attributes:
        inputs: Two folders, or one root, or none when a run is resumed.
        domains: The domains' names as given.
        out: The run folder as given.
        recipe: A recipe file.
        resume: Go on with a run.
        overwrite: Replace a run.
        settings: The settings given as flags or in the environment.
        defaults: Those of settings files; a recipe and a run that is resumed override them.
    """

    inputs: tuple[Path, ...]
    domains: str | None
    out: Path | None
    recipe: Path | None
    resume: bool
    overwrite: bool
    settings: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)


def run_training(options: TrainOptions) -> None:
    """Resolve the options and train; the progress is shown on stderr."""
    if options.resume and options.overwrite:
        raise UsageError("--resume and --overwrite contradict each other", remedy="choose one")
    table = dict(load_recipe(options.recipe)) if options.recipe is not None else {}
    domains = options.domains or table.pop("domains", None)
    table.pop("domains", None)
    before = {} if options.resume else dict(options.defaults)
    table = before | table | dict(options.settings)
    # Read when torch loads. Threads that spin while they wait slow each other down beside other
    # busy programs: 27 seconds per step beside three of them, 0.8 seconds when the threads sleep.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        from mediatrans.training.run.loop import train
        from mediatrans.training.team import joined
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name or "torch") from error
    try:
        with joined() as team, _Screen() as screen:
            with team.together():
                config, folders, out = _resolve(options, table, domains)
            if team.is_rank_zero:
                screen.message(f"run folder: {out}")
            last = train(
                config,
                folders,
                out,
                screen,
                resume=options.resume,
                overwrite=options.overwrite,
                team=team,
            )
    except StoppedTogetherError as stopped:
        raise click.exceptions.Exit(stopped.exit_code) from stopped
    if team.is_rank_zero:
        echo(f"trained: {last}", err=True)
        echo(f"export it with: mediatrans export-onnx {out}", err=True)


def _resolve(
    options: TrainOptions, table: dict[str, Any], domains: str | list[str] | None
) -> "tuple[TrainConfig, Folders, Path]":
    from mediatrans.training.data.folders import resolve_folders
    from mediatrans.training.run_folder import read_run

    if not options.resume:
        if not options.inputs:
            raise UsageError("give two folders of pictures, or one with trainA and trainB")
        folders = resolve_folders(options.inputs, domains)
        config = TrainConfig.from_table(table, "the flags")
        return config, folders, options.out or Path("runs") / folders.pair
    named = resolve_folders(options.inputs, domains) if options.inputs else None
    out = options.out or (Path("runs") / named.pair if named else _only_run())
    before = read_run(out)
    return before.config.updated(table, "the flags"), named or before.folders, out


def _only_run() -> Path:
    from mediatrans.training.run_folder import is_run

    root = Path("runs")
    found = sorted(path for path in root.iterdir() if is_run(path)) if root.is_dir() else []
    if len(found) != 1:
        raise InputError(
            f"{len(found)} runs are here; --resume without --output takes exactly one",
            path=root,
            remedy="name the run folder with --output",
        )
    return found[0]


class _Screen:
    """Shows a run on stderr: a progress bar on a terminal, a line every ten seconds elsewhere."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._console = stderr_console()
        self._bar = Bar(
            MofNCompleteColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}"),
            BarColumn(bar_width=16),
            console=self._console,
            disable=not self._console.is_interactive,
        )
        self._task: TaskID | None = None
        self._seen = 0
        self._step_s = 0.0
        self._wait_s = 0.0
        self._shown_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def message(self, text: str) -> None:
        """Show a sentence on a line of its own."""
        self._console.print(printable(text), markup=False)

    def progress(self, progress: "Progress") -> None:
        """Show a finished step."""
        self._seen += 1
        # The plain mean of the first steps, then a running one.
        share = max(0.02, 1 / self._seen)
        self._step_s += share * (progress.step_s - self._step_s)
        self._wait_s += share * (progress.wait_s - self._wait_s)
        if not self._bar.disable:
            if self._task is None:
                self._bar.start()
                before = progress.step - 1  # a resumed run begins in the middle
                self._task = self._bar.add_task("", completed=before, total=progress.total, text="")
            is_wide = self._console.width >= _WIDE
            text = self._text(progress) if is_wide else self._short_text(progress)
            self._bar.update(self._task, completed=progress.step, text=text)
        elif progress.step == progress.total or self._due():
            left = timedelta(seconds=int(self._step_s * (progress.total - progress.step)))
            self.message(f"step {progress.step}/{progress.total} {self._text(progress)} ETA {left}")

    def _due(self) -> bool:
        due = time.monotonic() - self._shown_at >= _PLAIN_EVERY_S
        if due:
            self._shown_at = time.monotonic()
        return due

    def _short_text(self, progress: "Progress") -> str:
        losses = progress.losses
        return f"cycle {losses.cycle_a:.3f} {losses.cycle_b:.3f}  {self._step_s:.2f} s/step"

    def _text(self, progress: "Progress") -> str:
        losses = progress.losses
        waiting = 100 * self._wait_s / self._step_s if self._step_s else 0.0
        return (
            f"{self._short_text(progress)}  G {losses.gan_g:.2f} {losses.gan_f:.2f}  "
            f"D {losses.d_a:.2f} {losses.d_b:.2f}  data {waiting:.1f} %"
        )
