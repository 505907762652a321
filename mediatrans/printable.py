"""Text made safe to show: what would be obeyed instead of shown is escaped."""

import re

__all__ = ["UNSAFE", "printable"]

UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""C0 and C1 controls, line and paragraph separators, the marks that reverse the direction of
writing, and the surrogates that stand for bytes which are not UTF-8."""


def printable(text: str) -> str:
    r"""Escape the characters that a terminal or a page would obey instead of showing.

    Names, titles and error texts come from files, and files may come from strangers.

    Args:
        text: One line of text; a line break in it is escaped, too.

    Returns:
        The text, with "\x1b" for the escape character, "\n" for a line break and so on.
    """
    return UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
