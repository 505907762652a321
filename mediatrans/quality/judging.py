"""The measurement of a written file: its moments are compared with the captured sources."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.quality.capture import Raw, Window
from mediatrans.quality.change import change, low_change
from mediatrans.quality.cycle import CycleFigures, Translate, compare
from mediatrans.quality.figures import FileFigures, Moment
from mediatrans.quality.flicker import warping_ratio
from mediatrans.quality.hidden import hidden_signal, mean_square, with_noise
from mediatrans.quality.samples import SampleKeeper, Seen
from mediatrans.quality.structure import structure
from mediatrans.translate.stages.flat import is_nearly_flat
from mediatrans.translate.stages.reduce import reduced

__all__ = ["DomainShare", "Judge", "judge_pair"]

_LOSSLESS = 1.0
"""Up to this mean squared difference, writing the file was no disturbance to speak of."""


class DomainShare(Protocol):
    """A classifier of two domains."""

    def share(self, picture: NDArray[np.uint8], domain: str) -> float:
        """The share of a picture that is put into a domain, 0 to 1.

        Args:
            picture: uint8 [H, W, 3] RGB.
            domain: One of the two domains.
        """
        ...


@dataclass(frozen=True, slots=True)
class Judge:
    """What translations are measured with.

    Attributes:
        side: The working size: the length of a frame's shorter side; None for no limit.
        inverse: The reverse generator, or None.
        classifier: The classifier of the domains, or None.
        target: The domain that is translated to.
        forward: The generator, where the translation before it was written is not known, or None.
    """

    side: int | None = None
    inverse: Translate | None = None
    classifier: DomainShare | None = None
    target: str = ""
    forward: Translate | None = None

    def measure(
        self,
        windows: Iterable[Window],
        results: Iterator[tuple[int, NDArray[np.uint8]]],
        keeper: SampleKeeper | None = None,
    ) -> FileFigures | None:
        """Measure a file.

        Args:
            windows: The moments of the source in order.
            results: The frames of the file by their indices, in order; at least those of the
                moments.
            keeper: Is shown every moment; None if no pictures are wanted.

        Returns:
            The figures; None if no moment is in the file.

        Raises:
            InputError: The file cannot be read, or a generator fails.
        """
        moments: list[Moment] = []
        frames = _Frames(results)
        sizes = set()
        for window in windows:
            first = frames.at(window.index)
            if first is None:
                break
            second = None
            if window.following is not None:
                second = frames.at(window.index + 1)
            result = self._fitted(first, window.source)
            values, back = self._values(window, result)
            if second is not None and window.following is not None:
                after = self._fitted(second, window.following)
                values["flicker"] = warping_ratio(
                    (window.source, window.following), (result, after)
                )
            moments.append(Moment(window.index, window.time_s, values))
            sizes.add((window.source.shape[1], window.source.shape[0]))
            if keeper is not None:
                keeper.show(moments[-1], Seen(window.source, result, back))
        return FileFigures.of(moments, sizes.pop() if len(sizes) == 1 else None)

    def values(self, window: Window, result: NDArray[np.uint8]) -> dict[str, float]:
        """The figures of one moment, without flicker.

        Args:
            window: The source.
            result: Its translation, of the same size.

        Raises:
            InputError: A generator fails.
        """
        return self._values(window, result)[0]

    def _values(
        self, window: Window, result: NDArray[np.uint8]
    ) -> tuple[dict[str, float], NDArray[np.uint8] | None]:
        source, raw = window.source, window.raw
        values = judge_pair(source, result, self.classifier, self.target)
        if self.inverse is None:
            return values, None
        if raw is None and self.forward is not None:
            translated = self.forward(source)
            raw = Raw(compare(source, self.inverse(translated)), 1, translated)
        back = self.inverse(result)
        delivered = compare(source, back)
        values |= {"psnr_db": delivered.psnr_db, "ssim": delivered.ssim}
        if raw is not None:
            values["raw_psnr_db"] = raw.figures.psnr_db
            values["gap_db"] = raw.figures.psnr_db - delivered.psnr_db
            # The norms of a generator enlarge any disturbance of a frame without contrast.
            if not is_nearly_flat(result):
                values["hidden_db"] = self._hidden(source, result, raw, delivered)
        return values, back

    def _hidden(
        self,
        source: NDArray[np.uint8],
        result: NDArray[np.uint8],
        raw: Raw,
        delivered: CycleFigures,
    ) -> float:
        """The hidden signal under the file's own compression, else under noise of 3 of 255."""
        assert self.inverse is not None
        disturbance = mean_square(raw.trace, raw.of(result))
        if disturbance > _LOSSLESS:
            return hidden_signal(raw.figures.psnr_db, delivered.psnr_db, disturbance)
        noisy = with_noise(result)
        disturbed = compare(source, self.inverse(noisy))
        return hidden_signal(delivered.psnr_db, disturbed.psnr_db, mean_square(result, noisy))

    def _fitted(self, result: NDArray[np.uint8], source: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A frame of the file at the size of the captured source."""
        small = reduced(result, self.side)
        if small.shape == source.shape:
            return small
        size = source.shape[1], source.shape[0]
        return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)


def judge_pair(
    source: NDArray[np.uint8],
    result: NDArray[np.uint8],
    classifier: DomainShare | None = None,
    target: str = "",
) -> dict[str, float]:
    """The figures of a picture and its translation that need no generator.

    Args:
        source: uint8 [H, W, 3] RGB.
        result: uint8 [H, W, 3] RGB.
        classifier: The classifier of the domains, or None.
        target: The domain that was translated to.

    Returns:
        The figures by the keys of `FIGURES`.
    """
    values = {"change": change(source, result), "change_low": low_change(source, result)}
    if classifier is not None:
        values["domain"] = classifier.share(result, target)
    return values | {"structure": structure(source, result)}


class _Frames:
    """Frames by their indices, asked for in order; one may be asked for twice."""

    def __init__(self, results: Iterator[tuple[int, NDArray[np.uint8]]]) -> None:
        self._results = results
        self._last: tuple[int, NDArray[np.uint8]] | None = None

    def at(self, index: int) -> NDArray[np.uint8] | None:
        """The frame of an index; None if the file ends before it."""
        while self._last is None or self._last[0] < index:
            self._last = next(self._results, None)
            if self._last is None:
                return None
        return self._last[1] if self._last[0] == index else None
