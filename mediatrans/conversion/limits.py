"""The refusal of quality limits whose figures a model does not have."""

from collections.abc import Mapping

from mediatrans.errors import UsageError
from mediatrans.quality.check_options import LIMITS
from mediatrans.zoo.find import Generator

__all__ = ["refuse_unmeasurable"]


def refuse_unmeasurable(limits: Mapping[str, float], generator: Generator | None) -> None:
    """Check that the figures with a limit can be measured.

    Args:
        limits: The lowest allowed means by the names of `LIMITS`.
        generator: The generator; None if no model is used.

    Raises:
        UsageError: One cannot.
    """
    for name in limits:
        needs = LIMITS[name].needs
        if generator is None and needs is not None:
            raise UsageError(
                f"--fail-under {name} needs a model", remedy="name one with --model or --to"
            )
        if generator is None:
            continue
        if needs == "inverse" and generator.inverse_path is None:
            raise UsageError(
                "--fail-under needs the round trip, and the reverse generator is missing",
                path=generator.path,
                remedy="name the model's folder with --model, or drop --fail-under",
            )
        if needs == "classifier" and generator.classifier_path is None:
            raise UsageError(
                f"--fail-under {name} needs a model with a classifier that tells its domains apart",
                path=generator.path,
                remedy="export the model again from its run, or drop the limit",
            )
