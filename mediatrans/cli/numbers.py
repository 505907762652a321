"""The numbers that options take, with messages that say in plain words what is wanted."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click
from click.types import FloatParamType, IntParamType

__all__ = ["in_plain_words"]

_Convert = Callable[[Any, click.Parameter | None, click.Context | None], float]


def in_plain_words(kind: click.ParamType[Any]) -> click.ParamType[Any]:
    """A type of numbers whose messages need no knowledge of programming; other types unchanged.

    Args:
        kind: The type of an option.
    """
    if isinstance(kind, click.IntRange):
        return _WholeRange(kind.min, kind.max, kind.min_open, kind.max_open, kind.clamp)
    if isinstance(kind, click.FloatRange):
        return _Range(kind.min, kind.max, kind.min_open, kind.max_open, kind.clamp)
    if isinstance(kind, IntParamType):
        return _Whole()
    return _Number() if isinstance(kind, FloatParamType) else kind


class _WholeRange(click.IntRange):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        with _refused(value, f"a whole number{_bounds(self)}", super().convert, param, ctx):
            return super().convert(value, param, ctx)


class _Range(click.FloatRange):
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        with _refused(value, f"a number{_bounds(self)}", super().convert, param, ctx):
            return _no_nan(super().convert(value, param, ctx))


class _Whole(IntParamType):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        with _refused(value, "a whole number", super().convert, param, ctx):
            return super().convert(value, param, ctx)


class _Number(FloatParamType):
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        with _refused(value, "a number", super().convert, param, ctx):
            return _no_nan(super().convert(value, param, ctx))


def _no_nan(number: float) -> float:
    """The number; NaN is in every range, since no comparison with it holds."""
    if math.isnan(number):
        raise click.BadParameter("")
    return number


@contextmanager
def _refused(
    value: Any,
    wanted: str,
    convert: _Convert,
    param: click.Parameter | None,
    ctx: click.Context | None,
) -> Iterator[None]:
    """Say of a value that click refuses what is wanted in its place."""
    try:
        yield
    except click.BadParameter:
        shown = value if _is_number(value) else repr(value)
        problem = f"{shown} is not {wanted}{_remedy(value, convert)}"
        raise click.BadParameter(problem, ctx, param) from None


def _remedy(value: Any, convert: _Convert) -> str:
    """How a number with a decimal comma is written; "" where that is refused as well."""
    point = str(value).replace(",", ".", 1)
    if point != str(value):
        with suppress(click.BadParameter):
            convert(point, None, None)
            return f"; write {point}"
    return ""


def _is_number(value: Any) -> bool:
    with suppress(ValueError):
        return not math.isnan(float(value))
    return False


def _bounds(kind: click.IntRange | click.FloatRange) -> str:
    """The bounds of a range, as the end of "a number"."""
    least, most = (None if bound is None else _shown(bound) for bound in (kind.min, kind.max))
    if least is not None and most is not None and not (kind.min_open or kind.max_open):
        return f" from {least} to {most}"
    words = []
    if least is not None:
        words.append(f"above {least}" if kind.min_open else f"of {least} or more")
    if most is not None:
        words.append(f"below {most}" if kind.max_open else f"of {most} or less")
    return f" {' and '.join(words)}" if words else ""


def _shown(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)
