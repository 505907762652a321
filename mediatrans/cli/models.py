"""`mediatrans models`: list the installed models."""

import click

from mediatrans.cli.command import Command
from mediatrans.cli.terminal import echo, json_line

__all__ = ["command"]

_EXAMPLES = (
    (
        "models",
        "List the models and where they are.",
    ),
    (
        "models --json",
        "The same, for a program to read.",
    ),
)


@click.command(
    "models",
    cls=Command,
    examples=_EXAMPLES,
    short_help="List the installed models.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per model.")
def command(as_json: bool) -> int:
    """List the installed models, in the order in which convert searches them.

    Where several models translate to a domain, the one that convert takes is marked with it.
    """
    from mediatrans.zoo.card import Card
    from mediatrans.zoo.find import choices, list_models, places

    taken = choices()
    for place, folder in places():
        if not as_json:
            echo(f"{place} ({folder})")
        models = list_models(folder)
        for path, card in models:
            if as_json:
                row = {
                    "name": path.name,
                    "place": place,
                    "path": str(path),
                    "domains": list(card.domains) if isinstance(card, Card) else [],
                    "taken_for": taken.get(path, []),
                    "quality": card.quality if isinstance(card, Card) else {},
                    "error": None if isinstance(card, Card) else str(card),
                }
                click.echo(json_line(row))
            elif isinstance(card, Card):
                parameters = card.architecture.get("parameters")
                size = ""
                if isinstance(parameters, int):
                    size = f", {parameters / 1e6:.2f} M parameters"
                alias = "" if card.name == path.name else f" ({card.name})"
                used = ", ".join(f"--to {domain}" for domain in taken.get(path, ()))
                mark = f"  <- {used}" if used else ""
                echo(f"  {path.name}{alias}: {' <-> '.join(card.domains)}{size}{mark}")
            else:
                echo(f"  {card}")
        if not models and not as_json:
            click.echo("  none")
    return 0
