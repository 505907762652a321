"""Durations in words, to two digits: what is estimated is not known better."""

__all__ = ["about"]

_UNITS = ((86_400, "days"), (3600, "h"), (60, "min"))


def about(seconds: float) -> str:
    """A duration in the unit that suits it: "50 s", "12 min", "1.5 h", "3.2 days".

    Args:
        seconds: The duration.
    """
    for length, unit in _UNITS:
        count = seconds / length
        if count >= 1.5:
            return (
                f"{count:.1f} {unit}" if count < 9.95 and unit != "min" else f"{count:.0f} {unit}"
            )
    return f"{max(1, round(seconds))} s"
