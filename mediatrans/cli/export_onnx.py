"""`mediatrans export-onnx`: a run's generators as a model folder."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mediatrans.cli.command import Command
from mediatrans.cli.terminal import echo
from mediatrans.errors import ExitCode, InputError, Interrupted, MissingExtraError, UsageError
from mediatrans.zoo.size_rule import MAX_SIDE, MINIMUM

if TYPE_CHECKING:
    from mediatrans.training.export.float16 import WeightFormat
    from mediatrans.training.export.model_folder import Complete
    from mediatrans.training.watch import Watch

__all__ = ["command"]

_NOT_WRITTEN = (
    "No model was written, since its figures were not there yet; --no-evaluate writes one without"
)

_EXAMPLES = (
    (
        "export-onnx",
        "Write the newest run to models/<a>2<b>/.",
    ),
    (
        "export-onnx runs/day2night --precision float16 -o models/small",
        "Write a run with weights of half the size.",
    ),
    (
        "export-onnx --from-pytorch-cyclegan G_A.pth G_B.pth --domains horse,zebra",
        "Import generators of the reference implementation.",
    ),
)


@click.command(
    "export-onnx", cls=Command, examples=_EXAMPLES, short_help="Write a trained run as a model."
)
@click.argument(
    "source", type=click.Path(path_type=Path), required=False, metavar="[RUN_OR_CHECKPOINT]"
)
@click.option(
    "-o",
    "--output",
    "--out",
    "out",
    type=click.Path(path_type=Path),
    help="Model folder.  [default: models/<a>2<b>]",
)
@click.option("-y", "--overwrite", is_flag=True, help="Replace the model in the model folder.")
@click.option(
    "--from-pytorch-cyclegan",
    "legacy",
    type=(click.Path(path_type=Path), click.Path(path_type=Path)),
    metavar="G_A.pth G_B.pth",
    help="Export two generators of pytorch-CycleGAN-and-pix2pix instead of a run.",
)
@click.option("--domains", metavar="A,B", help="Names of the domains of those two files.")
@click.option(
    "--precision",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="Number format of the weights. float16 halves the files.",
)
@click.option(
    "--work-size",
    type=click.IntRange(MINIMUM, MAX_SIDE),
    metavar="N",
    help="Shorter side, in pixels, at which the generators work.  [default: measured]",
)
@click.option(
    "--evaluate/--no-evaluate",
    "evaluated",
    default=True,
    show_default=True,
    help="Measure the model on the run's test split and held-out pictures, for the card.",
)
@click.option("--data-source", default="not stated", help="For the card: the pictures' origin.")
@click.option("--data-licence", default="not stated", help="For the card: their licence, or none.")
def command(
    source: Path | None,
    out: Path | None,
    overwrite: bool,
    legacy: tuple[Path, Path] | None,
    domains: str | None,
    precision: "WeightFormat",
    work_size: int | None,
    evaluated: bool,
    data_source: str,
    data_licence: str,
) -> None:
    """Write both generators of a run as ONNX, with a card that describes them.

    Without an argument the newest run under runs/ is taken; averaged weights are used where the
    run has them. Both graphs are compared with torch's networks before the model is written. Its
    figures on pictures it was not trained on go into the card, and the working size that gave the
    best ones. The classifier of the two domains, with which convert judges translations, is
    written beside them.
    """
    try:
        import onnxscript  # noqa: F401

        from mediatrans.training.export.model_folder import DataNote, publish_pair, trained_pair
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name or "torch") from error
    from mediatrans.cli.collection_progress import CollectionProgress
    from mediatrans.training.data.folders import parse_domains
    from mediatrans.training.export.legacy import load_legacy_pair
    from mediatrans.training.run_folder import newest_run

    if (legacy is None) != (domains is None) or (legacy and source):
        raise _mixed_sources()
    note = DataNote(data_source, data_licence)
    with CollectionProgress() as progress:
        if legacy is not None and domains is not None:
            pair = load_legacy_pair(legacy, parse_domains(domains), note)
        else:
            source = source or newest_run(Path("runs"))
            progress.message(f"exporting {source}")
            pair = trained_pair(source, note, progress.message)
        try:
            folder = publish_pair(
                pair,
                out,
                overwrite=overwrite,
                precision=precision,
                work_size=work_size,
                on_message=progress.message,
                watch=progress,
                complete=_completing(source, progress, evaluated, is_sized=work_size is not None),
            )
        except KeyboardInterrupt as stop:
            is_term = isinstance(stop, Interrupted) and stop.exit_code == ExitCode.SIGTERM
            hint = _NOT_WRITTEN if source is not None and evaluated else ""
            raise Interrupted(signal.SIGTERM if is_term else signal.SIGINT, hint) from stop
    echo(f"model: {folder}", err=True)


def _mixed_sources() -> UsageError:
    return UsageError(
        "--from-pytorch-cyclegan takes two files and --domains, and no run",
        remedy="write --from-pytorch-cyclegan G_A.pth G_B.pth --domains horse,zebra",
    )


def _completing(
    source: Path | None, watch: "Watch", evaluated: bool, *, is_sized: bool
) -> "Complete":
    """Adds to a model what is known from its run; nothing without one."""

    def complete(model: Path) -> None:
        if source is not None:
            _complete(model, source, watch, evaluated=evaluated, is_sized=is_sized)

    return complete


def _complete(
    model: Path, source: Path, watch: "Watch", *, evaluated: bool, is_sized: bool
) -> None:
    """Add the classifier of the domains and the figures; the model is kept where these fail.

    The run's pictures may be gone, and packages may be missing. Other errors leave no model.
    """
    from mediatrans.training.evaluation.domain_file import write_kept_classifier
    from mediatrans.training.evaluation.exported import write_figures, write_own_figures
    from mediatrans.training.run_folder import read_run, run_of

    run = run_of(source)
    if not evaluated:
        write_kept_classifier(model, run)
        return
    try:
        settings = read_run(run)
        write_own_figures(model, run, settings, watch, chooses_size=not is_sized)
        write_figures(model, settings, watch)
    except (InputError, MissingExtraError) as error:
        watch.message(f"the card has no figures: {error}")
