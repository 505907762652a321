"""The table of `evaluate`: a row a figure, a column a direction."""

from collections.abc import Iterable, Iterator

import click
from rich.console import Console
from rich.table import Table

from mediatrans.printable import printable
from mediatrans.quality.cycle import Statistics
from mediatrans.training.evaluation.figures import (
    Evaluation,
    NetworkFigures,
    TranslationFigures,
)
from mediatrans.training.evaluation.flat_frames import FlatFrames
from mediatrans.training.evaluation.motion import ClipDirection, ClipFigures
from mediatrans.training.evaluation.report import EvaluationReport
from mediatrans.training.evaluation.resampling import Interval
from mediatrans.training.evaluation.sizes import SizeFigures

__all__ = ["show"]

_LONGEST = 1000
_ALIKE = "none: the domains are too alike"
_TOO_NEAR = "none: too near to real ones"

_Row = tuple[str, ...]


def show(report: EvaluationReport) -> None:
    """Print the figures to standard output."""
    evaluation = report.evaluation
    a, b = evaluation.domains
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column(f"{a} -> {b}")
    table.add_column(f"{b} -> {a}")
    for column in table.columns:
        column.no_wrap = True
    for row in _rows(report):
        table.add_row(*(printable(cell) for cell in row))
    # A line that is too long for the terminal is easier to read than a figure on two lines.
    # Without markup: domains may be called "[red]".
    whole = Console(markup=False, width=_LONGEST).measure(table).maximum
    width = max(Console().width, whole)
    Console(highlight=False, markup=False, width=width).print(table)
    click.echo("\n" + "\n".join(_notes(evaluation)))


def _rows(report: EvaluationReport) -> Iterator[_Row]:
    evaluation = report.evaluation
    yield from _pair(evaluation)
    if report.flat_frames is not None:
        yield _flat_frames(report.flat_frames)
    if evaluation.texture is not None:
        yield from _block(f"textures, by {evaluation.texture}", _textures(evaluation))
    for network in evaluation.networks:
        seen = " (seen in training)" if network.seen_in_training else ""
        rows = ((label + seen, *cells) for label, *cells in _network(network))
        yield from _block(f"features, by {network.name}{seen}", rows)
    if report.sizes is not None:
        yield from _block(f"sizes, by {report.sizes.features}", _sizes(report.sizes))
    for clip in report.clips:
        width, height = clip.size
        heading = f"{clip.name}, {clip.frames} frames {width}x{height}"
        yield from _block(heading, _clip(clip))


def _block(heading: str, rows: Iterable[_Row]) -> Iterator[_Row]:
    """A heading above rows, set off from what comes before."""
    yield ("",)
    yield (heading,)
    for label, *cells in rows:
        yield (f"  {label}", *cells)


def _notes(evaluation: Evaluation) -> Iterator[str]:
    a, b = evaluation.domains
    for network in evaluation.networks:
        probe = network.probe
        yield (
            f"The probe ({network.name}, trained on {probe.trained_on}) on real pictures: "
            f"{a} {probe.accuracy_a:.3f}, {b} {probe.accuracy_b:.3f}."
        )
        if network.seen_in_training:
            yield (
                f"The pair was trained with {network.name}: its figures are too good to judge by."
            )
    yield (
        f"[ ] is the 95 % interval over {evaluation.resamples} bootstrap resamplings; "
        "cycle figures are mean (p05, p50, p95)."
    )


def _pair(evaluation: Evaluation) -> Iterator[_Row]:
    to_b, to_a = evaluation.to_b, evaluation.to_a
    pictures_a, pictures_b = evaluation.pictures
    yield "pictures", str(pictures_a), str(pictures_b)
    yield "cycle PSNR, dB", *(_statistics(d.cycle.psnr_db, ".2f") for d in (to_b, to_a))
    yield "cycle SSIM", *(_statistics(d.cycle.ssim, ".3f") for d in (to_b, to_a))
    yield "cycle L1, of 255", *(_statistics(d.cycle.l1, ".2f") for d in (to_b, to_a))


