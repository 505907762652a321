"""`mediatrans demo`: draw a summer drive, make it winter, say where to look."""

from pathlib import Path

import click

from mediatrans.errors import OutputError


@click.command("demo")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo",
    show_default=True,
    help="The folder to write to.",
)
@click.option(
    "--seconds", type=click.IntRange(1, 60), default=4, show_default=True, help="The clip's length."
)
@click.option("--overwrite", is_flag=True, help="Replace the files of an earlier demo.")
def command(output: Path, seconds: int, overwrite: bool) -> int:
    """Draw a short summer road with sound and translate it to winter; needs no files."""
    from mediatrans.cli.convert_progress import ConvertProgress
    from mediatrans.cli.demo_clip import before_after, write_clip
    from mediatrans.conversion.batch import convert
    from mediatrans.conversion.options import ConvertOptions

    summer, winter = output / "summer.mp4", output / "winter.mp4"
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot be made ({error.strerror})", path=output, remedy="name another folder with -o"
        ) from error
    strip = output / "before-after.png"
    for path in (summer, winter, strip):
        if path.exists() and not overwrite:
            raise OutputError(
                "exists already",
                path=path,
                remedy="use --overwrite, or name another folder with -o",
            )
    click.echo(f"drawing {seconds} s of a summer road: {summer}", err=True)
    write_clip(summer, seconds)
    options = ConvertOptions(output=winter, model="summer2winter", overwrite=True, check_every=25)
    with ConvertProgress({}) as progress:
        report = convert([summer], "winter", options, progress)
    if report.exit_code == 0:
        before_after(summer, winter, strip)
        click.echo(f"look at {winter} beside {summer}, or at the stills in {strip}")
    return int(report.exit_code)
