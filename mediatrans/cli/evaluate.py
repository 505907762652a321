"""`mediatrans evaluate`: figures for a run or a model, on pictures it was not trained on."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mediatrans.cli.terminal import echo
from mediatrans.errors import ExitCode, MissingExtraError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediatrans.quality.cycle import Statistics
    from mediatrans.training.evaluation.features import FeatureChoice
    from mediatrans.training.evaluation.figures import Evaluation, TranslationFigures
    from mediatrans.training.evaluation.gallery import Gallery
    from mediatrans.training.evaluation.kid import Interval

__all__ = ["command"]

_PATH = click.Path(path_type=Path)
_NAMED = 5
_TABLE_WIDTH = 110
_REPORT_START = re.compile(rb'\{\s*"version": 1,\s*"mediatrans": "')


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """What the command line asked for.

    Attributes:
        source: A run, a checkpoint or a model.
        a: Pictures of the first domain.
        b: Pictures of the second domain.
        train_a: Pictures of the first domain for the probe, or None.
        train_b: Pictures of the second domain for the probe, or None.
        features: The feature network.
        longer_side: Larger pictures are reduced to it, px.
        resamples: Bootstrap resamplings.
        seed: Their seed.
        device: Where to compute.
        report: Write the JSON to this file.
        overwrite: Replace that file.
        as_json: Print the JSON in place of the table.
        write_card: Put the figures into the model's card.
    """

    source: str
    a: Path
    b: Path
    train_a: Path | None
    train_b: Path | None
    features: "FeatureChoice"
    longer_side: int
    resamples: int
    seed: int
    device: str
    report: Path | None
    overwrite: bool
    as_json: bool
    write_card: bool


@click.command("evaluate", short_help="Measure a run or a model on test pictures.")
@click.argument("source", metavar="RUN_OR_MODEL")
@click.option("--a", type=_PATH, required=True, help="Test pictures of the first domain.")
@click.option("--b", type=_PATH, required=True, help="Test pictures of the second domain.")
@click.option("--train-a", type=_PATH, help="Training pictures of the first, for the probe.")
@click.option("--train-b", type=_PATH, help="Training pictures of the second.")
@click.option(
    "--features",
    type=click.Choice(
        [
            "auto",
            "inception",
            "efficientnet-lite0",
            "efficientnet-lite1",
            "efficientnet-lite2",
        ]
    ),
    default="auto",
    show_default=True,
    help="Feature network of KID, FID and the probe; auto: Inception where its weights are "
    "installed, else EfficientNet-Lite0.",
)
@click.option(
    "--max-side",
    "longer_side",
    type=click.IntRange(8),
    default=512,
    show_default=True,
    help="Reduce larger pictures until their longer side has this many pixels.",
)
@click.option(
    "--resamples",
    type=click.IntRange(100),
    default=1000,
    show_default=True,
    help="Bootstrap resamplings behind the intervals.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option("--report", type=_PATH, help="Write the figures to this JSON file.")
@click.option("--overwrite", is_flag=True, help="Let --report replace any file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the table.")
@click.option("--write-card", is_flag=True, help="Put the figures into the model's card.toml.")
def command(
    source: str,
    a: Path,
    b: Path,
    train_a: Path | None,
    train_b: Path | None,
    features: "FeatureChoice",
    longer_side: int,
    resamples: int,
    seed: int,
    device: str,
    report: Path | None,
    overwrite: bool,
    as_json: bool,
    write_card: bool,
) -> int:
    """Measure both directions of a pair on two folders of pictures it was not trained on.

    RUN_OR_MODEL is a run folder, a checkpoint, a model folder, or the name of a model. The round
    trip is measured in PSNR, SSIM and L1. KID compares the translations with real pictures of the
    target domain; the untranslated pictures are its baseline. A linear probe decides which domain
    each translation belongs to.
    """
    options = EvaluateOptions(
        source=source,
        a=a,
        b=b,
        train_a=train_a,
        train_b=train_b,
        features=features,
        longer_side=longer_side,
        resamples=resamples,
        seed=seed,
        device=device,
        report=report,
        overwrite=overwrite,
        as_json=as_json,
        write_card=write_card,
    )
    return run_evaluation(options)


def run_evaluation(options: EvaluateOptions) -> int:
    """Evaluate, show the figures and write them where asked.

    Returns:
        The exit code: 3 where pictures were unreadable.
    """
    _refuse_contradictions(options)
    try:
        from mediatrans.training.device import choose_device
        from mediatrans.training.evaluation.candidate import open_candidate
        from mediatrans.training.evaluation.comparison import evaluate, train_probe
        from mediatrans.training.evaluation.features import load_feature_network
    except ModuleNotFoundError as error:
        raise MissingExtraError("evaluate", error.name or "torch") from error
    from mediatrans.training.evaluation.figures import write_quality
    from mediatrans.training.evaluation.gallery import Gallery

    pictures = Gallery(options.a, options.longer_side), Gallery(options.b, options.longer_side)
    training = None
    if options.train_a is not None and options.train_b is not None:
        training = (
            Gallery(options.train_a, options.longer_side),
            Gallery(options.train_b, options.longer_side),
        )
    candidate = open_candidate(options.source, options.device)
    if options.write_card and candidate.model is None:
        raise UsageError(
            f"{options.source} is a run, which has no card",
            remedy="export it with mediatrans export-onnx, then evaluate the model",
        )
    network = load_feature_network(options.features, choose_device(options.device))
    probe = None if training is None else train_probe(candidate.domains, training, network)
    echo(f"evaluating {options.source} with the features of {network.name}", err=True)
    evaluation = evaluate(
        (candidate.there, candidate.back),
        candidate.domains,
        pictures,
        network,
        probe=probe,
        resamples=options.resamples,
        seed=options.seed,
    )
    evaluation = replace(evaluation, longer_side=options.longer_side)
    _show(evaluation, options.as_json)
    if options.report is not None:
        _write_report(options.report, evaluation)
    if options.write_card and candidate.model is not None:
        echo(f"card: {write_quality(candidate.model, evaluation)}", err=True)
    return _tell_unreadable([*pictures, *(training or ())])


def _refuse_contradictions(options: EvaluateOptions) -> None:
    if (options.train_a is None) != (options.train_b is None):
        raise UsageError("--train-a and --train-b belong together", remedy="give both or neither")
    report = options.report
    if report and os.path.lexists(report) and not (options.overwrite or _is_earlier_report(report)):
        raise OutputError(
            "exists already, and is no report",
            path=options.report,
            remedy="replace it with --overwrite, or name another --report",
        )


def _is_earlier_report(path: Path) -> bool:
    """Whether a file holds the figures of an earlier evaluation, by its first bytes."""
    try:
        with path.open("rb") as file:
            return _REPORT_START.match(file.read(200)) is not None
    except OSError:
        return False


def _write_report(path: Path, evaluation: "Evaluation") -> None:
    from mediatrans.files.publish import publishing

    remedy = "choose a place you may write to with --report, on a disk with space"
    with publishing(path, what="the report", remedy=remedy) as part:
        part.write_text(evaluation.to_json(), encoding="utf-8")


def _tell_unreadable(galleries: "list[Gallery]") -> int:
    count = 0
    for gallery in galleries:
        for name, reason in gallery.unreadable:
            count += 1
            if count <= _NAMED:
                echo(f"left out: {gallery.folder / name}: {reason}", err=True)
    if count > _NAMED:
        echo(f"left out: {count - _NAMED} more", err=True)
    return ExitCode.INPUT if count else ExitCode.OK


def _show(evaluation: "Evaluation", as_json: bool) -> None:
    if as_json:
        click.echo(evaluation.to_json(), nl=False)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    (a, b), probe, name = evaluation.domains, evaluation.probe, evaluation.features
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column(Text(f"{a} -> {b}"))  # not markup, whatever the domains are called
    table.add_column(Text(f"{b} -> {a}"))
    for column in table.columns:
        column.no_wrap = True
    for label, cell in _rows(name, evaluation.dimensions):
        table.add_row(label, cell(evaluation.to_b), cell(evaluation.to_a))
    # A line that is too long for the terminal is easier to read than a figure on two lines.
    Console(highlight=False, width=max(Console().width, _TABLE_WIDTH)).print(table)
    click.echo(
        f"\nThe probe ({name}, trained on {probe.trained_on}) on real pictures: "
        f"{a} {probe.accuracy_a:.3f}, {b} {probe.accuracy_b:.3f}.\n"
        f"[ ] is the 95 % interval over {evaluation.resamples} bootstrap resamplings; "
        "cycle figures are mean (p05, p50, p95)."
    )


def _rows(name: str, dimensions: int) -> "list[tuple[str, Callable[[TranslationFigures], str]]]":
    return [
        ("pictures", lambda f: str(f.pictures)),
        ("cycle PSNR, dB", lambda f: _statistics(f.cycle.psnr_db, ".2f")),
        ("cycle SSIM", lambda f: _statistics(f.cycle.ssim, ".3f")),
        ("cycle L1, of 255", lambda f: _statistics(f.cycle.l1, ".2f")),
        (f"KID, {name}", lambda f: _interval(f.kid.translated)),
        (f"KID untranslated, {name}", lambda f: _interval(f.kid.untranslated)),
        (f"KID ratio, {name}", lambda f: _interval(f.kid.ratio)),
        (
            f"FID, {name}",
            lambda f: f"too few (more than {dimensions})" if f.fid is None else f"{f.fid:.2f}",
        ),
        (f"domain accuracy, {name}", lambda f: f"{f.domain_accuracy:.3f}"),
    ]


def _statistics(figure: "Statistics", digits: str) -> str:
    rest = ", ".join(format(value, digits) for value in (figure.p05, figure.p50, figure.p95))
    return f"{figure.mean:{digits}} ({rest})"


def _interval(interval: "Interval | None") -> str:
    if interval is None:
        return "none: these features do not separate the domains"
    return f"{interval.value:.3g} [{interval.low:.3g}, {interval.high:.3g}]"
