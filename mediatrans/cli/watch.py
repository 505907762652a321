"""`mediatrans watch`: convert what arrives in a folder."""

import glob
import shlex
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mediatrans.cli.command import Command
from mediatrans.cli.flags import settings_flags
from mediatrans.cli.settings_files import preset_file_flag
from mediatrans.conversion.options import ConvertOptions
from mediatrans.errors import (
    ExitCode,
    InputError,
    Interrupted,
    OutputError,
    UsageError,
    batch_exit_code,
)

if TYPE_CHECKING:
    from mediatrans.cli.watch_progress import WatchProgress
    from mediatrans.conversion.earlier_results import EarlierResults
    from mediatrans.conversion.workshop import Workshop

__all__ = ["command"]

_EXAMPLES = (
    ("watch incoming/ done/ --to winter", "Convert what is there and what comes, until Ctrl-C."),
    (
        "watch incoming/ done/ --to winter --until-idle 60",
        "End when nothing has come for a minute.",
    ),
    (
        "watch incoming/ done/ --to winter --json > log.jsonl",
        "Write one JSON object per file to a log.",
    ),
)


@click.command(
    "watch", cls=Command, examples=_EXAMPLES, short_help="Convert what arrives in a folder."
)
@click.argument("folder", metavar="IN", type=click.Path(path_type=Path))
@click.argument("output", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--to", required=True, metavar="DOMAIN", help="The domain to translate to.")
@click.option(
    "--settle",
    "settle_s",
    type=click.FloatRange(min=0),
    default=2.0,
    metavar="SECONDS",
    show_default=True,
    help="A file is read when it has not changed for this long, and no program writes to it.",
)
@click.option(
    "--until-idle",
    "idle_s",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="End when nothing has come for this long. Without it, only Ctrl-C ends it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@preset_file_flag
@settings_flags(
    ConvertOptions,
    groups=("Output", "Input", "Model", "Quality"),
    without=("output", "fps", "preview"),
)
@click.pass_obj
def command(
    words: Sequence[str],
    /,
    folder: Path,
    output: Path,
    to: str,
    settle_s: float,
    idle_s: float | None,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> int:
    """Convert the pictures and videos of the folder IN, and those that arrive later, into OUT.

    The outputs are those of "convert IN -o OUT": what is up to date is skipped, so the same command
    goes on after an interruption. A file that could not be converted is tried again once it has
    changed.
    """
    from mediatrans.cli.watch_progress import WatchProgress
    from mediatrans.conversion.earlier_results import EarlierResults
    from mediatrans.files.addresses import refuse_urls
    from mediatrans.files.arrivals import Arrivals
    from mediatrans.media.formats import kind_of

    refuse_urls([folder, output], "a watched folder or its output", "use convert for buckets")
    options = ConvertOptions(output=output, **settings)
    workshop = _workshop(folder, output, to, options)
    earlier = EarlierResults(folder, workshop.generator.to, workshop.translator.sha256)
    progress = WatchProgress(options.limits, as_json=as_json, quiet=quiet)
    arrivals = Arrivals(
        folder, lambda path: kind_of(path) is not None, settle_s=settle_s, idle_s=idle_s
    )
    try:
        for paths in arrivals:
            _convert(paths, earlier, workshop, progress)
    except KeyboardInterrupt as stop:
        is_term = isinstance(stop, Interrupted) and stop.exit_code == ExitCode.SIGTERM
        hint = f"{progress.unfinished()} Go on with: {shlex.join(['mediatrans', *words])}".lstrip()
        raise Interrupted(signal.SIGTERM if is_term else signal.SIGINT, hint) from stop
    return int(batch_exit_code(progress.codes))


def _workshop(folder: Path, output: Path, to: str, options: ConvertOptions) -> "Workshop":
    """The loaded model, after the folders were checked."""
    from mediatrans.conversion.outputs import real_path
    from mediatrans.conversion.workshop import Workshop
    from mediatrans.zoo.find import find

    if not folder.is_dir():
        raise InputError("no such folder", path=folder, remedy="create it, or check the name")
    if real_path(output).is_relative_to(real_path(folder)):
        raise OutputError(
            f"the output folder {output} is inside the input folder",
            path=folder,
            remedy="name a folder outside it",
        )
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is not a folder", remedy="name another one for the outputs")
    workshop = Workshop(find(to, options.model), options)
    workshop.begin()
    return workshop


def _convert(
    paths: Sequence[Path],
    earlier: "EarlierResults",
    workshop: "Workshop",
    progress: "WatchProgress",
) -> None:
    """Convert files that have arrived together."""
    from mediatrans.conversion.batch import convert

    own = []
    for path in paths:
        other = _rival(path, workshop.options)
        if other is None:
            own.append(path)
            continue
        problem = f"{other.name} has the same output"
        progress.refused(OutputError(problem, path=path, remedy="give one of them another name"))
    if own:
        convert(own, workshop.generator.to, observer=progress, workshop=workshop, within=earlier)
        workshop.check_unchanged()  # a model file that changed ends the watch


def _rival(path: Path, options: ConvertOptions) -> Path | None:
    """A file beside one whose output gets another suffix, with the same output; None if none."""
    from mediatrans.conversion.outputs import output_suffix
    from mediatrans.media.formats import kind_of

    def suffix_of(file: Path) -> str | None:
        kind = kind_of(file)
        return None if kind is None else output_suffix(file, kind, options.file_format)

    suffix = suffix_of(path)
    if suffix == path.suffix:
        return None
    alike = path.parent.glob(f"{glob.escape(path.stem)}.*")
    return next((file for file in alike if file != path and suffix_of(file) == suffix), None)
