"""TOML recipes: the settings of a training run in a file."""

from pathlib import Path
from typing import Any

from mediatrans.errors import UsageError
from mediatrans.files.regular import read_regular
from mediatrans.files.toml_text import TomlError, read_toml
from mediatrans.training.config import TrainConfig

__all__ = ["load_recipe"]


def load_recipe(path: Path) -> dict[str, Any]:
    """Read a recipe's settings, checked against the known keys, their types and ranges.

    A recipe may name its `domains` as well. The config.toml of a run is a recipe, too: its table
    `run`, which says where that run's pictures were, is passed over.

    Raises:
        UsageError: The file is missing or not TOML, a key is unknown, a value is wrong.
    """
    try:
        table = read_toml(read_regular(path))
    except TomlError as error:
        problem = f"the recipe is not TOML ({error.problem})"
        raise UsageError(problem, path=path, remedy=error.remedy or None) from error
    except OSError as error:
        raise UsageError(f"cannot read the recipe ({error})", path=path) from error
    domains = table.pop("domains", None)
    if domains is not None and not (
        isinstance(domains, list) and all(isinstance(domain, str) for domain in domains)
    ):
        raise UsageError(f"domains = {domains!r} is not a list of two names", path=path)
    table.pop("run", None)
    TrainConfig.from_table(table, str(path))
    return table if domains is None else table | {"domains": domains}
