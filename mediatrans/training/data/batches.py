"""The batches of a run: the order of the pictures and their crops, prepared in advance."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mediatrans.media.frames import Pixels
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.picture_store import PictureStore

__all__ = ["Batch", "CropSampler", "stream_batches"]


@dataclass(frozen=True, slots=True)
class Batch:
    """The input of one step.

    Attributes:
        a: Crops of domain a, float32 [N, 3, size, size] in [-1, 1].
        b: Crops of domain b, likewise.
        labels: Their label maps, uint8 [N, size, size] of a and of b; None where there are none.
        wait_s: Seconds the step waited for it.
    """

    a: Tensor
    b: Tensor
    labels: tuple[Tensor, Tensor] | None
    wait_s: float


class CropSampler:
    """An endless, seeded sequence of crops of one domain.

    Each pass over the pictures is a new permutation. What is drawn depends on the seed and on the
    position alone, never on earlier draws, so any position can be made by any thread, in any order.

    Args:
        pictures: The domain's pictures.
        config: Crop size, scaling, mirroring and the seed.
        domain: 0 or 1: the two domains are drawn independently.
    """

    def __init__(self, pictures: PictureStore, config: TrainConfig, domain: int) -> None:
        self._pictures = pictures
        self._config = config
        self._domain = domain
        self._order = lru_cache(maxsize=2)(self._permutation)

    def crop(self, position: int) -> Pixels:
        """The crop at a position of the sequence, uint8 [size, size, 3]."""
        return self._augment(self._pictures[self._chosen(position)], self._random(1, position))

    def labels(self, position: int) -> NDArray[np.uint8]:
        """The label map of that crop, uint8 [size, size]."""
        whole = self._pictures.labels(self._chosen(position))
        return self._augment(whole, self._random(1, position))

    def _chosen(self, position: int) -> int:
        round_, place = divmod(position, len(self._pictures))
        return int(self._order(round_)[place])

    def _permutation(self, round_: int) -> NDArray[np.int64]:
        return self._random(0, round_).permutation(len(self._pictures))

    def _augment(self, picture: Pixels, random: np.random.Generator) -> Pixels:
        """The crop of a picture [H, W, 3] or of a label map [H, W]."""
        config, side = self._config, self._config.size
        if config.load_size_max is not None:
            # A crop of the larger picture, reduced, is the crop of a less enlarged one.
            scale = random.uniform(config.load_size, config.load_size_max)
            side = round(config.size * config.load_size_max / scale)
        top, left = (int(random.integers(extent - side + 1)) for extent in picture.shape[:2])
        crop = picture[top : top + side, left : left + side]
        if side != config.size:
            method = cv2.INTER_AREA if picture.ndim == 3 else cv2.INTER_NEAREST_EXACT
            resized = cv2.resize(crop, (config.size, config.size), interpolation=method)
            crop = resized.astype(np.uint8, copy=False)
        return crop[:, ::-1] if config.flip and random.random() < 0.5 else crop

    def _random(self, purpose: int, position: int) -> np.random.Generator:
        return np.random.default_rng((self._config.seed, self._domain, purpose, position))


@contextmanager
def stream_batches(
    a: PictureStore,
    b: PictureStore,
    config: TrainConfig,
    start: int,
    stop: int,
    places: range,
    pinned: bool,
) -> Iterator[Iterator[Batch]]:
    """The batches of the steps from `start` to before `stop`, prepared by `config.workers` threads.

    Args:
        a: Training pictures of domain a.
        b: Training pictures of domain b.
        config: The run's configuration.
        start: First step.
        stop: One past the last step.
        places: Which pictures of a step's `batch_size` are wanted.
        pinned: Put batches into page-locked memory, for copies that do not block.
    """
    samplers = CropSampler(a, config, 0), CropSampler(b, config, 1)

    def prepare(step: int) -> list[Tensor]:
        first = step * config.batch_size
        parts = [_batch(sampler, first, places) for sampler in samplers]
        if config.label_classes:
            parts += [_labels(sampler, first, places) for sampler in samplers]
        return [part.pin_memory() for part in parts] if pinned else parts

    if config.workers == 0:
        yield (_timed(partial(prepare, step)) for step in range(start, stop))
        return
    with ThreadPoolExecutor(config.workers, thread_name_prefix="crops") as workers:
        queue: deque[Future[list[Tensor]]] = deque()

        def batches() -> Iterator[Batch]:
            for step in range(start, stop):
                while len(queue) < 2 * config.workers and step + len(queue) < stop:
                    queue.append(workers.submit(prepare, step + len(queue)))
                yield _timed(queue.popleft().result)

        try:
            yield batches()
        finally:
            workers.shutdown(cancel_futures=True)


def _batch(sampler: CropSampler, first: int, places: range) -> Tensor:
    crops = np.stack([sampler.crop(first + place) for place in places])
    # Scaled by NumPy: torch would start another pool of threads here.
    return torch.from_numpy(crops.astype(np.float32) / 127.5 - 1.0).permute(0, 3, 1, 2)


def _labels(sampler: CropSampler, first: int, places: range) -> Tensor:
    return torch.from_numpy(np.stack([sampler.labels(first + place) for place in places]))


def _timed(fetch: Callable[[], list[Tensor]]) -> Batch:
    began = time.perf_counter()
    a, b, *labels = fetch()
    both = (labels[0], labels[1]) if labels else None
    return Batch(a, b, both, time.perf_counter() - began)
