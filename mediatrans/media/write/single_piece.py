"""The base class of sinks that write their output in a single piece."""

from pathlib import Path

from mediatrans.media.frames import Done, Segment

__all__ = ["SinglePiece"]


class SinglePiece:
    """The attributes of `Sink` for an output that cannot be resumed."""

    done = Done()
    border: int | None = None
    kept: Path | None = None
    segment: Segment | None = None
