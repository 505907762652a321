"""The source and sink protocols: a medium that is read and a medium that is written."""

from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from mediatrans.media.frames import Done, Frame, MediaInfo, Segment

__all__ = ["Sink", "Source"]


class Source(Protocol):
    """A medium that is read; its `with` block opens it and raises InputError on failure.

    The methods may be called on any thread, one call at a time, except for `cancel`.
    """

    @property
    def path(self) -> Path:
        """The medium's name in messages."""
        ...

    @property
    def info(self) -> MediaInfo:
        """The properties of the medium; available inside the `with` block only."""
        ...

    @property
    def decoded(self) -> int:
        """Frames decoded so far, including skipped ones; it grows while reading makes progress."""
        ...

    def __iter__(self) -> Generator[Frame, None, None]:
        """The frames in presentation order; raises InputError if reading fails."""
        ...

    def restart(self, time_s: Fraction | None) -> None:
        """Begin the next iteration at or before a time; frame indices start at 0 again.

        Args:
            time_s: The time on the clock of the frames, in seconds; None is the first frame.

        Raises:
            InputError: The file cannot be opened again.
        """
        ...

    def cancel(self) -> None:
        """End a wait for input with an InputError; may be called on any thread."""
        ...

    def check_whole(self) -> None:
        """Refuse a truncated medium if reading it did not already fail.

        Raises:
            InputError: The medium is truncated.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class Sink(Protocol):
    """A medium that is written.

    The end of its `with` block completes and syncs the output and publishes it under its final
    name. After an error nothing is published.
    """

    @property
    def done(self) -> Done:
        """What an earlier run has already written; available inside the `with` block only."""
        ...

    @property
    def border(self) -> int | None:
        """Frames per segment, which no batch may cross; None for an output in a single piece."""
        ...

    @property
    def kept(self) -> Path | None:
        """The folder from which a later run resumes after an error, or None."""
        ...

    @property
    def segment(self) -> Segment | None:
        """The segment written by the sink of a span, after its `with` block; None otherwise."""
        ...

    def write(self, frame: Frame) -> None:
        """Append a frame; raises OutputError if writing fails."""
        ...

    def cut_here(self, damage: str) -> None:
        """End the output after the last frame, where the source is damaged.

        The other streams are not copied any further.

        Args:
            damage: The damage of the source.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
