"""The waiting for a call that may never return, such as one that opens a file on a dead disk."""

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

__all__ = ["READER_LIMIT_S", "result_within"]

READER_LIMIT_S = 60.0
"""The default limit: seconds without progress after which reading a file is given up."""

_T = TypeVar("_T")


def result_within(limit_s: float, call: Callable[[], _T], otherwise: _T) -> _T:
    """The result of a call, or another value if it takes too long.

    The call runs on a thread of its own. One that never returns is left behind; it does not keep
    the process from ending.

    Args:
        limit_s: Seconds to wait.
        call: Called once; must not raise.
        otherwise: The value if it has not returned by then.
    """
    results: list[_T] = []
    thread = Thread(target=lambda: results.append(call()), daemon=True)
    thread.start()
    thread.join(limit_s)
    return results[0] if results else otherwise
