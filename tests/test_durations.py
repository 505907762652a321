"""Durations in words."""

import pytest

from mediatrans.durations import about


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 s"),
        (50.4, "50 s"),
        (89, "89 s"),
        (90, "2 min"),
        (12 * 60 + 20, "12 min"),
        (5400, "1.5 h"),
        (9.96 * 3600, "10 h"),
        (20 * 3600, "20 h"),
        (36 * 3600, "1.5 days"),
        (12.3 * 86400, "12 days"),
    ],
)
def test_a_duration_has_two_digits_and_its_own_unit(seconds: float, words: str) -> None:
    assert about(seconds) == words
