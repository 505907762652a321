"""`mediatrans demo`: draws a short summer clip and translates it to winter."""

from pathlib import Path

import click

from mediatrans.cli.command import Command
from mediatrans.cli.terminal import echo
from mediatrans.errors import OutputError

_EXAMPLES = (
    (
        "demo",
        "Write demo/summer.mp4, demo/winter.mp4 and stills of both.",
    ),
    (
        "demo --seconds 10 -o clip -y",
        "Write a longer clip to another folder.",
    ),
)


@click.command(
    "demo",
    cls=Command,
    examples=_EXAMPLES,
    short_help="Draw a summer clip and translate it to winter.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo",
    show_default=True,
    help="The folder to write to.",
)
@click.option(
    "--seconds",
    type=click.IntRange(1, 60),
    default=4,
    show_default=True,
    help="Length of the clip.",
)
@click.option("-y", "--overwrite", is_flag=True, help="Replace files of an earlier demo.")
def command(output: Path, seconds: int, overwrite: bool) -> int:
    """Draw a short clip of a summer road, with sound, and translate it to winter.

    No input files are needed.
    """
    from mediatrans.cli.convert_progress import ConvertProgress
    from mediatrans.cli.demo_clip import before_after, write_clip
    from mediatrans.conversion.batch import convert
    from mediatrans.conversion.options import ConvertOptions

    summer, winter = output / "summer.mp4", output / "winter.mp4"
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder cannot be created ({error.strerror})",
            path=output,
            remedy="name another folder with -o",
        ) from error
    strip = output / "before-after.png"
    for path in (summer, winter, strip):
        if path.exists() and not overwrite:
            raise OutputError(
                "exists already",
                path=path,
                remedy="use --overwrite, or name another folder with -o",
            )
    echo(f"drawing {seconds} s of a summer road: {summer}", err=True)
    write_clip(summer, seconds)
    options = ConvertOptions(output=winter, model="summer2winter", overwrite=True, check_every=25)
    with ConvertProgress({}) as progress:
        report = convert([summer], "winter", options, progress)
    if report.exit_code == 0:
        before_after(summer, winter, strip)
        echo(f"compare {winter} with {summer}, or see the stills in {strip}")
    return int(report.exit_code)
