"""`mediatrans benchmark`: frames a second of the engines that this machine has."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mediatrans.cli.command import Command
from mediatrans.cli.terminal import echo, json_line, stderr_console
from mediatrans.errors import DeviceError, MediatransError, ModelError
from mediatrans.translate.engines.device_words import DEVICE_WORDS, NumberFormat

if TYPE_CHECKING:
    from mediatrans.translate.engines.engine import Engine
    from mediatrans.zoo.find import Generator

__all__ = ["Row", "command"]

SHORT_SIDES = (256, 360, 540, 720)
"""The heights of the measured pictures, which are as wide as those of a 16:9 video."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement.

    Attributes:
        device: The `--device` value.
        precision: The `--precision` value.
        engine: The engine's identity; None if it does not start.
        is_auto: Whether `--device auto --precision auto` takes this engine.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        frames_per_second: The result; None if it was not reached or failed.
        problem: Why it failed, or None.
    """

    device: str
    precision: str
    engine: str | None
    is_auto: bool
    width: int
    height: int
    frames_per_second: float | None = None
    problem: str | None = None


_EXAMPLES = (
    (
        "benchmark",
        "Measure every engine for a minute.",
    ),
    (
        "benchmark --device cpu --device openvino --seconds 20 --json",
        "Compare two devices, for a program to read.",
    ),
)


@click.command(
    "benchmark",
    cls=Command,
    examples=_EXAMPLES,
    short_help="Measure the engines that this machine has.",
)
@click.option("--to", metavar="DOMAIN", help="The domain to translate to.  [default: any]")
@click.option(
    "--model",
    metavar="NAME|FOLDER|FILE",
    help="The model to measure.  [default: as for convert]",
)
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar=DEVICE_WORDS,
    help="Measure only this device; may be repeated. TensorRT compiles for minutes, so it is "
    "measured only if it is named.",
)
@click.option("--threads", type=click.IntRange(1), help="Number of threads of the generator.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="About how long to measure in total.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per measurement.")
def command(
    to: str | None,
    model: str | None,
    devices: tuple[str, ...],
    threads: int | None,
    seconds: float,
    as_json: bool,
) -> int:
    """Measure how many frames a second each engine translates on this machine.

    Every device, number format and working size is measured, with as many frames per inference
    call as the engine computes at once. Decoding and encoding are not part of it.
    """
    generator = _generator(to, model)
    rows = []
    with _progress(is_shown=not as_json) as show:
        for row in measure(generator, devices, threads, seconds):
            show(f"{row.device} in {row.precision}, {row.width}x{row.height}")
            rows.append(row)
            if as_json:
                click.echo(json_line(asdict(row)))
    if not as_json:
        _print_table(generator, rows)
    for problem in dict.fromkeys(
        f"{r.device} in {r.precision}: {r.problem}" for r in rows if r.problem
    ):
        echo(problem, err=True)
    if all(row.frames_per_second is None for row in rows):
        raise DeviceError("no engine could be measured", remedy="see mediatrans doctor")
    return 0


def measure(
    generator: "Generator", devices: tuple[str, ...], threads: int | None, seconds: float
) -> Iterator[Row]:
    """Measure engine after engine, each at all sizes.

    Args:
        generator: The generator.
        devices: The `--device` values; none measures all that "auto" may take.
        threads: Threads of the generator; None lets the runtime choose.
        seconds: About how long to measure in total.

    Raises:
        ModelError: The model file is missing, changed or breaks the graph contract.
        UsageError: A device is unknown.
        DeviceError: A device that was named does not exist.
    """
    from mediatrans.translate.engines.choice import installed, open_engine

    generator.verify()
    ends = time.monotonic() + seconds
    taken = open_engine(generator.path, threads=threads).identity
    cases = installed(devices)
    for place, (device, precision) in enumerate(cases):
        share = (ends - time.monotonic()) / (len(cases) - place)
        try:
            engine = open_engine(
                generator.path, device=device, threads=threads, precision=precision
            )
        except (DeviceError, ModelError) as error:  # the model itself is sound: see above
            for width, height in _sizes(generator):
                yield Row(device, precision, None, False, width, height, None, str(error))
            continue
        yield from _measure_sizes(generator, engine, (device, precision), taken, share)


def _measure_sizes(
    generator: "Generator",
    engine: "Engine",
    case: tuple[str, NumberFormat],
    taken: str,
    seconds: float,
) -> Iterator[Row]:
    """Measure one engine; each size gets an equal part of the time that is left."""
    import numpy as np

    from mediatrans.translate.engines.agreement import photograph_like
    from mediatrans.translate.engines.speed import frames_per_second

    ends = time.monotonic() + seconds
    sizes = _sizes(generator)
    for place, (width, height) in enumerate(sizes):
        share = (ends - time.monotonic()) / (len(sizes) - place)
        picture = photograph_like(np.random.default_rng(0), height, width)
        speed, problem = None, None
        try:
            count = engine.batch_sizes(height, width)[0]
            speed = frames_per_second(engine, np.stack([picture] * count), share)
        except MediatransError as error:
            problem = str(error)
        is_auto = engine.identity == taken
        yield Row(*case, engine.identity, is_auto, width, height, speed, problem)


def _sizes(generator: "Generator") -> list[tuple[int, int]]:
    fitted = generator.size_rule.fitted
    return [(fitted(round(side * 16 / 9)), fitted(side)) for side in SHORT_SIDES]


def _generator(to: str | None, model: str | None) -> "Generator":
    from mediatrans.zoo.card import CARD_NAME, Card, read_card
    from mediatrans.zoo.find import find, list_models, places

    if to is not None:
        return find(to, model)
    if model is not None and (Path(model) / CARD_NAME).is_file():
        return find(read_card(Path(model)).domains[1], model)
    for _, folder in places():
        for path, card in list_models(folder):
            if isinstance(card, Card) and model in (None, card.name, path.name):
                return find(card.domains[1], str(path))
    raise ModelError("the model or its domain is not known", remedy="name the domain with --to")


@contextmanager
def _progress(*, is_shown: bool) -> Iterator[Callable[[str], None]]:
    """A line on a terminal that shows what was measured last; nothing if results do."""
    console = stderr_console()
    if not is_shown or not console.is_interactive:
        yield lambda text: None
        return
    with console.status("measuring") as status:
        yield lambda text: status.update(f"measured {text}")


def _print_table(generator: "Generator", rows: list[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    echo(
        f"frames per second at working sizes, {generator.origin} -> {generator.to} with "
        f"{generator.name}"
    )
    table = Table(box=None, pad_edge=False)
    for heading in ("device", "precision"):
        table.add_column(heading, no_wrap=True)
    for width, height in _sizes(generator):
        table.add_column(f"{width}x{height}", justify="right", no_wrap=True)
    table.add_column("")
    lines: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        lines.setdefault((row.device, row.precision), []).append(row)
    for (device, precision), line in lines.items():
        cells = ["-" if r.frames_per_second is None else f"{r.frames_per_second:.2f}" for r in line]
        table.add_row(device, precision, *cells, "<- auto" if line[0].is_auto else "")
    Console(highlight=False, width=max(Console().width, 100)).print(table)
