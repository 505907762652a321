"""Imports that do without an optional module, because loading it would send or open something."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["hidden_module"]


@contextmanager
def hidden_module(name: str) -> Iterator[None]:
    """Let a module look as if it were not installed, unless it is loaded already.

    Args:
        name: The module's full name.
    """
    is_hidden = name not in sys.modules
    if is_hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if is_hidden:
            del sys.modules[name]
