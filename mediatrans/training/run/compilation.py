"""Whether a run's step is compiled, and the attempt to do it."""

from collections.abc import Callable
from typing import Literal

from mediatrans.training.model.cyclegan import CycleGAN

__all__ = ["Mode", "compile_step", "is_worth_compiling"]

Mode = Literal["eager", "compiled"]

_PAYS_FROM_STEPS = 1000
_SHOWN = 120


def is_worth_compiling(wanted: str, steps: int, mode_before: str | None) -> bool:
    """Whether to compile the step.

    Args:
        wanted: The setting: "on", "off" or "auto".
        steps: Steps of the whole run; compiling takes a minute or two.
        mode_before: How a resumed run computed it, which "auto" keeps; None for a new run.
    """
    if wanted == "auto" and mode_before is not None:
        return mode_before == "compiled"
    return wanted == "on" or (wanted == "auto" and steps >= _PAYS_FROM_STEPS)


def compile_step(model: CycleGAN, on_message: Callable[[str], None]) -> Mode:
    """Compile a model's step; where that fails, a message gives the reason and it stays eager."""
    on_message("compiling the step, once; this takes a minute or two")
    try:
        model.compile()
    except Exception as error:  # the compiler, the linker and dynamo each raise their own
        reason = next(iter(str(error).strip().splitlines()), "no reason given")
        on_message(
            f"torch.compile does not work here ({type(error).__name__}: {reason[:_SHOWN]}); "
            "going on without it, somewhat slower"
        )
        return "eager"
    return "compiled"