def _textures(evaluation: Evaluation) -> Iterator[_Row]:
    textures = evaluation.to_b.texture, evaluation.to_a.texture
    both = [texture for texture in textures if texture is not None]
    yield "texture ratio", *(_interval(t.translated) for t in both)
    yield "texture ratio, colour transfer", *(_interval(t.colour_transfer) for t in both)
    yield "texture ratio, real halves", *(_interval(t.real_halves) for t in both)


def _network(network: NetworkFigures) -> Iterator[_Row]:
    both = network.to_b, network.to_a
    kids = network.to_b.kid, network.to_a.kid
    yield "KID", *(_interval(kid.translated) for kid in kids)
    yield "KID, untranslated", *(_interval(kid.untranslated) for kid in kids)
    yield "KID, colour transfer", *(_interval(kid.colour_transfer) for kid in kids)
    yield "KID, real halves", *(_interval(kid.real_halves) for kid in kids)
    yield "KID ratio", *(_interval(kid.ratio) for kid in kids)
    yield "KID ratio, colour transfer", *(_interval(kid.colour_transfer_ratio) for kid in kids)
    yield "colour transfer over ours", *(_interval(kid.gain, _TOO_NEAR) for kid in kids)
    yield "FID", *(_fid(figures, network.dimensions) for figures in both)
    yield "domain accuracy", *(f"{figures.domain_accuracy:.3f}" for figures in both)
    yield "accuracy, untranslated", *(f"{figures.untranslated_accuracy:.3f}" for figures in both)
    yield (
        "accuracy, colour transfer",
        *(f"{figures.colour_transfer_accuracy:.3f}" for figures in both),
    )


def _flat_frames(frames: FlatFrames) -> _Row:
    def worst(colours: dict[str, float]) -> str:
        name = max(colours, key=colours.__getitem__)
        return f"{colours[name]:.1f} ({name})"

    return (
        "flat frames, border, of 255",
        worst(dict(frames.to_b)),
        worst(dict(frames.to_a)),
    )


def _sizes(sizes: SizeFigures) -> Iterator[_Row]:
    both = sizes.to_b, sizes.to_a
    for place, side in enumerate(sizes.short_sides):
        yield (
            f"probability at {side} px",
            *(
                f"{d.probabilities[place]:.3f} ({d.enlarged[place]} of {d.pictures} enlarged)"
                for d in both
            ),
        )
    yield "probability moves by", *(f"{d.moves:.3f}" for d in both)
    for place, side in enumerate(sizes.short_sides):
        yield f"sharpness at {side} px", *(_or_flat(d.sharpness[place]) for d in both)


def _clip(clip: ClipFigures) -> Iterator[_Row]:
    both = clip.to_b, clip.to_a
    yield "flicker over the source's", *(_flicker(d) for d in both)
    yield "sharpness", *(_or_flat(d.sharpness) for d in both)


def _flicker(direction: ClipDirection) -> str:
    flicker = direction.flicker
    if not flicker.source:
        return "none: the source does not change"
    return f"{flicker.ratio:.2f} ({flicker.output:.2f} over {flicker.source:.2f} of 255)"


def _or_flat(sharpness: float | None) -> str:
    return "none: flat" if sharpness is None else f"{sharpness:.2f}"


def _fid(figures: TranslationFigures, dimensions: int) -> str:
    return f"too few (more than {dimensions})" if figures.fid is None else f"{figures.fid:.2f}"


def _statistics(figure: Statistics, digits: str) -> str:
    rest = ", ".join(format(value, digits) for value in (figure.p05, figure.p50, figure.p95))
    return f"{figure.mean:{digits}} ({rest})"


def _interval(interval: Interval | None, absent: str = _ALIKE) -> str:
    if interval is None:
        return absent
    return f"{interval.value:.3g} [{interval.low:.3g}, {interval.high:.3g}]"
