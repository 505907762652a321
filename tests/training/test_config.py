"""The configuration of training: recipes, overrides and bounds."""

import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from mediatrans.cli.main import run
from mediatrans.errors import UsageError
from mediatrans.training.config import TrainConfig, differences
from mediatrans.training.recipe import load_recipe


def test_the_defaults_are_the_papers() -> None:
    config = TrainConfig()
    assert (config.size, config.load_size, config.blocks, config.ngf) == (256, 286, 9, 64)
    assert (config.epochs, config.batch_size, config.pool_size) == (100, 1, 50)
    assert (config.learning_rate, config.beta1) == (2e-4, 0.5)
    assert (config.lambda_cycle, config.lambda_identity) == (10, 0.5)
    assert (config.gan_loss, config.schedule, config.upsample) == ("lsgan", "linear", "transpose")
    assert config.ema == 0


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"sise": 128}, "sise"),
        ({"size": "big"}, "size"),
        ({"size": 3.5}, "size"),
        ({"flip": 1}, "flip"),
        ({"ngf": True}, "ngf"),
        ({"upsample": "bicubic"}, "upsample"),
        ({"size": 130}, "multiple of 4"),
        ({"size": 128, "load_size": 100}, "load_size"),
        ({"size": 16, "load_size": 20}, "too small"),
        ({"load_size_max": 200}, "load_size_max"),
        ({"ema": 1.0}, "ema"),
        ({"batch_size": 0}, "batch_size"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"lambda_cycle": float("inf")}, "lambda_cycle is inf, it has to be from 0 to 10000"),
        ({"beta1": float("-inf")}, "beta1"),
        ({"seed": 10**26}, "seed is 1000.* it has to be from 0 to 9223372036854775807"),
        ({"seed": -1}, "seed"),
        ({"blocks": 100_000_000}, "blocks is 100000000, it has to be from 1 to 64"),
        ({"epochs": 10**12}, "epochs"),
        ({"steps": 10**15}, "steps"),
        ({"n_layers": 200}, "n_layers"),
        ({"workers": 10**6}, "workers"),
        ({"load_size": 10**9}, "load_size"),
        ({"fade_share": 0.9}, "fade_share"),
        ({"diff_augment": True}, "lambda_projected"),
        ({"lambda_layout": 1.0}, "label_classes"),
        ({"label_classes": 256}, "label_classes is 256, it has to be from 0 to 255"),
        ({"lambda_map_smooth": 1.0}, "colour_maps"),
        ({"head": "colour_maps", "tone_skip": True}, "tone_skip"),
        ({"head": "bilateral"}, "one of direct, colour_maps, fine_colour_maps"),
        ({"texture": "none"}, "texture"),
        ({"equivariance_flow": 8.0}, "lambda_equivariance"),
        ({"detail_allowed": 1.2}, "set lambda_detail"),
        ({"lambda_detail": 1, "detail_allowed": 0.5}, "detail_allowed is 0.5"),
        (
            {"lambda_projected": 1, "size": 28, "load_size": 28},
            "too small for lambda_projected",
        ),
        (
            {"lambda_detail": 1, "size": 16, "n_layers": 1, "load_size": 16},
            "too small for lambda_d",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_its_source(table: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError, match=word) as caught:
        TrainConfig.from_table(table, "my.toml")
    assert "my.toml" in str(caught.value)


NUMBERS = [
    name
    for name, kind in get_type_hints(TrainConfig).items()
    if {int, float} & {kind, *get_args(kind)}
]


def test_what_goes_beyond_the_paper_is_off() -> None:
    config = TrainConfig()
    assert config.head == "direct"
    assert not config.skip_grey
    assert not config.diff_augment
    assert (config.lambda_projected, config.lambda_map_smooth) == (0, 0)
    assert (config.equivariance_flow, config.fade_share, config.lambda_detail) == (0, 0, 0)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, 10**40, float("nan"), float("inf")])
def test_every_number_has_bounds(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=rf"^{name} is .* it has to be from"):
        TrainConfig(**{name: value})  # type: ignore[arg-type]


def test_a_number_beyond_its_bounds_ends_with_exit_code_2(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    for line in (f"seed = {10**26}", "blocks = 100000000", "lambda_tv = inf"):
        recipe.write_text(line)
        assert run(["train", "a", "b", "--recipe", str(recipe)]) == 2


def test_a_whole_number_will_do_for_a_number() -> None:
    assert TrainConfig.from_table({"lambda_cycle": 5}, "x").lambda_cycle == 5


def test_a_recipe_may_name_domains_and_come_from_a_run(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('domains = ["a", "b"]\nsize = 128\n[run]\nmode = "eager"\n')
    assert load_recipe(recipe) == {"domains": ["a", "b"], "size": 128}


@pytest.mark.parametrize("text", ["size = ", "sise = 3", "\xff", f"size = {5000 * '9'}"])
def test_a_bad_recipe_is_named(tmp_path: Path, text: str) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"recipe\.toml"):
        load_recipe(recipe)


def test_a_recipe_that_is_not_toml_shows_how_the_line_is_written(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("size = 128\nhead = colour_maps\n")
    with pytest.raises(UsageError, match=r'line 2, head = colour_maps.*"colour_maps"'):
        load_recipe(recipe)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml"):
        load_recipe(tmp_path / "none.toml")


def test_a_table_brings_a_configuration_back() -> None:
    config = TrainConfig(steps=5, size=64, load_size=64, flip=False)
    assert TrainConfig.from_table(config.to_table(), "x") == config


def test_differences_leave_out_what_a_resume_may_change() -> None:
    changed = TrainConfig(ngf=32, workers=0, cache="none", checkpoint_every=7)
    assert differences(TrainConfig(), changed) == ["ngf: 64 -> 32"]


def test_reading_a_configuration_loads_neither_torch_nor_numpy() -> None:
    code = (
        "import sys, mediatrans.training.config, mediatrans.cli.train, mediatrans.cli.export_onnx;"
        "print({'torch', 'numpy', 'onnx', 'cv2'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
