"""The page of an evaluation: the figures of each test picture, and the worst translations."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mediatrans.media.frames import Pixels
from mediatrans.quality.cycle import Translate
from mediatrans.quality.figures import FileFigures, Moment
from mediatrans.quality.report.document import Column, Document, FileEntry
from mediatrans.quality.report.file_names import link_to
from mediatrans.quality.samples import Sample, SampleKeeper, Seen
from mediatrans.training.evaluation.comparison import PictureFigures
from mediatrans.training.evaluation.figures import Evaluation

__all__ = ["TestPicture", "collect_pictures", "evaluation_page"]

_SHOWN = 12
"""Pictures of each direction that are shown as the worst by each of two figures."""

_COLUMNS = (
    Column(
        "domain",
        "domain probability",
        "",
        3,
        "high",
        "How sure the probe is that the translation is a picture of the target domain.",
    ),
    Column(
        "cycle", "cycle PSNR", "dB", 2, "high", "How near the round trip comes back to its source."
    ),
    Column(
        "texture",
        "texture distance",
        "",
        2,
        "low",
        "How far the texture is from the middle of real ones, in their standard deviations.",
    ),
)


@dataclass(frozen=True, slots=True)
class TestPicture:
    """A test picture and its translation.

    Attributes:
        path: The picture.
        domains: Its own domain and the target.
        figures: The figures of its translation.
        sample: The pictures; None if it is not among the worst.
    """

    __test__ = False  # the name is not that of a test

    path: Path
    domains: tuple[str, str]
    figures: PictureFigures
    sample: Sample | None


def collect_pictures(
    domains: tuple[str, str],
    paths: Sequence[Path],
    pictures: Iterable[Pixels],
    figures: Sequence[PictureFigures],
    translators: tuple[Translate, Translate],
) -> list[TestPicture]:
    """The test pictures of one direction; the worst are translated again, to be shown.

    Args:
        domains: The domain of the pictures and the target.
        paths: The pictures' files.
        pictures: The pictures in the same order, gone through once; uint8 [H, W, 3] RGB each.
        figures: Their figures, likewise.
        translators: There, and back.

    Raises:
        InputError: A translator fails.
    """
    places = range(len(figures))
    worst = {
        *heapq.nsmallest(_SHOWN, places, key=lambda place: figures[place].domain_probability),
        *heapq.nsmallest(_SHOWN, places, key=lambda place: figures[place].cycle_psnr_db),
    }
    there, back = translators
    samples: dict[int, Sample] = {}
    for place, picture in enumerate(pictures):
        if place in worst:
            translated = there(picture)
            samples[place] = _sample(Seen(picture, translated, back(translated)))
    return [
        TestPicture(path, domains, figures[place], samples.get(place))
        for place, path in enumerate(paths)
    ]


def evaluation_page(
    name: str,
    evaluation: Evaluation,
    pictures: Sequence[TestPicture],
    folder: Path,
    made: datetime,
) -> Document:
    """The document of an evaluation, the pictures that look least like their target first.

    Args:
        name: The model or the run.
        evaluation: The figures over all pictures.
        pictures: The test pictures of both directions.
        folder: Where the page will be: files are linked relative to it.
        made: The time that the page bears.
    """
    ranked = sorted(pictures, key=lambda picture: picture.figures.domain_probability)
    a, b = evaluation.domains
    return Document(
        title=f"{a} \N{LEFT RIGHT ARROW} {b}",
        domains=None,
        headline=f"{len(pictures)} test pictures; those whose translations look least like "
        "their target come first.",
        facts=(("Model", name), *_facts(evaluation), ("Made", f"{made:%Y-%m-%d %H:%M}")),
        columns=_COLUMNS,
        entries=tuple(_entry(picture, folder) for picture in ranked),
    )


def _facts(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    a, b = evaluation.domains
    for place, title in enumerate((f"{a} -> {b}", f"{b} -> {a}")):
        direction = (evaluation.to_b, evaluation.to_a)[place]
        yield f"Cycle, {title}", f"{direction.cycle.psnr_db.mean:.2f} dB"
        for network in evaluation.networks:
            figures = (network.to_b, network.to_a)[place]
            seen = ", seen in training" if network.seen_in_training else ""
            yield (
                f"Taken for the target, {title}",
                f"{100 * figures.domain_accuracy:.0f} % (by {network.name}{seen})",
            )


def _entry(picture: TestPicture, folder: Path) -> FileEntry:
    figures = picture.figures
    return FileEntry(
        name=picture.path.name,
        kind="picture",
        state="unjudged",
        reason=" to ".join(picture.domains),
        figures={
            "domain": figures.domain_probability,
            "cycle": figures.cycle_psnr_db,
            **({} if figures.texture is None else {"texture": figures.texture}),
        },
        samples=() if picture.sample is None else (picture.sample,),
        domains=picture.domains,
        source=link_to(picture.path, folder),
    )


def _sample(seen: Seen) -> Sample:
    moment = Moment(0, None, {"psnr_db": 0.0})
    figures = FileFigures.of([moment])
    assert figures is not None
    keeper = SampleKeeper()
    keeper.show(moment, seen)
    (sample,) = keeper.chosen(figures)
    return sample
