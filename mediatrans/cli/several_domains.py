"""Several domains in one call of `convert`: which there are, and where each one's files go."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mediatrans.conversion.options import ConvertOptions
from mediatrans.errors import UsageError
from mediatrans.files.names import FolderPath
from mediatrans.media.pipe_formats import STDIO

__all__ = ["domains_of", "for_domain", "report_for_domain"]


def domains_of(
    to: Sequence[str], inputs: Sequence[Path], options: ConvertOptions
) -> tuple[str, ...]:
    """The domains, each once; if there are several, all have a model.

    Args:
        to: The domains as given.
        inputs: The inputs.
        options: The options for all of them.

    Raises:
        UsageError: The inputs or `-o` can only be used for one domain.
        ModelError: No model translates to one of several domains.
    """
    spelled = {domain.casefold(): domain for domain in reversed(to)}
    domains = tuple(dict.fromkeys(spelled[domain.casefold()] for domain in to))
    if len(domains) == 1:
        return domains
    if STDIO in (*inputs, options.output):
        raise UsageError(
            "a pipe carries one video, but there are several --to",
            remedy="convert to one domain at a time",
        )
    output = options.output
    is_folder = output is None or isinstance(output, FolderPath) or output.is_dir()
    if output is not None and output.suffix and not is_folder:
        raise UsageError(
            f"{output} cannot hold the outputs of several --to",
            remedy="name a folder with -o",
        )
    from mediatrans.zoo.find import find

    for domain in domains:
        find(domain, options.model)
    return domains


def for_domain(options: ConvertOptions, domain: str) -> ConvertOptions:
    """The options for one of several domains.

    Names beside an input end in the domain. The folder that `-o` names gets one folder for each.

    Args:
        options: The options for all domains.
        domain: The domain.
    """
    if options.output is None:
        return options
    return replace(options, output=FolderPath(options.output / domain))


def report_for_domain(report: Path, domain: str) -> Path:
    """The report of one of several domains: report.json becomes report-winter.json."""
    return report.with_name(f"{report.stem}-{domain}{report.suffix}")
