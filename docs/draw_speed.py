"""Draws docs/speed.svg from the table of resolutions in docs/performance.md.

python docs/draw_speed.py
"""

import math
import re
from pathlib import Path

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 24, 48
COLOURS = {"auto": "#1f6feb", "full": "#cf222e", "plain transcode": "#57606a"}

Lines = dict[str, list[tuple[int, float]]]
"""Frames a second by the shorter side, of each arm."""


def main() -> None:
    lines = read_table((FOLDER / "performance.md").read_text(encoding="utf-8"))
    (FOLDER / "speed.svg").write_text(drawn(lines), encoding="utf-8")


def read_table(page: str) -> Lines:
    """The times of a frame in the section "Resolutions", as frames a second."""
    section = page.split("\n## Resolutions\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \|(.+)\|$", section, re.MULTILINE)
    lines: Lines = {arm: [] for arm in COLOURS}
    for side, cells in rows:
        for arm, cell in zip(COLOURS, cells.split("|"), strict=False):
            if cell.strip():
                lines[arm].append((int(side), 1000 / float(cell)))
    return lines


def drawn(lines: Lines) -> str:
    """The chart; both axes are logarithmic."""
    sides = sorted({side for line in lines.values() for side, _ in line})
    speeds = [speed for line in lines.values() for _, speed in line]
    least, most = 10 ** math.floor(math.log10(min(speeds))), 1.15 * max(speeds)

    def x(side: float) -> float:
        share = math.log(side / sides[0]) / math.log(sides[-1] / sides[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(speed: float) -> float:
        share = math.log(speed / least) / math.log(most / least)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="13">',
        "<title>Frames a second against the shorter side of the frame</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    ticks = [mark for power in (0.1, 1, 10, 100) for mark in (power, 2 * power, 5 * power)]
    for speed in (tick for tick in ticks if least <= tick <= most):
        parts += [
            f'<path d="M{LEFT} {y(speed):.1f}H{WIDTH - RIGHT}" stroke="#d0d7de"/>',
            _text(LEFT - 8, y(speed) + 4, f"{speed:g}", "end"),
        ]
    for side in sides:
        parts.append(_text(x(side), HEIGHT - BOTTOM + 20, f"{side}p", "middle"))
    parts.append(_text(LEFT, TOP - 8, "frames a second", "start"))
    for arm, line in lines.items():
        points = " ".join(f"{x(side):.1f},{y(speed):.1f}" for side, speed in line)
        colour = COLOURS[arm]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        parts += [
            f'<circle cx="{x(side):.1f}" cy="{y(speed):.1f}" r="3.5" fill="{colour}"/>'
            for side, speed in line
        ]
        side, speed = line[-1]
        parts.append(_text(x(side) + 10, y(speed) + 4, f"{arm}, {speed:.1f}", "start", colour))
    return "\n".join([*parts, "</svg>", ""])


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#24292f") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


if __name__ == "__main__":
    main()
