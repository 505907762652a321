"""The quality report as a page: one self-contained HTML file that makes no request."""

import base64
import hashlib
import importlib.resources
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from mediatrans import __version__
from mediatrans.printable import printable
from mediatrans.quality.report.cards import NumberedEntry, build_card
from mediatrans.quality.report.distributions import Distribution, distributions
from mediatrans.quality.report.document import STATES, Document, FileEntry, State
from mediatrans.quality.report.thumbnails import fit_samples
from mediatrans.quality.samples import Sample

__all__ = ["MOST_CARDS", "MOST_ROWS", "page_parts"]

MOST_ROWS = 2000
"""Files in the table of a page."""

MOST_CARDS = 500
"""Files with a section of their own."""

_MOST_BYTES = 9_800_000
_LARGE_CARDS = 24
_CARDS_WITH_PLOTS = 60
_MOST_LEFT_OUT = 200


@dataclass(frozen=True, slots=True)
class _Count:
    """The files of one state, and their part of the bar, in thousandths."""

    state: State
    words: str
    files: int
    at: float
    width: float
    is_drawn: bool


def page_parts(page: Document) -> Iterator[str]:
    """The page as HTML, in parts.

    The worst files come first, and have the larger pictures. Of very many files some have no
    pictures, no section or no row; the page then says how many.

    Args:
        page: What it shows.
    """
    files = importlib.resources.files(__package__) / "templates"
    style, script = ((files / name).read_text("utf-8") for name in ("page.css", "page.js"))
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "templates"),
        autoescape=True,
        finalize=_finalized,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html.jinja")
    contents = {
        "page": page,
        "style": style,
        "script": script,
        "policy": _policy(style, script),
        "footer": f"Made by mediatrans {__version__}",
        **_contents(page),
    }
    with_card = [entry.samples for entry in page.entries[:MOST_CARDS]]
    without = sum(len(part.encode()) for part in template.generate(contents, **_cards(page, {})))
    fitted = fit_samples(with_card, _MOST_BYTES - without, _LARGE_CARDS)
    return template.generate(contents, **_cards(page, dict(enumerate(fitted))))


def _contents(page: Document) -> dict[str, Any]:
    """What the template is given beside the document and the cards."""
    plots = list(distributions(page.columns, page.entries))
    counts = _counts(page.entries, plots)
    return {
        "headline": page.headline or _headline(page.entries),
        "counts": counts,
        "states": STATES,
        "columns": [
            column
            for column in page.columns
            if any(column.key in entry.figures for entry in page.entries)
        ],
        "distributions": plots,
        "has_band": any(each.plot.band for each in plots),
        "has_threshold": any(each.plot.marks for each in plots),
        "entries": _numbered(page)[:MOST_ROWS],
        "unlisted": _beyond(len(page.entries), MOST_ROWS, "better files are not listed here"),
        "unlisted_left_out": _beyond(len(page.left_out), _MOST_LEFT_OUT, "more"),
        "left_out": page.left_out[:_MOST_LEFT_OUT],
    }


def _cards(page: Document, samples: Mapping[int, tuple[Sample, ...]]) -> dict[str, Any]:
    """The sections of the files, with pictures by their places."""
    cards = [
        build_card(each, page.columns, samples.get(place, ()), with_plots=place < _CARDS_WITH_PLOTS)
        for place, each in enumerate(_numbered(page)[:MOST_CARDS])
    ]
    opened = next((card.number for card in cards if card.moments), 0)
    return {"cards": cards, "opened": opened}


def _numbered(page: Document) -> list[NumberedEntry]:
    return [
        NumberedEntry(place + 1, entry, place < MOST_CARDS)
        for place, entry in enumerate(page.entries)
    ]


def _finalized(value: object) -> object:
    """Text from files may hold characters that change the order of writing, or are no text."""
    return printable(value) if type(value) is str else value


def _policy(style: str, script: str) -> str:
    """A policy by which a browser loads nothing, and runs no script but the page's own."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")

    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest(style)}'; "
        f"script-src 'sha256-{digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _counts(entries: Sequence[FileEntry], plots: Sequence[Distribution]) -> list[_Count]:
    drawn = {bar.state for each in plots for bar in each.plot.bars}
    counts, at = [], 0.0
    for state, words in STATES.items():
        files = sum(entry.state == state for entry in entries)
        if files:
            width = 1000 * files / len(entries)
            counts.append(_Count(state, words, files, at, width, state in drawn))
            at += width
    return counts


def _headline(entries: Sequence[FileEntry]) -> str:
    """What became of the files, in one sentence."""
    if not entries:
        return "No file was finished."
    judged = [entry for entry in entries if entry.state in ("poor", "doubtful", "good")]
    failed = sum(entry.state == "failed" for entry in entries)
    also = f" {_files(failed)} failed." if failed else ""
    if not judged:
        unjudged = len(entries) - failed
        return (f"{_files(unjudged)}, not judged." if unjudged else "Nothing was judged.") + also
    if len(judged) == 1:
        return f"The file is {judged[0].state}." + also
    poor = sum(entry.state == "poor" for entry in judged)
    doubtful = sum(entry.state == "doubtful" for entry in judged)
    if not poor and not doubtful:
        return f"All {_files(len(judged))} judged are good.{also}"
    parts = [f"{count} {word}" for count, word in ((poor, "poor"), (doubtful, "doubtful")) if count]
    return f"Of {_files(len(judged))} judged, {' and '.join(parts)}.{also}"


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


def _beyond(count: int, most: int, words: str) -> str:
    return f"{count - most} {words}." if count > most else ""
