"""A command of mediatrans: the options of all commands, grouped help, and examples at its end."""

import logging
from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource

from mediatrans.cli.flags import Flag
from mediatrans.cli.messages import message_options, messages, wanted
from mediatrans.cli.numbers import in_plain_words
from mediatrans.cli.settings_files import environment_variable, take_from_files
from mediatrans.cli.settings_tables import Fault, raise_fault
from mediatrans.cli.variables import unknown_variables
from mediatrans.errors import UsageError

__all__ = ["Command", "Example", "write_examples"]

Example = tuple[str, str]
"""A command line without "mediatrans", and what it does."""

log = logging.getLogger(__name__)


class Command(click.Command):
    """A command with the options of all commands, which environment and settings files may set.

    Its help lists the options under headings. Those without one go under "Run", or under "Options"
    where no other has a heading.

    Args:
        name: Its name.
        examples: The examples at the end of its help.
        shows_faults: Whether it shows what is wrong with settings files, and runs all the same.
        how: As for click's own command.

    Attributes:
        examples: The examples.
    """

    def __init__(
        self,
        name: str,
        *,
        examples: Sequence[Example] = (),
        shows_faults: bool = False,
        **how: Any,
    ) -> None:
        # Its own, since click keeps the help option that the first context asked for.
        how.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(name, **how)
        self.examples = examples
        self._on_fault = _pass_over if shows_faults else raise_fault
        self.params += message_options()
        for option in self.params:
            if isinstance(option, click.Option):
                option.envvar = environment_variable(name, option)
                option.type = in_plain_words(option.type)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words; settings files give the defaults, and the environment overrides them."""
        if ctx.resilient_parsing:  # a shell that completes words
            return super().parse_args(ctx, args)
        try:
            take_from_files(self, ctx, self._on_fault)
            return self._parsed(ctx, args)
        except (click.UsageError, UsageError):  # perhaps for want of what a variable should set
            with messages(wanted(ctx)):
                _warn_of_variables(ctx)
            raise

    def _parsed(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words; a wrong value of a variable is reported with the variable's name."""
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            name = error.param.name if error.param is not None else None
            source = ctx.get_parameter_source(name) if name is not None else None
            if source is not ParameterSource.ENVIRONMENT or error.param is None:
                raise
            variable = environment_variable(ctx.info_name or "", error.param)
            raise click.BadParameter(error.message, ctx, param_hint=variable) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and show its messages as asked for."""
        with messages(wanted(ctx)):
            _warn_of_variables(ctx)
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


def _warn_of_variables(context: click.Context) -> None:
    for sentence in unknown_variables(context):
        log.warning("%s", sentence)


def _pass_over(fault: Fault) -> None:
    """Leave out what is at fault."""


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
