"""What holds for every sink that writes its output in a single piece."""

from pathlib import Path

from mediatrans.media.frames import Done, Segment

__all__ = ["SinglePiece"]


class SinglePiece:
    """A sink that nothing is gone on with: the answers to what `Sink` asks of segments."""

    done = Done()
    border: int | None = None
    kept: Path | None = None
    segment: Segment | None = None
