"""`mediatrans completion`: the script that completes words in a shell."""

import click

from mediatrans.cli.command import Command
from mediatrans.errors import UsageError

__all__ = ["command"]

_EXAMPLES = (
    (
        "completion bash > ~/.local/share/bash-completion/completions/mediatrans",
        "For bash; start a new shell afterwards.",
    ),
    ("completion zsh > ~/.zfunc/_mediatrans", "For zsh, in a folder of $fpath."),
    ("completion fish > ~/.config/fish/completions/mediatrans.fish", "For fish."),
)


@click.command(
    "completion",
    cls=Command,
    examples=_EXAMPLES,
    short_help="Print the completion script of a shell.",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that lets a shell complete commands, options, choices and file names."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise UsageError(f"click has no completion for {shell}", remedy="install click again")
    program = context.find_root()
    name = program.info_name or "mediatrans"
    script = found(program.command, {}, name, f"_{name.upper()}_COMPLETE").source()
    click.echo(script)
