"""The command lines and programs in the code blocks of Markdown pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Block", "blocks", "commands", "pages"]

ROOT = Path(__file__).parent.parent.parent
_REASON = re.compile(r"<!-- not run: (.+) -->")
_FENCE = re.compile(r"```(\w*)")


@dataclass(frozen=True)
class Block:
    """A code block.

    Attributes:
        page: The page, relative to the repository.
        line: Its first line, counted from 1.
        language: What stands behind the fence; "" for an indented block.
        text: The lines, without the indentation.
        reason: Why it is not run: "<!-- not run: REASON -->" above it; None if it is run.
    """

    page: str
    line: int
    language: str
    text: str
    reason: str | None


def pages() -> list[Path]:
    """README and the pages of docs/ that somebody wrote."""
    written = [path for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "cli.md"]
    return [ROOT / "README.md", *(path for path in written if path.name != "decisions.md")]


def blocks(page: Path) -> Iterator[Block]:
    """The code blocks of a page, fenced and indented ones."""
    reason: str | None = None
    lines = page.read_text(encoding="utf-8").split("\n")
    index = 0
    while index < len(lines):
        line, first = lines[index], index + 1
        index += 1
        if found := _REASON.fullmatch(line):
            reason = found[1]
        elif fence := _FENCE.fullmatch(line):
            inside = []
            while lines[index] != "```":
                inside.append(lines[index])
                index += 1
            index += 1
            yield _block(page, first, fence[1], inside, reason)
            reason = None
        elif line.startswith("    ") and not lines[first - 2].startswith(("- ", "  ")):
            inside = [line[4:]]
            while index < len(lines) and (lines[index].startswith("    ") or not lines[index]):
                inside.append(lines[index][4:])
                index += 1
            yield _block(page, first, "", inside, reason)
            reason = None
        elif line:
            reason = None


def _block(page: Path, line: int, language: str, inside: list[str], reason: str | None) -> Block:
    name = page.relative_to(ROOT).as_posix()
    return Block(name, line, language, "\n".join(inside).rstrip(), reason)


def commands(block: Block) -> list[str]:
    """The command lines of a block that call mediatrans, without prompts and comments.

    In a block with prompts, the other lines are output.
    """
    lines = block.text.replace("\\\n", " ").split("\n")
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [
        re.sub(r"\s+#.*", "", line).strip()
        for line in lines
        if re.search(r"(^|\| |-m )mediatrans ", line)
    ]
