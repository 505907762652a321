"""The limit on the time that a CPU engine may take to load a graph."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import TypeVar

from mediatrans.errors import ModelError

__all__ = ["LOADING_S", "LOADING_THREAD", "load_within"]

_T = TypeVar("_T")

LOADING_S = 120.0
"""Seconds that loading may take. The shipped pair takes about one on a free core."""

LOADING_THREAD = "loading"
"""The name of the thread that loads. A process that ends while there is one must not unwind."""


def load_within(load: Callable[[], _T], path: Path) -> _T:
    """Load a graph on a thread of its own, which is left behind after `LOADING_S`.

    An optimiser may work for hours on a small file, and it cannot be stopped from outside.

    Args:
        load: Loads the graph.
        path: The ONNX file, for the message.

    Raises:
        ModelError: It takes too long.
        Exception: What `load` raises.
    """
    loaded: Future[_T] = Future()

    def work() -> None:
        try:
            loaded.set_result(load())
        except BaseException as error:
            loaded.set_exception(error)

    Thread(target=work, name=LOADING_THREAD, daemon=True).start()
    try:
        return loaded.result(LOADING_S)
    except TimeoutError:
        if loaded.done():
            raise
        raise ModelError(
            f"the graph was not loaded within {LOADING_S:g} s",
            path=path,
            remedy="use a model that mediatrans has exported, or a less busy machine",
        ) from None
