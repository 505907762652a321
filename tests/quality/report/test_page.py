"""The page of a report: complete without a request, small, ordered, and safe to open."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mediatrans.quality.report.page import MOST_CARDS, MOST_ROWS
from mediatrans.quality.report.page_files import is_page
from tests.quality.report.reports import (
    HOSTILE,
    document,
    many_rows,
    page,
    picture_row,
    rows,
    video_row,
)


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.text += data

    def values(self, attribute: str) -> list[str]:
        return [found[attribute] or "" for _, found in self.elements if attribute in found]


def test_nothing_is_loaded_from_outside_the_file() -> None:
    shown = Elements(page())
    assert all(address.startswith("data:image/") for address in shown.values("src"))
    assert shown.values("srcset") == []
    assert {tag for tag, _ in shown.elements} & {
        "link",
        "iframe",
        "object",
        "embed",
        "base",
    } == set()
    style = re.search(r"<style>(.*?)</style>", page(), re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_policy_allows_the_pages_own_style_and_script_alone() -> None:
    text = page()
    (policy,) = [
        found["content"]
        for tag, found in Elements(text).elements
        if tag == "meta" and found.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_text_from_files_stays_text() -> None:
    row = replace(
        picture_row(HOSTILE, "good", 25.0),
        notes=("<img src=x onerror=alert(1)>",),
        error="\x1b[31m</style><svg onload=alert(1)>",
    )
    text = page([row, picture_row("b.png", "good", 25.0)], notice="<b>stopped</b>")
    shown = Elements(text)
    assert text.count("<script>") == 1
    assert "&lt;script&gt;document.title=" in text
    assert r"\u202e" in shown.text
    assert "\u202e" not in text
    assert r"\x1b[31m" in shown.text
    handlers = [name for _, found in shown.elements for name in found if name.startswith("on")]
    assert handlers == []
    assert "<b>stopped</b>" in shown.text


@pytest.mark.parametrize(
    "name",
    ["javascript:alert(1).png", "//host/a.png", "a b#c?d%41.png", "data:text,x", "\udcff.png"],
)
def test_links_lead_to_files_whatever_their_names(name: str) -> None:
    shown = Elements(page([picture_row(name, "good", 25.0)]))
    addresses = [address for address in shown.values("href") if not address.startswith("#")]
    assert len(addresses) == 2
    for address in addresses:
        assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", address)
        assert not address.startswith("/")


def test_links_are_relative_to_the_page() -> None:
    entry = document(folder=Path("reports")).entries[1]
    assert entry.source is not None
    assert entry.source.address == "../in/copy.png"


def test_a_file_that_failed_has_no_result_to_lead_to() -> None:
    jobs = [replace(row, output=Path("out", row.input.name)) for row in rows()]
    results = {entry.name: entry.result for entry in document(jobs).entries}
    assert results.pop("broken.png") is None
    assert None not in results.values()


def test_the_worst_files_come_first() -> None:
    names = [entry.name for entry in document().entries]
    assert names[:3] == ["broken.png", "copy.png", "film.mp4"]
    assert names[3] == "no-check.png"
    assert names[-3:] == ["b-good.png", "a-better.png", "old.png"]


def test_verdicts_are_counted_and_reasons_given() -> None:
    shown = Elements(page())
    assert "Of 5 files judged, 1 poor and 1 doubtful. 1 file failed." in shown.text
    for words in (
        "It is a copy of its source, changed by 0.1 of 255",
        "the picture is damaged; get a complete copy of the file",
        "up to date",
        "a remark",
        "in/<b>.psd",
        "3 repeated",
    ):
        assert words in shown.text


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (slice(0, 1), "The file is good."),
        (slice(0, 3), "All 3 files judged are good."),
        (slice(0, 4), "Of 4 files judged, 1 doubtful."),
        (slice(4, 6), "The file is poor. 1 file failed."),
        (slice(6, 8), "2 files, not judged."),
        (slice(5, 6), "Nothing was judged. 1 file failed."),
    ],
)
def test_the_headline_says_what_became_of_the_files(chosen: slice, said: str) -> None:
    assert f'<p class="headline">{said}</p>' in page(rows()[chosen])


def test_a_film_is_shown_at_three_frames_and_over_time() -> None:
    shown = Elements(page([video_row()]))
    assert len(shown.values("src")) == 12
    titles = shown.values("data-title")
    assert titles == ["Worst frame", "Median frame", "Best frame"]
    assert "0:04.0, frame 101" in shown.text
    descriptions = [text for text in shown.values("aria-label") if "over time" in text]
    assert any(
        text.startswith("flicker over time") and "in 12 frames, 0:00.0 to 0:11.0" in text
        for text in descriptions
    )
    assert "Worst moments" in shown.text


def test_unusual_figures_are_marked() -> None:
    text = page([picture_row("a.png", "doubtful", 12.0)])
    row = re.search(r'<tr class="unusual">(.*?)</tr>', text, re.DOTALL)
    assert row is not None
    assert "delivered cycle" in row[1]
    assert "20.10 to 29.90" in row[1]
    assert "unusual" in row[1]


def test_every_picture_and_every_field_has_a_label() -> None:
    shown = Elements(page())
    assert all(found.get("alt") for tag, found in shown.elements if tag == "img")
    plots = [found for tag, found in shown.elements if tag == "svg" and "aria-hidden" not in found]
    assert plots
    assert all(found.get("role") == "img" and found.get("aria-label") for found in plots)


def test_a_report_of_nothing_is_a_page_as_well() -> None:
    shown = Elements(page([], notice="The run was interrupted: 0 of 3 files had ended."))
    assert "No file was finished." in shown.text
    assert "0 of 3 files had ended" in shown.text


def test_pages_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_text(page([]), encoding="utf-8")
    assert is_page(path)
    path.write_text("<!doctype html>\n<html lang=en>mine", encoding="utf-8")
    assert not is_page(path)
    assert not is_page(tmp_path / "none.html")


@pytest.mark.slow
def test_a_page_of_500_files_has_less_than_10_mb() -> None:
    shown = page(list(many_rows(500)))
    assert len(shown.encode()) < 10_000_000
    held = Elements(shown)
    pictures = [address for address in held.values("src") if address.startswith("data:image/")]
    assert len(pictures) > 4 * 250
    assert "The page has no pictures of this file" in held.text
    ids = [found["id"] for tag, found in held.elements if tag == "details" and "id" in found]
    assert len(ids) == 500


@pytest.mark.slow
def test_beyond_the_limits_files_are_counted() -> None:
    row = replace(rows()[0], samples=())
    count = MOST_ROWS + 7
    text = page([replace(row, input=Path(f"in/{number}.png")) for number in range(count)])
    shown = Elements(text)
    assert "7 better files are not listed here." in shown.text
    assert sum(tag == "details" and "id" in found for tag, found in shown.elements) == MOST_CARDS
    assert len(shown.values("data-card")) == MOST_ROWS
