"""How far graphs look, which means they take of the whole picture, and what no tile can compute."""

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import onnxruntime as ort
import pytest

from mediatrans.errors import ModelError
from mediatrans.zoo.graph import read_graph
from mediatrans.zoo.locality import locality_of
from mediatrans.zoo.tile_graph import measuring_graph, tile_graph
from tests.pairs import identity, recolouring
from tests.translate.engines.graphs import network

SHIPPED = Path(__file__).parents[2] / "models" / "summer2winter"
PATH = Path("g.onnx")

STRIDED = """
      a = Conv <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)
      n = InstanceNormalization (a, unit, zero)
      b = ConvTranspose <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1],
                         output_padding = [1, 1]> (n, w)
      m = ReduceMean (x, axes)
      y = Add (b, m)
"""

BORDERED = """
      top = Slice (x, origin, two, rows, one_step)
      bottom = Slice (x, last, most, rows, one_step)
      above = Conv <kernel_shape = [2, 3], pads = [0, 1, 0, 1]> (top, w2)
      below = Conv <kernel_shape = [2, 3], pads = [0, 1, 0, 1]> (bottom, w2)
      inner = Conv <kernel_shape = [3, 3], pads = [0, 1, 0, 1]> (x, w)
      a = Concat <axis = 2> (above, inner, below)
      n = InstanceNormalization (a, unit, zero)
      y = Add (n, x)
"""
"""Rows at the border with weights of their own, joined with the others."""


def around(nodes: str) -> bytes:
    """A graph whose nodes make y [N, 3, H, W] of x, a float picture in [-1, 1]."""
    random = np.random.default_rng(2)
    values = [f"{value:.3f}" for value in random.normal(0, 0.2, 81)]
    weights, fewer = ", ".join(values), ", ".join(values[:54])
    text = f"""<ir_version: 8, opset_import: ["" : 18]>
    graph (uint8[N, H, W, 3] image) => (uint8[N, H, W, 3] image_out)
    <float[3, 3, 3, 3] w = {{{weights}}}, float half = {{127.5}}, float one = {{1}},
     float[3] unit = {{1, 1, 1}}, float[3] zero = {{0, 0, 0}}, int64[2] axes = {{2, 3}},
     int64[1] three = {{3}}, int64[1] channel = {{1}}, int64[1] first = {{4}},
     int64[1] most = {{9223372036854775807}}, int64[1] origin = {{0}}, int64[1] last = {{-2}},
     int64[1] two = {{2}}, int64[1] rows = {{2}}, int64[1] one_step = {{1}},
     float[3, 3, 2, 3] w2 = {{{fewer}}}, float[4] scales = {{1, 1, 2, 2}}>
    {{
      values = Cast <to = 1> (image)
      quotient = Div (values, half)
      centred = Sub (quotient, one)
      x = Transpose <perm = [0, 3, 1, 2]> (centred)
      {nodes}
      nhwc = Transpose <perm = [0, 2, 3, 1]> (y)
      lifted = Add (nhwc, one)
      scaled = Mul (lifted, half)
      image_out = Cast <to = 2> (scaled)
    }}"""
    return bytes(onnx.parser.parse_model(text).SerializeToString())


def session(content: bytes) -> ort.InferenceSession:
    return ort.InferenceSession(content, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("model", "reach", "multiple", "statistics"),
    [
        (identity(), 0, 1, 0),
        (network(), 2, 1, 2),
        (recolouring(), 6, 4, 0),
        (onnx.load_model_from_string(around(STRIDED)), 2, 2, 2),
        (onnx.load_model_from_string(around(BORDERED)), 3, 2, 1),
    ],
)
def test_what_tiles_depend_on(
    model: onnx.ModelProto, reach: int, multiple: int, statistics: int
) -> None:
    found = locality_of(bytes(model.SerializeToString()), PATH)
    assert (found.reach, found.multiple, len(found.statistics)) == (reach, multiple, statistics)


@pytest.mark.parametrize("direction", ["winter", "summer"])
def test_the_shipped_pair(direction: str) -> None:
    path = SHIPPED / f"to_{direction}.onnx"
    found = locality_of(read_graph(path), path)
    # 12 convolutions of 3x3 at a quarter of the size, and seven around them.
    assert (found.reach, found.multiple, len(found.statistics)) == (80, 4, 19)
    assert sum(statistic.is_norm for statistic in found.statistics) == 17


@pytest.mark.parametrize(
    "content",
    [bytes(network().SerializeToString()), around(STRIDED), around(BORDERED)],
    ids=["network", "strided", "bordered"],
)
def test_a_part_with_the_statistics_of_the_whole_is_a_part_of_the_whole(content: bytes) -> None:
    locality = locality_of(content, PATH)
    picture = np.random.default_rng(1).integers(0, 256, (1, 64, 80, 3), dtype=np.uint8)
    (whole,) = session(content).run(["image_out"], {"image": picture})
    (statistics,) = session(measuring_graph(locality)).run(None, {"image": picture})
    tiles = np.concatenate([picture[:, 16:48, 8:48], picture[:, 20:52, 24:64]])
    feeds = {"image": tiles, "statistics": statistics}
    (made,) = session(tile_graph(locality)).run(["image_out"], feeds)
    m = locality.reach
    for tile, expected in zip(made, (whole[0, 16:48, 8:48], whole[0, 20:52, 24:64]), strict=True):
        difference = np.abs(tile.astype(int) - expected)
        assert difference[m:-m, m:-m].max() <= 1
        assert difference[0].max() > 1


@pytest.mark.parametrize(
    ("nodes", "operator"),
    [
        ("y = GlobalMaxPool (x)\n", "GlobalMaxPool"),
        ("s = ReduceSum (x, axes) y = Sub (x, s)", "ReduceSum"),
        ("s = ReduceMean (x, three) y = Sub (x, s)", "ReduceMean"),
        ("y = Softmax <axis = 3> (x)", "Softmax"),
        ("y = CumSum (x, three)", "CumSum"),
        ("t = Transpose <perm = [0, 1, 3, 2]> (x) a = MatMul (x, t) y = MatMul (a, x)", "MatMul"),
        (
            'e = Resize <mode = "linear", coordinate_transformation_mode = "align_corners"> '
            "(x, , scales) y = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (e)",
            "Resize",
        ),
        ("s = Slice (x, first, most, three) y = Sub (s, one)", "Slice"),
        (BORDERED.replace("above, inner, below", "below, inner, above"), "Concat"),
        (BORDERED.replace("Add (n, x)", "Add (n, above)"), "Add"),
        (BORDERED.replace("origin, two", "two, last"), "Slice"),
        (
            "s = Slice (x, origin, two, rows, one_step) m = ReduceMean (s, axes) y = Add (x, m)",
            "ReduceMean",
        ),
        (
            "a = Concat <axis = 3> (x, x) "
            "y = AveragePool <kernel_shape = [1, 2], strides = [1, 2]> (a)",
            "Concat",
        ),
    ],
)
def test_what_looks_at_the_whole_picture_is_refused(nodes: str, operator: str) -> None:
    with pytest.raises(ModelError, match=rf"g\.onnx: cannot work in tiles: its {operator} .*drop"):
        locality_of(around(nodes), PATH)


def test_a_maximum_over_channels_is_local() -> None:
    found = locality_of(around("s = ReduceMax (x, channel) y = Sub (x, s)"), PATH)
    assert (found.reach, found.statistics) == (0, ())
