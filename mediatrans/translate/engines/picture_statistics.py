"""The measurement of a picture's statistics, in ONNX Runtime on the CPU in float32."""

from pathlib import Path

import numpy as np
import onnxruntime as ort

from mediatrans.translate.engines.engine import Pixels, Statistics, failed_run, graph_inputs
from mediatrans.translate.engines.onnxruntime import CPU_PROVIDER, NAME, load_session

__all__ = ["PictureStatistics"]


class PictureStatistics:
    """Measures the statistics of pictures.

    Args:
        content: The measuring graph, see `mediatrans.zoo.tile_graph`.
        path: The ONNX file that it was made of, for messages.
        threads: Threads per operator; None lets ONNX Runtime choose.

    Attributes:
        identity: The runtime and its version; an output depends on them.

    Raises:
        ModelError: ONNX Runtime refuses the graph.
    """

    identity = f"statistics in {NAME}"

    def __init__(self, content: bytes, path: Path, threads: int | None = None) -> None:
        self._path = path
        self._session = load_session(content, path, [(CPU_PROVIDER, {})], threads)
        # One picture is measured, and then its tiles need the memory: 280 MB in `summer2winter`.
        self._run_options = ort.RunOptions()
        self._run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def __call__(self, picture: Pixels) -> Statistics:
        """The statistics of one picture, float32 [K].

        Args:
            picture: uint8 [H, W, 3] RGB; H and W must satisfy the model's `SizeRule`.

        Raises:
            InputError: The graph fails on this picture, for example for lack of memory.
        """
        images = picture[np.newaxis]
        try:
            (statistics,) = self._session.run(None, graph_inputs(images, None), self._run_options)
        except Exception as error:  # ONNX Runtime's exceptions have no public base class
            raise failed_run(images, self._path, error) from error
        return np.asarray(statistics, np.float32)
