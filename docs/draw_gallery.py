"""Draws the pictures of docs/gallery.md: drawn scenes, and what the shipped pair makes of them.

python docs/draw_gallery.py
"""

import sys
import tempfile
from contextlib import chdir
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mediatrans import Translator
from mediatrans.cli.demo_clip import draw_drive
from mediatrans.cli.main import run
from mediatrans.translate.stages.blend import blend

FOLDER = Path(__file__).parent / "gallery"
Picture = NDArray[np.uint8]


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    winter, summer = Translator.load("winter"), Translator.load("summer")
    frames = list(islice(draw_drive(4), 0, 100, 45))
    save("round_trip", [[frame, winter(frame), summer(winter(frame))] for frame in frames])
    frame = frames[1]
    save("strength", [[blend(frame, winter(frame), share) for share in (0.3, 0.6, 1.0)]])
    wrong = [night(frame), title(frame), bars(frame), scan(frame)]
    save("wrong", [[each, winter(each)] for each in wrong])
    save("restored", restored())
    return page()


def restored() -> list[list[Picture]]:
    """Crops of a frame of 1080p: the source, restored from the working size, and made in full."""
    frame = next(islice(draw_drive(4, 1920, 1080), 45, None))
    made = [Translator.load("winter", work_size=size)(frame) for size in ("auto", "full")]
    return [
        [each[top : top + 240, left : left + 320] for each in (frame, *made)]
        for top, left in ((330, 420), (640, 860))
    ]


def night(frame: Picture) -> Picture:
    """The scene at night."""
    return (frame * np.array([0.10, 0.12, 0.2])).astype(np.uint8)


def title(frame: Picture) -> Picture:
    """A title over the scene."""
    card = Image.fromarray(frame)
    font = ImageFont.load_default(size=frame.shape[0] // 6)
    place = frame.shape[1] // 2, frame.shape[0] // 2
    ImageDraw.Draw(card).text(place, "A summer film", "white", font, "mm", stroke_width=2)
    return np.asarray(card)


def bars(frame: Picture) -> Picture:
    """Colour bars, which are no landscape."""
    colours = [(r, g, b) for g in (191, 0) for r in (191, 0) for b in (191, 0)]
    row = np.repeat(np.array(colours, np.uint8), frame.shape[1] // len(colours), axis=0)
    return np.broadcast_to(row, (frame.shape[0], *row.shape)).copy()


def scan(frame: Picture) -> Picture:
    """The scene in black and white."""
    return np.asarray(Image.fromarray(frame).convert("L").convert("RGB"))


def save(name: str, rows: list[list[Picture]]) -> None:
    """Write a sheet of pictures of one size."""
    sheet = np.vstack([np.hstack(row) for row in rows])
    width = 960
    size = width, sheet.shape[0] * width // sheet.shape[1]
    small = Image.fromarray(sheet).resize(size, Image.Resampling.LANCZOS)
    small.save(FOLDER / f"{name}.jpg", quality=85)


def page() -> int:
    """A picture of the report's page, if a browser is there."""
    from playwright.sync_api import sync_playwright

    shot = FOLDER.resolve() / "report.png"
    with tempfile.TemporaryDirectory() as name, chdir(name):
        photos = Path("photos")
        photos.mkdir()
        for index, frame in enumerate(islice(draw_drive(4), 0, 100, 20)):
            Image.fromarray(frame).save(photos / f"road_{index}.png")
        Image.fromarray(bars(frame)).save(photos / "bars.png")
        code = run(["convert", "photos", "--to", "winter", "--report", "page.html"])
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
            view = browser.new_page(viewport={"width": 1100, "height": 1000})
            view.goto(Path("page.html").resolve().as_uri())
            view.screenshot(path=shot)
            browser.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
