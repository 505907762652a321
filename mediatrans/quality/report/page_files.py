"""How a page is told from other files, by its name and by its first bytes."""

from pathlib import Path

__all__ = ["is_page", "is_page_name"]

_START = b'<!doctype html>\n<html lang="en" data-generator="mediatrans-report">'


def is_page(path: Path) -> bool:
    """Whether the first bytes of a file are those of a page."""
    try:
        with path.open("rb") as file:
            return file.read(len(_START)) == _START
    except OSError:
        return False


def is_page_name(path: Path) -> bool:
    """Whether a report of this name is a page."""
    return path.suffix.lower() in (".html", ".htm")
