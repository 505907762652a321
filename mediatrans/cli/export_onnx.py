"""`mediatrans export-onnx`: a run's generators as a model folder."""

from pathlib import Path

import click

from mediatrans.errors import MissingExtraError

__all__ = ["command"]


@click.command()
@click.argument(
    "source", type=click.Path(path_type=Path), required=False, metavar="[RUN_OR_CHECKPOINT]"
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Model folder.  [default: models/<a>2<b>]"
)
@click.option("--overwrite", is_flag=True, help="Replace the model in the model folder.")
@click.option("--data-source", default="not stated", help="For the card: the pictures' origin.")
@click.option("--data-licence", default="not stated", help="For the card: their licence, or none.")
def command(
    source: Path | None, out: Path | None, overwrite: bool, data_source: str, data_licence: str
) -> None:
    """Write both generators of a run as ONNX, with a card that says what they are.

    Without an argument the newest run under runs/ is taken; averaged weights are used where the
    run has them. Both graphs are proved equal to torch's networks before the model appears.
    """
    try:
        import onnxscript  # noqa: F401

        from mediatrans.training.export import DataNote, export_pair
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name or "torch") from error
    from mediatrans.training.runs import newest_run

    source = source or newest_run(Path("runs"))
    click.echo(f"exporting {source}", err=True)
    folder = export_pair(
        source,
        out,
        overwrite=overwrite,
        note=DataNote(data_source, data_licence),
        told=lambda text: click.echo(text, err=True),
    )
    click.echo(f"model: {folder}", err=True)
