"""The restore stage: the generator sees small frames, and the full size comes back."""

from pathlib import Path

import numpy as np
import pytest

from mediatrans.errors import ModelError
from mediatrans.quality.metrics import psnr
from mediatrans.translate.chain import STAGES, Chain, generator_of
from mediatrans.translate.engines.engine import Generated, Pixels
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
from mediatrans.translate.stages.pad import padded
from mediatrans.translate.stages.recolour import Floats, Grid, Maps
from mediatrans.translate.stages.reduce import reduced
from mediatrans.zoo.size_rule import SizeRule
from tests.pairs import recolouring, write_graph
from tests.translate.stages.reference import recoloured_exactly

RNG = np.random.default_rng(7)


def noise(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


class Mapping:
    """An engine with maps and a texture that follow from its input, and a picture of its own."""

    identity = "mapping 1"
    provider = "arithmetic"

    def __init__(self, cell: int = 4, has_texture: bool = True) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self._cell = cell
        self._has_texture = has_texture

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        return (1,)

    def run(self, images: Pixels) -> Generated:
        self.shapes.append(images.shape)
        count, height, width, _ = images.shape
        cells = images.reshape(
            count, height // self._cell, self._cell, width // self._cell, self._cell, 3
        )
        means = cells.mean(axis=(2, 4), dtype=np.float32) / 255
        maps = np.concatenate([means, 1 - means, means - 0.5, means * means], axis=-1)
        texture = np.asarray(images / 500, np.float32) if self._has_texture else None
        return Generated(images // 2, np.asarray(maps, np.float32), texture)


@pytest.mark.parametrize("side", [None, 360, 30])
def test_a_frame_that_is_not_larger_is_the_generators_own(side: int | None) -> None:
    frame, engine = noise(30, 47, 3), Mapping()
    (made,) = generator_of(engine, SizeRule(4), side)([frame])
    assert engine.shapes == [(1, 32, 48, 3)]
    np.testing.assert_array_equal(made, frame // 2)


@pytest.mark.parametrize("cell", [2, 4])
@pytest.mark.parametrize("has_texture", [False, True])
@pytest.mark.parametrize("shape", [(90, 141), (141, 90), (75, 600)])
def test_the_maps_of_the_small_frame_are_applied_to_the_full_one(
    cell: int, has_texture: bool, shape: tuple[int, int]
) -> None:
    frame, engine = noise(*shape, 3), Mapping(cell, has_texture)
    (made,) = generator_of(engine, SizeRule(4), 30)([frame])
    small = reduced(frame, 30)
    whole = padded(small, SizeRule(4))
    assert engine.shapes == [(1, *whole.shape)]
    assert whole.shape != small.shape
    covers = whole.shape[0] / small.shape[0], whole.shape[1] / small.shape[1]
    _, maps, texture = Mapping(cell, has_texture).run(whole[None])
    assert maps is not None
    exact = Maps(Grid(maps[0], covers), None if texture is None else Grid(texture[0], covers))
    assert np.abs(made - recoloured_exactly(frame, exact)).max() <= 0.501


class Inverting:
    """An engine without maps."""

    identity = "inverting 1"
    provider = "arithmetic"

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        return (1,)

    def run(self, images: Pixels) -> Generated:
        return Generated(255 - images)


@pytest.mark.parametrize("has_maps", [False, True])
def test_a_batch_is_its_frames_one_by_one(has_maps: bool) -> None:
    frames = [noise(70, 90, 3) for _ in range(3)]
    stage = generator_of(Mapping() if has_maps else Inverting(), SizeRule(4), 24)
    for frame, made in zip(frames, stage(frames), strict=True):
        np.testing.assert_array_equal(made, stage([frame])[0])
        assert made.shape == frame.shape
    assert stage.memory == 0


def test_repeated_frames_are_neither_generated_nor_restored() -> None:
    frame, engine = noise(70, 90, 3), Mapping()
    chain = Chain(generator_of(engine, SizeRule(4), 24), list(STAGES.values()))
    first, second = chain([frame, frame.copy()])
    assert second is first
    assert engine.shapes == [(1, 24, 32, 3)]
    assert (chain.repeated, chain.memory) == (1, 0)


@pytest.mark.parametrize(
    ("map_shape", "texture_shape"),
    [
        ((1, 1, 1, 12), None),
        ((1, 6, 6, 12), None),
        ((1, 8, 8, 9), None),
        ((2, 8, 8, 12), None),
        ((1, 8, 8, 12), (1, 16, 16, 3)),
    ],
)
def test_maps_of_another_size_break_the_contract(
    map_shape: tuple[int, ...], texture_shape: tuple[int, ...] | None
) -> None:
    class Wrong:
        identity = provider = "wrong"

        def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
            return (1,)

        def run(self, images: Pixels) -> Generated:
            texture: Floats | None = None
            if texture_shape is not None:
                texture = np.zeros(texture_shape, np.float32)
            return Generated(images, np.zeros(map_shape, np.float32), texture)

    stage = generator_of(Wrong(), SizeRule(4), path=Path("to_x.onnx"))
    with pytest.raises(ModelError, match=r"to_x\.onnx: the graph's map is .*; export"):
        stage([noise(32, 32, 3)])


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["map", "texture"])
def test_maps_that_are_no_numbers_break_it_too(value: float, part: str) -> None:
    class Overflowing(Mapping):
        def run(self, images: Pixels) -> Generated:
            made = super().run(images)
            getattr(made, part)[0, 1, 1, 1] = value
            return made

    with pytest.raises(ModelError, match="not finite; export"):
        generator_of(Overflowing(), SizeRule(4))([noise(32, 32, 3)])


def test_a_graph_with_maps_gives_at_full_size_what_it_gives_small(here: Path) -> None:
    path = write_graph(Path("to_night.onnx"), recolouring(), "day", "night")
    engine = OnnxRuntimeEngine(path)
    coarse = noise(9, 16, 3)
    frame = coarse.repeat(40, axis=0).repeat(40, axis=1)
    frame = np.clip(frame + RNG.integers(-9, 10, frame.shape), 0, 255).astype(np.uint8)
    stage, full = generator_of(engine, SizeRule(4), 72), generator_of(engine, SizeRule(4))
    (restored,) = stage([frame])
    small = reduced(frame, 72)
    assert psnr(reduced(restored, 72), full([small])[0]) > 40
    np.testing.assert_array_equal(stage([small])[0], full([small])[0])
