"""The measurement of a task's written file, against the sources that were captured on the way."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from mediatrans.conversion.task import Failure, Result, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import ExitCode, InputError
from mediatrans.files.publish import part_path
from mediatrans.media.endpoints import Source
from mediatrans.media.frames import Frame
from mediatrans.media.pipe_formats import STDIO
from mediatrans.media.read.read_back import read_back
from mediatrans.quality.capture import Capture, Raw
from mediatrans.quality.cycle import CycleFigures
from mediatrans.quality.samples import SampleKeeper
from mediatrans.quality.spread import place_in
from mediatrans.quality.verdict import pronounce
from mediatrans.translate.engines.engine import Pixels

__all__ = ["Delivery", "capture_source"]

log = logging.getLogger(__name__)


class Delivery:
    """Captures the source of a task and measures the written file.

    Args:
        task: The task.
        workshop: The options and the loaded models.
    """

    def __init__(self, task: Task, workshop: Workshop) -> None:
        self._task = task
        self._workshop = workshop
        self._is_resumed = False
        self._capture: Capture | None = None
        if workshop.options.check_every and task.output != STDIO:
            self._capture = workshop.capture(task.kind, 0 if task.span is None else task.span.first)

    def resumed(self) -> None:
        """Tell that an earlier run has translated the first frames, whose sources are not known."""
        self._is_resumed = True

    def restore(self, raws: Mapping[int, Raw]) -> None:
        """Add the translations of an earlier run, by the indices of their frames."""
        if self._capture is not None:
            for index, raw in raws.items():
                self._capture.remember(index, raw)

    def raws(self, first: int, end: int) -> dict[int, Raw]:
        """The translations that a later run needs to measure the file; called on any thread.

        Args:
            first: Index of the first frame.
            end: Index after the last frame.
        """
        return {} if self._capture is None else self._capture.raws(first, end)

    def observe(self, frame: Frame, translated: Pixels, raw: CycleFigures | None) -> None:
        """Capture a frame if it is due.

        Args:
            frame: The source frame.
            translated: Its translation before blending, uint8 [H, W, 3] RGB.
            raw: The round trip of the translation; None if it was not measured.
        """
        capture = self._capture
        if capture is None:
            return
        known = self._raw(capture, frame, translated, raw)
        if not self._is_resumed and self._task.span is None:
            capture.observe(frame.index, _time_s(frame), frame.pixels, known)
        elif known is not None:
            capture.remember(frame.index, known)

    def _raw(
        self, capture: Capture, frame: Frame, translated: Pixels, figures: CycleFigures | None
    ) -> Raw | None:
        """The translation of a frame that is due; that of a blend is not what is written."""
        if (
            figures is None
            or self._workshop.options.strength < 1
            or not capture.is_due(frame.index)
        ):
            return None
        small = capture.reduced(translated)
        if self._task.kind == "image":
            return Raw(figures, 1, small.copy())
        return Raw.of_frame(figures, small)

    def measured(self, result: Result) -> Result:
        """Add the figures of the written file to a result; called on the calling thread.

        An error of the measurement is no error of the task.
        """
        capture, self._capture = self._capture, None
        if capture is None or self._task.span is not None or result.fingerprint is None:
            return result
        if result.check_failure is not None:
            return result
        try:
            measured = self._measured(result, capture)
            if not self._task.is_deferred:  # whoever publishes it notes the figures as well
                self._note(measured)
            return measured
        except Exception as error:
            failure = Failure.of(result.task.output, error)
            if failure.exit_code == ExitCode.INTERNAL:
                log.error("%s: this is a bug in mediatrans", result.task.output, exc_info=error)
            return replace(result, check_failure=failure)

    def _measured(self, result: Result, capture: Capture) -> Result:
        task, workshop = self._task, self._workshop
        options = workshop.options
        if self._is_resumed:
            with workshop.source(task) as source:
                capture_source(source, capture)
        written = part_path(task.output) if task.is_deferred else task.output
        wanted = capture.indices.__contains__
        results = read_back(written, task.kind, wanted, max_pixels=options.max_pixels)
        keeper = SampleKeeper() if options.samples else None
        figures = workshop.judge.measure(capture.windows(), results, keeper)
        if figures is None:
            return result
        figures = place_in(figures, workshop.spread)
        return replace(
            result,
            figures=figures,
            verdict=pronounce(figures, workshop.spread, is_blend=options.strength < 1),
            samples=() if keeper is None else keeper.chosen(figures),
        )

    def _note(self, result: Result) -> None:
        if result.figures is None or result.fingerprint is None:
            return
        try:
            self._workshop.note(
                self._task,
                result.fingerprint,
                result.frames,
                result.cycle,
                is_partial=result.is_partial,
                figures=result.figures,
                verdict=result.verdict,
            )
        except OSError as error:
            log.warning("%s: its figures are not kept (%s)", self._task.output, error.strerror)


def capture_source(source: Source, capture: Capture) -> int:
    """Capture the frames of a source; those before a damage are enough.

    Args:
        source: The opened source.
        capture: Is given every frame.

    Returns:
        The number of frames.

    Raises:
        InputError: There is no frame before the damage.
    """
    count = 0
    try:
        for frame in source:
            capture.observe(frame.index, _time_s(frame), frame.pixels)
            count += 1
    except InputError:
        if not count:
            raise
    return count


def _time_s(frame: Frame) -> float | None:
    if frame.pts is None or frame.time_base is None:
        return None
    return float(frame.pts * frame.time_base)
