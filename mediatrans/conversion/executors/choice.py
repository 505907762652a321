"""The choice of the executor, and of the number of workers and their threads."""

import os
from collections.abc import Callable
from dataclasses import replace

from mediatrans.conversion.executors.executor import Executor
from mediatrans.conversion.executors.local import LocalExecutor
from mediatrans.conversion.executors.processes import ProcessExecutor
from mediatrans.conversion.executors.ray_actors import RayExecutor
from mediatrans.conversion.options import ConvertOptions
from mediatrans.conversion.run_options import cores
from mediatrans.translate.engines.choice import ENGINES
from mediatrans.translate.engines.device_words import read_device_word

__all__ = ["EXECUTORS", "choose_executor", "planned_workers", "with_threads"]

_GPU_KINDS = ("tensorrt", "cuda")
_VISIBLE = "CUDA_VISIBLE_DEVICES"


def _processes(options: ConvertOptions) -> Executor:
    gpus = _gpus(options)
    workers = options.number_of_workers(len(gpus), options.threads)
    return ProcessExecutor(workers, gpus) if workers > 1 else LocalExecutor()


def _ray(options: ConvertOptions) -> Executor:
    word = read_device_word(options.device)
    gpus = 1 if word.kind in _GPU_KINDS or (word.kind == "auto" and _gpus(options)) else 0
    return RayExecutor(options.ray_address, options.workers, gpus)


EXECUTORS: dict[str, Callable[[ConvertOptions], Executor]] = {
    "local": lambda options: LocalExecutor(),
    "processes": _processes,
    "ray": _ray,
}
"""The makers of executors by their names."""


def choose_executor(options: ConvertOptions) -> Executor:
    """The executor that the options ask for."""
    if options.executor != "local":
        return EXECUTORS["ray"](options)
    return EXECUTORS["local" if options.workers == 1 else "processes"](options)


def planned_workers(options: ConvertOptions) -> int | None:
    """The number of workers that will share long videos; None if one process converts them.

    Those of a Ray cluster with "auto" are taken for as many as this machine has cores, since the
    cluster is not asked.

    Args:
        options: The options of the whole conversion.
    """
    if options.executor != "local":
        return cores() if options.workers == "auto" else options.workers
    if options.workers == 1:
        return None
    workers = options.number_of_workers(len(_gpus(options)), options.threads)
    return workers if workers > 1 else None


def with_threads(options: ConvertOptions) -> ConvertOptions:
    """The options with each worker's share of the cores, unless threads are given.

    Args:
        options: The options of the whole conversion.
    """
    if options.executor != "local" and options.threads is None:
        return replace(options, threads=1)  # an actor takes as many cores of its node
    workers = options.number_of_workers(len(_gpus(options)), options.threads)
    if options.threads is not None or workers == 1:
        return options
    return replace(options, threads=max(1, cores() // workers))


def _gpus(options: ConvertOptions) -> tuple[str, ...]:
    """The GPUs that workers may share, as CUDA numbers them; none where one is named."""
    word = read_device_word(options.device)
    if (options.workers == 1 and options.executor == "local") or word.index is not None:
        return ()
    kinds = _GPU_KINDS if word.kind == "auto" else (word.kind,)
    counts = [
        len(ENGINES[kind].devices())
        for kind in kinds
        if kind in _GPU_KINDS and (word.kind == kind or ENGINES[kind].is_automatic)
    ]
    visible = os.environ.get(_VISIBLE)
    numbers = map(str, range(max(counts, default=0)))
    return tuple(visible.split(",") if visible and counts else numbers)
