"""The values of `--tile`."""

from mediatrans.errors import UsageError
from mediatrans.translate.work_size import WorkSize
from mediatrans.zoo.size_rule import MAX_SIDE, MINIMUM

__all__ = ["check_tile", "untiled_size"]


def check_tile(tile: int | None, work_size: WorkSize) -> None:
    """Check a value of `--tile`.

    Raises:
        UsageError: It is out of bounds, or there is a working size as well.
    """
    if tile is None:
        return
    if not MINIMUM <= tile <= MAX_SIDE:
        raise UsageError(
            f"--tile is not a number of pixels from {MINIMUM} to {MAX_SIDE}",
            remedy="use for example --tile 512",
        )
    if work_size not in ("auto", "full"):
        raise UsageError(
            f"--tile works at the full size, --work-size {work_size} at another one",
            remedy="drop one of them",
        )


def untiled_size(work_size: WorkSize, tile: int | None) -> WorkSize:
    """The working size that is meant: in tiles, "auto" is the full size.

    Args:
        work_size: The value of `--work-size`.
        tile: The value of `--tile`.
    """
    return "full" if tile is not None and work_size == "auto" else work_size
