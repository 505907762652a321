"""The remedy --keep-partial in the message of a damaged video, where it would keep a part of it."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from mediatrans.conversion.task import Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import InputError, MediatransError
from mediatrans.media.endpoints import Source
from mediatrans.media.pipe_formats import STDIO

__all__ = ["opened", "with_keep_partial"]

_REMEDY = "keep its readable beginning with --keep-partial"


def with_keep_partial(error: InputError) -> InputError:
    """The error of a damaged video of which a part can be kept.

    Args:
        error: The error without that remedy.
    """
    remedy = f"{error.remedy}, or {_REMEDY}" if error.remedy else _REMEDY
    return InputError(error.problem, path=error.path, remedy=remedy)


@contextmanager
def opened(source: Source, task: Task, workshop: Workshop) -> Iterator[None]:
    """Open the source of a task for the `with` block.

    Args:
        source: The source.
        task: The task.
        workshop: The options.

    Raises:
        InputError: It cannot be opened.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(source)
        except InputError as error:
            if _can_be_kept(task, workshop):
                raise with_keep_partial(error) from error
            raise
        yield


def _can_be_kept(task: Task, workshop: Workshop) -> bool:
    """Whether --keep-partial, which is not given, would let a first frame be read."""
    # A pipe cannot be read again.
    if task.kind == "image" or task.input == STDIO or workshop.options.keep_partial:
        return False
    try:
        with workshop.source(task, keep_partial=True) as source, closing(iter(source)) as frames:
            return next(frames, None) is not None
    except MediatransError:
        return False
