"""Warnings of generators that have collapsed."""

import pytest
import torch

from mediatrans.training.model.collapse import describe_collapse

PICTURES = [
    torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(k)) * 2 - 1 for k in range(4)
]


@pytest.mark.parametrize(
    ("translated", "found"),
    [
        (PICTURES, "returns its input"),
        ([x + 0.005 for x in PICTURES], "returns its input"),
        ([torch.full_like(x, 0.3) for x in PICTURES], "one colour"),
        ([0.02 * x + 0.5 for x in PICTURES], "one colour"),
        ([PICTURES[0].flip(3)] * 4, "the same of every picture"),
        ([-x for x in PICTURES], "inverts brightness"),
        ([0.6 * x + 0.3 for x in PICTURES], None),
        ([x.flip(1) for x in PICTURES], None),
    ],
)
def test_a_collapse_is_described(translated: list[torch.Tensor], found: str | None) -> None:
    said = describe_collapse(PICTURES, translated)
    assert said is None if found is None else found in str(said)


def test_pictures_of_one_colour_prove_no_collapse() -> None:
    flat = [torch.full((1, 3, 8, 8), value) for value in (-0.5, 0.5)]
    assert describe_collapse(flat, [x * 0.5 for x in flat]) is None
    assert describe_collapse([], []) is None
