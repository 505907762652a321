"""The classifier of a pair's two domains, in ONNX Runtime on the CPU."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mediatrans.errors import ModelError
from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.engines.onnxruntime import CPU_PROVIDER, load_session
from mediatrans.zoo.domain_graph import OUTPUT_NAME, SIDE, read_domain_graph
from mediatrans.zoo.find import Generator
from mediatrans.zoo.graph import INPUT_NAME

__all__ = ["DomainClassifier", "open_classifier", "scaled"]

_LONGEST = 8 * SIDE


class DomainClassifier:
    """Says which of two domains the patches of a picture look like.

    Args:
        path: The file `domain.onnx`.
        domains: The two domains, the training's A first.
        threads: Threads per operator; None lets ONNX Runtime choose.

    Raises:
        ModelError: The file is missing, damaged or breaks its contract.
    """

    def __init__(self, path: Path, domains: Sequence[str], threads: int | None = None) -> None:
        self._path = path
        self._domains = tuple(domains)
        self._session = load_session(read_domain_graph(path), path, [(CPU_PROVIDER, {})], threads)

    def share(self, picture: Pixels, domain: str) -> float:
        """The share of a picture's patches that are put into a domain, 0 to 1.

        Args:
            picture: uint8 [H, W, 3] RGB.
            domain: One of the two domains.

        Raises:
            ModelError: The graph fails, or its output is no map of probabilities.
        """
        try:
            (found,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: scaled(picture)[np.newaxis]})
        except Exception as error:  # ONNX Runtime's exceptions have no public base class
            raise self._wrong(f"it fails ({error})") from error
        if found.ndim != 3 or not found.size or not np.isfinite(found).all():
            raise self._wrong("its output is no map of probabilities")
        of_second = float((found > 0.5).mean())
        return of_second if domain == self._domains[1] else 1 - of_second

    def _wrong(self, problem: str) -> ModelError:
        return ModelError(
            f"the classifier of the domains cannot be used: {problem}",
            path=self._path,
            remedy="export the model again",
        )


def open_classifier(generator: Generator) -> DomainClassifier | None:
    """The classifier of a generator's model; None if the model has none.

    Args:
        generator: The generator, a result of `mediatrans.zoo.find.find`.

    Raises:
        ModelError: The file is missing, differs from the card's digest or breaks its contract.
    """
    if generator.classifier_path is None or generator.domains is None:
        return None
    generator.verify_classifier()
    return DomainClassifier(generator.classifier_path, generator.domains)


def scaled(picture: Pixels) -> Pixels:
    """A picture at the size that classifiers are trained at: its shorter side has `SIDE` pixels.

    The longer side has at most eight times as many.

    Args:
        picture: uint8 [H, W, 3] RGB.
    """
    height, width = picture.shape[:2]
    factor = SIDE / min(height, width)
    size = tuple(min(_LONGEST, max(SIDE, round(side * factor))) for side in (width, height))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=method), np.uint8)
