"""The size rule: the least size that a graph takes, from one pixel up."""

import pytest

from mediatrans.zoo.size_rule import SizeRule


@pytest.mark.parametrize(
    ("rule", "length", "fitted"),
    [
        (SizeRule(), 1, 8),
        (SizeRule(), 9, 9),
        (SizeRule(4), 8, 8),
        (SizeRule(4), 9, 12),
        (SizeRule(32), 1, 32),
        (SizeRule(3), 1, 9),
        (SizeRule(4, minimum=64), 10, 64),
    ],
)
def test_fitted(rule: SizeRule, length: int, fitted: int) -> None:
    assert rule.fitted(length) == fitted
