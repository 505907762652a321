"""The chain: engines and stages are exchanged without a change anywhere else."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mediatrans.translate.chain import STAGES, Chain, generator_of
from mediatrans.translate.engines.engine import Generated, Pixels
from mediatrans.translate.stages.stage import Inner, StageMaker
from mediatrans.translate.translator import Translator
from mediatrans.zoo.size_rule import SizeRule

RNG = np.random.default_rng(3)
FRAMES = [RNG.integers(0, 256, (9, 13, 3), dtype=np.uint8) for _ in range(4)]


class Doubling:
    """An engine that is none of ours: it doubles, and keeps the shapes that it was given."""

    identity = "doubling 1.0"
    provider = "arithmetic"

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        return (1,)

    def run(self, images: Pixels) -> Generated:
        self.shapes.append(images.shape)
        return Generated(images * 2)


class Delay:
    """A stage that answers with the translation of the frame before."""

    memory = 1

    def __init__(self, inner: Inner) -> None:
        self._inner = inner
        self._last: Pixels | None = None

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        made = self._inner(frames)
        late = [made[0] if self._last is None else self._last, *made[:-1]]
        self._last = made[-1]
        return late

    def restart(self) -> None:
        self._last = None


def test_a_fake_engine_is_padded_to_its_rule() -> None:
    engine = Doubling()
    made = Chain(generator_of(engine, SizeRule(multiple=4)))(FRAMES)
    assert engine.shapes == [(4, 12, 16, 3)]
    for frame, picture in zip(FRAMES, made, strict=True):
        np.testing.assert_array_equal(picture, frame * 2)


def test_a_fake_stage_remembers_and_forgets() -> None:
    chain = Chain(generator_of(Doubling(), SizeRule()), [*STAGES.values(), Delay])
    assert chain.memory == 1
    first, second = chain(FRAMES[:1]), chain(FRAMES[1:2])
    np.testing.assert_array_equal(first[0], second[0])
    chain.restart()
    np.testing.assert_array_equal(chain(FRAMES[2:3])[0], FRAMES[2] * 2)


def test_a_translator_takes_a_fake_engine(pair: Path) -> None:
    engine = Doubling()
    translator = Translator.load("night", opener=lambda path, *, device, threads, precision: engine)
    assert (translator.provider, translator.identity) == ("arithmetic", "doubling 1.0")
    np.testing.assert_array_equal(translator(FRAMES[0]), FRAMES[0] * 2)


@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0])
def test_the_blend_stands_apart_from_the_translation(strength: float) -> None:
    chain = Chain(generator_of(Doubling(), SizeRule()), strength=strength)
    (made,) = chain(FRAMES[:1])
    np.testing.assert_array_equal(made, FRAMES[0] * 2)
    wanted = (1 - strength) * FRAMES[0].astype(float) + strength * made
    np.testing.assert_allclose(chain.blended(FRAMES[0], made), wanted, atol=0.51)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_batches_change_no_answer(size: int) -> None:
    makers: list[StageMaker] = [*STAGES.values(), Delay]
    whole = Chain(generator_of(Doubling(), SizeRule()), makers)(FRAMES)
    chain = Chain(generator_of(Doubling(), SizeRule()), makers)
    parts = [made for i in range(0, 4, size) for made in chain(FRAMES[i : i + size])]
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)
