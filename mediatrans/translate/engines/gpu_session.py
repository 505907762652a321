"""An ONNX Runtime session on a GPU: buffers that are used again, and several streams."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from mediatrans.translate.engines.engine import Generated, Pixels, failed_run, generated
from mediatrans.zoo.graph import INPUT_NAME, OUTPUT_NAME

__all__ = ["STREAMS", "GpuSession"]

STREAMS = 2
"""Parts of a batch that are in work at the same time."""


class GpuSession:
    """Runs batches on a GPU. Only uint8 pictures are copied to it and back, besides the maps.

    A batch is divided among the streams. While one stream computes, the other one copies.

    Args:
        session: A session whose first provider is on the GPU.
        path: The ONNX file, for messages.
        index: The number of the CUDA device.
        streams: Parts of a batch that are in work at the same time.
    """

    def __init__(
        self, session: ort.InferenceSession, path: Path, index: int, streams: int = STREAMS
    ) -> None:
        self._path = path
        self._lanes = [_Lane(session, index) for _ in range(streams)]
        self._threads = ThreadPoolExecutor(streams, thread_name_prefix="gpu")

    def run(self, images: Pixels) -> Generated:
        """Translate a batch; arguments and errors are those of `Engine.run`."""
        parts = np.array_split(images, min(len(images), len(self._lanes)))
        running = [
            self._threads.submit(lane.run, part)
            for lane, part in zip(self._lanes, parts, strict=False)
        ]
        errors = [error for each in running if (error := each.exception()) is not None]
        if errors:  # all parts have ended
            raise failed_run(images, self._path, errors[0]) from errors[0]
        made = [each.result() for each in running]
        outputs = [np.concatenate(values) for values in zip(*made, strict=True)]
        return generated(outputs, images, self._path)


class _Lane:
    """A binding with buffers on the GPU; ONNX Runtime gives each run that overlaps a stream."""

    def __init__(self, session: ort.InferenceSession, index: int) -> None:
        self._session = session
        self._index = index
        self._maps = [output.name for output in session.get_outputs() if output.name != OUTPUT_NAME]
        self._shape: Sequence[int] = ()

    def run(self, images: Pixels) -> list[NDArray[np.generic]]:
        """The outputs of a part of a batch, in the order of the graph's outputs."""
        if images.shape != self._shape:
            self._bind(images.shape)
        self._input.update_inplace(np.ascontiguousarray(images))
        self._binding.synchronize_inputs()
        self._session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()
        return [value.numpy() for value in self._binding.get_outputs()]

    def _bind(self, shape: Sequence[int]) -> None:
        """Allocate the buffers of pictures of another size; those of the last size are freed."""
        self._binding = self._session.io_binding()
        self._input, output = (
            ort.OrtValue.ortvalue_from_shape_and_type(shape, np.uint8, "cuda", self._index)
            for _ in range(2)
        )
        self._binding.bind_ortvalue_input(INPUT_NAME, self._input)
        self._binding.bind_ortvalue_output(OUTPUT_NAME, output)
        for name in self._maps:  # their size is the graph's; the session's arena holds them
            self._binding.bind_output(name, "cuda", self._index)
        self._shape = tuple(shape)
