"""How much of an input is taken in before it is refused; both limits have an option."""

__all__ = ["MAX_PIXELS", "MAX_SPOOL_MB"]

MAX_PIXELS = 200_000_000
"""Pictures of more pixels are refused before they are decoded."""

MAX_SPOOL_MB = 4096
"""Megabytes (10^6 bytes) of piped input that may lie on disk at one time."""
