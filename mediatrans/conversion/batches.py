"""The batch sizes of a run: the requested one, or the fastest for each size of a video's frames."""

from mediatrans.conversion.workshop import Workshop
from mediatrans.media.formats import Kind
from mediatrans.translate.batch_size import FastestBatch
from mediatrans.translate.engines.engine import Pixels

__all__ = ["Batches"]

_MOST_PIXELS = 1 << 25
"""The pixels of a batch that is chosen by measurement; 100 MB of frames, and as much once more for
their translations."""


class Batches:
    """The batch sizes of a run.

    Args:
        workshop: The options and the loaded models.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._known: dict[tuple[int, int], FastestBatch] = {}

    def of(self, kind: Kind, frame: Pixels) -> FastestBatch:
        """The choice for frames of a size.

        Args:
            kind: "image" or "video".
            frame: One of the frames, uint8 [H, W, 3].
        """
        asked = self._workshop.options.batch_size
        if asked != "auto":
            return FastestBatch([asked])
        if kind == "image":
            return FastestBatch([1])
        height, width = frame.shape[:2]
        if (height, width) not in self._known:
            sizes = self._workshop.translator.batch_sizes(height, width)
            fitting = [size for size in sizes if size * height * width <= _MOST_PIXELS]
            self._known[height, width] = FastestBatch(fitting or sizes[:1])
        return self._known[height, width]
