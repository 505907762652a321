"""A command of mediatrans: the options of all commands, grouped help, and examples at its end."""

from collections.abc import Sequence
from typing import Any

import click

from mediatrans.cli.flags import Flag
from mediatrans.cli.messages import message_options, messages, wanted

__all__ = ["Command", "Example", "write_examples"]

Example = tuple[str, str]
"""A command line without "mediatrans", and what it does."""


class Command(click.Command):
    """A command with the options of all commands.

    Its help lists the options under headings. Those without one go under "Run", or under "Options"
    where no other has a heading.

    Args:
        name: Its name.
        examples: The examples at the end of its help.
        how: As for click's own command.

    Attributes:
        examples: The examples.
    """

    def __init__(self, name: str | None, *, examples: Sequence[Example] = (), **how: Any) -> None:
        super().__init__(name, **how)
        self.examples = examples
        self.params += message_options()

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and show its messages as asked for."""
        with messages(wanted(ctx)):
            return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the flags, one section per heading."""
        plain: list[tuple[str, str]] = []
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                group = parameter.group if isinstance(parameter, Flag) else ""
                (groups.setdefault(group, []) if group else plain).append(record)
        for heading, records in {"Run" if groups else "Options": plain, **groups}.items():
            with formatter.section(heading):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        write_examples(formatter, self.examples)


def write_examples(formatter: click.HelpFormatter, examples: Sequence[Example]) -> None:
    """Write examples, each command on a line of its own with its meaning below.

    Args:
        formatter: Where to.
        examples: The examples; none writes nothing.
    """
    if not examples:
        return
    with formatter.section("Examples"):
        for words, meaning in examples:
            formatter.write(f"{'':>{formatter.current_indent}}mediatrans {words}\n")
            with formatter.indentation():
                formatter.write_text(meaning)
