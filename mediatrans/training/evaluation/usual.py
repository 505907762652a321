"""What is usual for a model: the percentiles of the figures, and the hidden signal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mediatrans.media.frames import Pixels
from mediatrans.quality.capture import Raw, Window
from mediatrans.quality.cycle import Translate, compare
from mediatrans.quality.hidden import hidden_signal, mean_square, with_jpeg, with_noise
from mediatrans.quality.judging import DomainShare, Judge
from mediatrans.quality.spread import spread_of
from mediatrans.training.evaluation.gallery import Gallery
from mediatrans.training.watch import UNWATCHED, Watch
from mediatrans.translate.engines.domain_classifier import open_classifier
from mediatrans.translate.stages.reduce import reduced
from mediatrans.translate.translator import Translator
from mediatrans.zoo.card import read_card, write_card
from mediatrans.zoo.find import find

__all__ = ["Usual", "measure_model", "measure_usual", "write_usual"]

_SPREAD = ("psnr_db", "ssim", "change", "change_low", "domain", "structure")
"""The figures whose percentiles are kept. Those of writing depend on the format of the file."""

_DISTURBANCES = {"noise": with_noise, "jpeg": with_jpeg}
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Usual:
    """The figures of the pictures of one domain, translated.

    Attributes:
        pictures: How many there are.
        spread: The percentiles of the figures.
        hidden: For noise of 3 of 255 and for a JPEG of quality 75: "gap_db", what the round trip
            loses by it, and "hidden_db", the part that the disturbance does not explain; means.
    """

    pictures: int
    spread: dict[str, dict[str, float]] = field(default_factory=dict)
    hidden: dict[str, dict[str, float]] = field(default_factory=dict)


def measure_usual(
    pictures: Iterable[Pixels],
    there: Translate,
    back: Translate,
    *,
    side: int | None,
    target: str,
    classifier: DomainShare | None = None,
) -> Usual:
    """Measure pictures as `convert` measures files, without writing them.

    Args:
        pictures: uint8 [H, W, 3] RGB each.
        there: The generator.
        back: The reverse generator.
        side: The working size.
        target: The domain that is translated to.
        classifier: The classifier of the domains, or None.

    Raises:
        InputError: A generator fails on a picture.
    """
    judge = Judge(side=side, inverse=back, classifier=classifier, target=target)
    rows: list[Mapping[str, float]] = []
    hidden: dict[str, list[tuple[float, float]]] = {name: [] for name in _DISTURBANCES}
    for picture in pictures:
        source = reduced(picture, side)
        result = there(source)
        raw = compare(source, back(result))
        values = judge.values(Window(0, None, source, None, Raw(raw, 1, result)), result)
        rows.append({name: value for name, value in values.items() if name in _SPREAD})
        for name, disturb in _DISTURBANCES.items():
            disturbed = disturb(result)
            after = compare(source, back(disturbed)).psnr_db
            signal = hidden_signal(raw.psnr_db, after, mean_square(result, disturbed))
            hidden[name].append((raw.psnr_db - after, signal))
    if not rows:
        return Usual(0)
    means = {name: np.mean(found, axis=0) for name, found in hidden.items()}
    return Usual(
        len(rows),
        spread_of(rows),
        {
            name: {"gap_db": float(gap), "hidden_db": float(signal)}
            for name, (gap, signal) in means.items()
        },
    )


def measure_model(
    model: Path, pictures: tuple[Gallery, Gallery], watch: Watch = UNWATCHED
) -> Path | None:
    """Measure both directions of a model on real pictures, and write what is usual into its card.

    Args:
        model: The model folder.
        pictures: Pictures of a and of b that it was not trained on.
        watch: Shows the progress.

    Returns:
        The card's path; None if there are no pictures.

    Raises:
        ModelError: The model is damaged.
        InputError: A generator fails on a picture.
    """
    a, b = read_card(model).domains
    found = {}
    for to, gallery in ((b, pictures[0]), (a, pictures[1])):
        generator = find(to, str(model))
        there = Translator(generator, device="cpu", precision="float32")
        back = there.inverse()
        assert back is not None  # a model folder has both
        shown = watch.watch(gallery, "measuring what is usual", len(gallery))
        found[to] = measure_usual(
            shown,
            there,
            back,
            side=there.working_side,
            target=to,
            classifier=open_classifier(generator),
        )
    if not any(usual.pictures for usual in found.values()):
        return None
    for to, usual in found.items():
        gaps = ", ".join(f"{part['gap_db']:.2f} dB by {how}" for how, part in usual.hidden.items())
        watch.message(f"to {to}: the round trip loses {gaps or 'nothing that was measured'}")
    return write_usual(model, found)


def write_usual(model: Path, found: Mapping[str, Usual]) -> Path:
    """Put what is usual into a card, in place of what it had.

    Args:
        model: The model folder.
        found: What was measured, by the domain that was translated to.

    Returns:
        The card's path.

    Raises:
        ModelError: The folder has no card, or a damaged one.
        OutputError: The card cannot be written; the old one is kept.
    """
    card = read_card(model)
    percentiles = {f"to_{to}": _rounded(usual.spread) for to, usual in found.items()}
    hidden = {
        f"to_{to}": {"pictures": usual.pictures, **_rounded(usual.hidden)}
        for to, usual in found.items()
    }
    quality = {**card.quality, "percentiles": percentiles, "hidden_signal": hidden}
    return write_card(model, replace(card, quality=quality))


def _rounded(table: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    return {
        name: {key: float(f"{value:.{_DIGITS}g}") for key, value in part.items()}
        for name, part in table.items()
    }
