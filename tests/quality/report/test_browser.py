"""The page in a real browser: slider, table, cards, accessibility, and no request.

Chromium is the system's (on Debian `apt-get install chromium`); without it the tests are skipped.
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.quality.report.reports import HOSTILE, page, picture_row, rows, video_row

pytestmark = pytest.mark.slow

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_COPY = "#table tbody tr:nth-child(2)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = [path for path in map(shutil.which, _NAMES) if path is not None]
    if not found:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        with_browser = playwright.chromium.launch(executable_path=found[0])
        yield with_browser
        with_browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "r.html"
    notice = "The run was interrupted: 8 of 9 files had ended."
    path.write_text(page([*rows(), video_row("second.mp4")], notice), encoding="utf-8")
    return path.as_uri()


class Watched:
    """A page that keeps what its browser says and asks for."""

    def __init__(self, browser: Browser, address: str, width: int = 900, scheme: str = "") -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        self.page: Page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)

    def names(self) -> list[str]:
        """The files of the table that are shown, in order."""
        links = self.page.locator("#table tbody tr:visible th a")
        return links.all_inner_texts()

    def press_heading(self, title: str) -> None:
        self.page.locator("#table thead button", has_text=title).first.click()


@pytest.fixture
def shown(browser: Browser, address: str) -> Iterator[Watched]:
    """A page; afterwards nothing was said in the console and nothing asked for but the page."""
    watched = Watched(browser, address)
    yield watched
    assert watched.said == []
    requests = [url for url in watched.asked if not url.startswith("data:")]
    assert requests == [address]
    watched.page.context.close()


def opened_slider(page: Page) -> Locator:
    return page.locator(".card[open] input[type=range]").first


def test_the_slider_follows_the_mouse(shown: Watched) -> None:
    slider = opened_slider(shown.page)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    shown.page.mouse.move(box["x"] + box["width"] / 2, middle)
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    shown.page.mouse.up()
    assert int(slider.input_value()) == pytest.approx(25, abs=3)
    edge = shown.page.locator(".card[open] .edge").first.bounding_box()
    assert edge is not None
    assert edge["x"] + edge["width"] / 2 == pytest.approx(box["x"] + box["width"] / 4, abs=8)


def test_the_slider_moves_by_keys_and_says_where_it_is(shown: Watched) -> None:
    slider = opened_slider(shown.page)
    slider.focus()
    for _ in range(10):
        shown.page.keyboard.press("ArrowRight")
    assert slider.input_value() == "60"
    assert slider.get_attribute("aria-valuetext") == "60 % day, 40 % night"
    shown.page.keyboard.press("Home")
    cut = "element => getComputedStyle(element.parentElement).getPropertyValue('--cut')"
    assert slider.evaluate(cut) == "0%"
    label = slider.get_attribute("aria-label")
    assert label is not None
    assert label.startswith("copy.png")


def test_the_slider_shows_the_chosen_frame(shown: Watched) -> None:
    card = shown.page.locator(".card", has=shown.page.locator(".name", has_text="film.mp4"))
    card.locator("summary").first.click()
    over = card.locator(".stage img.over")
    worst = over.get_attribute("src")
    best = card.locator("[data-title='Best frame'] [data-part=result]").get_attribute("src")
    assert worst != best
    card.get_by_role("button", name="Best frame").click()
    assert over.get_attribute("src") == best
    pressed = card.locator(".choice [aria-pressed=true]").all_inner_texts()
    assert pressed == ["Best frame"]


def test_the_table_sorts_both_ways_with_unmeasured_files_last(shown: Watched) -> None:
    before = shown.names()
    assert before[:3] == ["broken.png", "copy.png", "film.mp4"]
    shown.press_heading("delivered cycle dB")
    assert shown.names()[:2] == ["film.mp4", "second.mp4"]
    assert set(shown.names()[-3:]) == {"broken.png", "old.png", "no-check.png"}
    shown.press_heading("delivered cycle dB")
    assert shown.names()[:2] == ["copy.png", "a-better.png"]
    assert set(shown.names()[-3:]) == {"broken.png", "old.png", "no-check.png"}
    sorted_by = shown.page.locator("#table th[aria-sort]")
    assert sorted_by.count() == 1
    assert sorted_by.get_attribute("aria-sort") == "descending"
    cards = shown.page.locator(".card .name").all_inner_texts()
    assert cards[:2] == ["copy.png", "a-better.png"]
    shown.press_heading("File")
    assert sorted(shown.names(), key=str.casefold)[1:] == shown.names()[1:]
    shown.press_heading("Verdict")
    assert shown.names() == before


def test_the_table_and_the_cards_are_filtered(shown: Watched) -> None:
    shown.page.fill("#search", "film")
    assert shown.names() == ["film.mp4"]
    assert shown.page.locator(".card:visible").count() == 1
    assert shown.page.inner_text("#shown") == "1 of 9 shown"
    shown.page.fill("#search", "COPY of its source")
    assert shown.names() == ["copy.png"]
    shown.page.fill("#search", "")
    shown.page.uncheck("input[value=good]")
    assert len(shown.names()) == 6
    shown.page.check("input[value=good]")
    assert len(shown.names()) == 9


def test_a_name_in_the_table_opens_its_card(shown: Watched) -> None:
    link = shown.page.locator("#table a", has_text="second.mp4")
    link.focus()
    shown.page.keyboard.press("Enter")
    card = shown.page.locator(".card", has=shown.page.locator(".name", has_text="second.mp4"))
    assert card.get_attribute("open") is not None
    assert shown.page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_hostile_names_stay_text(shown: Watched) -> None:
    assert shown.page.title() == "day → night: quality report"
    written = HOSTILE.replace("\u202e", r"\u202e")
    assert written in shown.names()
    shown.page.get_by_role("button", name="Open all").click()
    label = shown.page.locator(f".card:has-text('{written[:8]}') input[type=range]")
    assert written in (label.first.get_attribute("aria-label") or "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 900, 1400])
def test_the_page_is_accessible_and_fits(
    browser: Browser, address: str, width: int, scheme: str
) -> None:
    watched = Watched(browser, address, width, scheme)
    watched.page.get_by_role("button", name="Open all").click()
    watched.page.locator(".meanings summary").click()
    found = Axe().run(watched.page)
    assert found.violations_count == 0, found.generate_report()
    scrolled = watched.page.evaluate("document.documentElement.scrollWidth")
    assert scrolled <= width
    hidden = "tables => tables.map(table => table.scrollWidth - table.clientWidth)"
    assert max(watched.page.locator(".card .scroll").evaluate_all(hidden)) <= 0
    table = watched.page.locator("#table table")
    left = table.locator("tbody th").first.bounding_box()
    table.evaluate("table => table.parentElement.scrollLeft = 2000")
    still = table.locator("tbody th").first.bounding_box()  # names stay beside their figures
    assert left is not None
    assert still is not None
    assert 0 <= still["x"] <= left["x"]
    assert watched.said == []
    watched.page.context.close()


def test_the_theme_can_be_chosen(shown: Watched) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = shown.page.evaluate(ground)
    shown.page.click("#theme")
    assert shown.page.evaluate(ground) != light
    assert shown.page.inner_text("#theme") == "Light theme"
    shown.page.emulate_media(media="print")
    assert shown.page.evaluate(ground) == "rgb(255, 255, 255)"


def test_it_is_printed_without_controls_and_without_closed_cards(shown: Watched) -> None:
    shown.page.emulate_media(media="print")
    shown.page.set_viewport_size({"width": 700, "height": 1000})  # A4 with margins of 12 mm
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 700
    loaded = "images => images.every(image => image.complete && image.naturalWidth > 0)"
    assert shown.page.locator(".card[open] .strip img").evaluate_all(loaded)
    for hidden in ("#theme", "#search", ".compare", ".card:not([open])", "#open-all"):
        assert not shown.page.locator(hidden).first.is_visible()
    assert shown.page.locator(".card[open] .strip").first.is_visible()
    assert shown.page.locator("#table tbody tr").first.is_visible()
    assert shown.page.pdf(format="A4").startswith(b"%PDF")


def test_without_scripts_everything_can_be_read(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(address)
    assert plain.locator("#table tbody tr:visible").count() == 9
    assert plain.locator(".card[open] .strip img").first.is_visible()
    assert not plain.locator("#search").is_visible()
    assert not plain.locator("#theme").is_visible()
    context.close()


def test_a_page_of_one_picture_says_no_more_than_it_knows(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "one.html"
    row = replace(picture_row("only.png", "good", 25.0), figures=None, verdict=None)
    path.write_text(page([row]), encoding="utf-8")
    watched = Watched(browser, path.as_uri())
    assert watched.page.locator(".plot").count() == 0
    assert watched.page.locator("#table thead th").count() == 2
    assert opened_slider(watched.page).is_visible()
    assert watched.said == []
    watched.page.context.close()
