"""The two ends of a conversion: what a source and what a sink is."""

from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from mediatrans.media.frames import Done, Frame, MediaInfo, Segment

__all__ = ["Sink", "Source"]


class Source(Protocol):
    """A medium being read, inside its `with` block, which raises InputError where that fails.

    Whatever a source does may be done on another thread, if one call ends before the next begins.
    """

    @property
    def path(self) -> Path:
        """What is read, as messages call it."""
        ...

    @property
    def info(self) -> MediaInfo:
        """What is known before the first frame; inside the `with` block only."""
        ...

    @property
    def decoded(self) -> int:
        """Frames decoded until now, passed over or not; it grows while there is progress."""
        ...

    def __iter__(self) -> Generator[Frame, None, None]:
        """The frames in presentation order; raises InputError where reading fails."""
        ...

    def restart(self, time_s: Fraction | None) -> None:
        """Have the next iteration begin at or before a time, its frames counted from there.

        Args:
            time_s: Seconds on the clock of the frames; None begins with the first frame.

        Raises:
            InputError: The file cannot be opened again.
        """
        ...

    def cancel(self) -> None:
        """End a wait for somebody who feeds the medium, with an InputError; from any thread."""
        ...

    def check_whole(self) -> None:
        """Refuse a medium that is cut short, where reading it does not tell.

        Raises:
            InputError: It is.
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
    """A medium being written.

    Leaving its `with` block without an error completes, syncs and publishes the output under its
    final name; leaving it with an error leaves nothing half-written behind.
    """

    @property
    def done(self) -> Done:
        """What an earlier run has written; inside the `with` block only."""
        ...

    @property
    def border(self) -> int | None:
        """No batch reaches over a multiple of this many frames; None for a single piece."""
        ...

    @property
    def kept(self) -> Path | None:
        """The folder from which the next run goes on, after an error; None where there is none."""
        ...

    @property
    def segment(self) -> Segment | None:
        """What was written, after the `with` block of a span's sink; None for a whole output."""
        ...

    def write(self, frame: Frame) -> None:
        """Append a frame; raises OutputError where writing fails."""
        ...

    def cut_here(self, damage: str) -> None:
        """The source broke off after the last frame: copy nothing that comes after it.

        Args:
            damage: What broke it off.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
