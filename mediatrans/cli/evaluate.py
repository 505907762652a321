"""`mediatrans evaluate`: figures for a run or a model, on pictures it was not trained on."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mediatrans.cli.command import Command
from mediatrans.cli.flags import settings_flags
from mediatrans.cli.terminal import echo
from mediatrans.errors import ExitCode, MissingExtraError
from mediatrans.quality.report.page_files import is_page_name
from mediatrans.training.evaluation.options import GROUPS, EvaluateOptions

if TYPE_CHECKING:
    from mediatrans.training.evaluation.session import Outcome

__all__ = ["command"]

_FOLDER = click.Path(path_type=Path)
_NAMED = 5

_EXAMPLES = (
    (
        "evaluate models/summer2winter --a summer/ --b winter/",
        "Measure a model on pictures it was not trained on.",
    ),
    (
        "evaluate runs/day2night --a testA/ --b testB/ --report figures.json",
        "Measure a run, and keep the figures.",
    ),
)


@click.command(
    "evaluate",
    cls=Command,
    examples=_EXAMPLES,
    short_help="Measure a run or a model on test pictures.",
)
@click.argument("source", metavar="RUN_OR_MODEL")
@click.option(
    "--a", type=_FOLDER, required=True, metavar="FOLDER", help="Test pictures of the first domain."
)
@click.option(
    "--b", type=_FOLDER, required=True, metavar="FOLDER", help="Test pictures of the second domain."
)
@settings_flags(EvaluateOptions, groups=GROUPS)
def command(source: str, a: Path, b: Path, **settings: Any) -> int:
    """Measure both directions of a pair on two folders of pictures it was not trained on.

    RUN_OR_MODEL is a run folder, a checkpoint, a model folder, or the name of a model. The round
    trip is measured in PSNR, SSIM and L1. KID and texture distance compare the translations with
    real pictures of the target domain; the untranslated pictures, a plain colour transfer and real
    pictures among themselves are their baselines. A linear probe decides which domain each
    translation belongs to. A network that the pair was trained with is no judge.
    """
    return run_evaluation(source, a, b, EvaluateOptions(**settings))


def run_evaluation(source: str, a: Path, b: Path, options: EvaluateOptions) -> int:
    """Evaluate, show the figures and write them where asked.

    Returns:
        The exit code: 3 where pictures or clips were unreadable.
    """
    options.check()
    try:
        from mediatrans.training.evaluation.session import Session
    except ModuleNotFoundError as error:
        raise MissingExtraError("evaluate", error.name or "torch") from error
    from mediatrans.cli.collection_progress import CollectionProgress
    from mediatrans.cli.evaluate_table import show
    from mediatrans.training.evaluation.report import write_quality
    from mediatrans.training.evaluation.sheet import write_sheet
    from mediatrans.training.evaluation.usual import measure_model

    with CollectionProgress() as progress:
        session = Session(source, a, b, options, progress)
        outcome = session.measure()
        if options.write_card and session.candidate.model is not None:
            measure_model(session.candidate.model, session.pictures, progress)
    report, model = outcome.report, session.candidate.model
    if options.as_json:
        click.echo(report.to_json(), nl=False)
    else:
        show(report)
    for path in options.reports:
        _write_report(path, source, outcome)
    if options.sheet is not None:
        write_sheet(options.sheet, outcome.sheet)
    if options.write_card and model is not None:
        echo(f"card: {write_quality(model, report)}", err=True)
    return _tell_unreadable(outcome.unreadable)


def _write_report(path: Path, source: str, outcome: "Outcome") -> None:
    from mediatrans.files.publish import publishing
    from mediatrans.quality.report.page import page_parts
    from mediatrans.training.evaluation.evaluation_page import evaluation_page

    remedy = "choose a place you may write to with --report, on a disk with space"
    with (
        publishing(path, what="the report", remedy=remedy) as part,
        part.open("w", encoding="utf-8") as file,
    ):
        if is_page_name(path):
            made, figures = datetime.now().astimezone(), outcome.report.evaluation
            page = evaluation_page(source, figures, outcome.pictures, path.parent, made)
            file.writelines(page_parts(page))
        else:
            file.write(outcome.report.to_json())


def _tell_unreadable(unreadable: list[tuple[Path, str]]) -> int:
    for path, reason in unreadable[:_NAMED]:
        echo(f"left out: {path}: {reason}", err=True)
    if len(unreadable) > _NAMED:
        echo(f"left out: {len(unreadable) - _NAMED} more", err=True)
    return ExitCode.INPUT if unreadable else ExitCode.OK
